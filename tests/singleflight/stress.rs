//! Many callers at once, on real threads.

use std::future::poll_fn;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;

use futures::FutureExt;
use futures::executor::block_on;
use patterns::singleflight::Group;

use crate::support::{run_on, within_deadline};

const KEYS: usize = 3;

/// Notices if two works of a key are polled at the same time.
#[derive(Default)]
struct Site {
    busy: AtomicBool,
    begun: AtomicUsize,
}

impl Site {
    /// A work of a few polls, which returns its number.
    fn work(self: Arc<Self>, polls: usize) -> impl Future<Output = usize> + Send + 'static {
        let number = self.begun.fetch_add(1, SeqCst);
        let mut left = polls;
        poll_fn(move |cx| {
            assert!(!self.busy.swap(true, SeqCst), "two works of one key are polled at once");
            left -= 1;
            let polled = if left == 0 { Poll::Ready(number) } else { Poll::Pending };
            self.busy.store(false, SeqCst);
            if polled.is_pending() {
                cx.waker().wake_by_ref();
            }
            polled
        })
    }
}

#[test]
fn one_work_at_a_time_whoever_gives_up() {
    within_deadline(|| {
        let group = Group::new();
        let sites: [Arc<Site>; KEYS] = Default::default();
        let start = Barrier::new(4);
        thread::scope(|scope| {
            for thread in 0..4 {
                let (group, sites, start) = (&group, &sites, &start);
                scope.spawn(move || {
                    start.wait();
                    for round in 0..2_000 {
                        let key = (thread + round) % KEYS;
                        let site = sites[key].clone();
                        let call = group.run(key, move || site.work(1 + round % 4));
                        if (round + thread) % 3 == 0 {
                            // Polled once and dropped, as by a timeout.
                            let _ = call.now_or_never();
                        } else {
                            block_on(call);
                        }
                    }
                });
            }
        });
        assert_eq!(group.in_flight(), 0);
    });
}

#[test]
fn who_is_not_aborted_gets_a_value() {
    run_on(2, || async {
        let group = Arc::new(Group::new());
        for round in 0..200 {
            let values = Arc::new(Mutex::new(Vec::new()));
            let site = Arc::new(Site::default());
            let tasks = [(); 8].map(|()| {
                let (group, values, site) = (group.clone(), values.clone(), site.clone());
                tokio::spawn(async move {
                    let value = group.run("key", move || site.work(20)).await.value;
                    values.lock().unwrap().push(value);
                })
            });
            for (index, task) in tasks.iter().enumerate() {
                if (index + round) % 3 == 0 {
                    task.abort();
                    tokio::task::yield_now().await;
                }
            }
            for (index, task) in tasks.into_iter().enumerate() {
                let ended = task.await;
                assert!(ended.is_ok() || (index + round) % 3 == 0, "round {round}: {ended:?}");
            }
            assert_eq!(group.in_flight(), 0);
        }
    });
}
