//! One result of many inputs: the same as in turn, a few in memory, all or the first error.

#[path = "../examples/map_reduce/mod.rs"]
mod map_reduce;

use std::convert::Infallible;
use std::fs;
use std::future::pending;
use std::num::NonZeroUsize;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use futures::{FutureExt, Stream};
use map_reduce::words::{Counts, Gauge, LONGEST, PIECE, Pieces, in_turn, on_rayon, on_tokio};
use map_reduce::{Stopped, map_reduce};
use solutions::cancel::{CancelToken, Reason};
use tokio::runtime::{Builder, Handle};
use tokio::sync::{Barrier, Semaphore};
use tokio::task::yield_now;
use tokio::time::timeout;

mod result {
    use super::*;

    #[test]
    fn no_input_has_no_result() {
        let sum = drill(sum(stream::empty(), 3, async |_| Ok(0)));
        assert_eq!(sum, Ok(None));
    }

    #[test]
    fn it_is_what_comes_of_the_inputs_in_turn() {
        let mut dice = Dice(1);
        for _ in 0..200 {
            let inputs: Vec<u64> = (0..1 + dice.below(40)).map(|_| dice.below(1000)).collect();
            let expected = inputs.iter().map(|n| n * n).reduce(|a, b| a + b);
            let (workers, yields) = (1 + dice.below(5), dice.below(4));
            let squared = move |n| async move {
                for _ in 0..n % (yields + 1) {
                    yield_now().await;
                }
                Ok(n * n)
            };
            assert_eq!(drill(sum(numbers(inputs), workers as usize, squared)), Ok(expected));
        }
    }

    #[test]
    fn words_are_counted_alike_in_turn_on_tokio_and_on_rayon() {
        let folder = tempfile::tempdir().unwrap();
        let mut dice = Dice(2);
        let texts: Vec<String> =
            [0, 1, PIECE, 3 * PIECE].map(|length| text(length, &mut dice)).into();
        let paths: Vec<PathBuf> =
            (0..texts.len()).map(|i| folder.path().join(i.to_string())).collect();
        for (path, text) in paths.iter().zip(&texts) {
            fs::write(path, text).unwrap();
        }
        let mut expected = Counts::new();
        for word in texts.iter().flat_map(|text| text.split_whitespace()) {
            *expected.entry(word.to_lowercase()).or_default() += 1;
        }
        let pieces = || Pieces::of(paths.clone(), Gauge::default());
        assert!(in_turn(pieces()).unwrap() == expected, "in turn");
        assert!(on_rayon(pieces(), count(3)).unwrap() == expected, "on rayon");
        let token = CancelToken::new();
        let on_tokio = drill(async move { on_tokio(pieces(), count(3), &token).await.unwrap() });
        assert!(on_tokio == expected, "on tokio");
    }

    #[test]
    fn what_never_ends_its_word_is_no_text() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&file, "x".repeat(LONGEST + 1)).unwrap();
        let gauge = Gauge::default();
        let error = in_turn(Pieces::of(vec![file.path().to_owned()], gauge)).unwrap_err();
        assert!(error.to_string().contains("a word of more than"), "{error}");
    }
}

mod bounds {
    use super::*;

    #[test]
    fn as_many_jobs_as_workers_run_at_once_and_never_more() {
        let (level, barrier) = (Arc::new(Level::default()), Arc::new(Barrier::new(3)));
        let inside = level.clone();
        let meet = move |_| {
            let (held, barrier) = (inside.clone().enter(), barrier.clone());
            async move {
                let _held = held;
                // Only three at once get beyond this.
                barrier.wait().await;
                Ok(1)
            }
        };
        assert_eq!(drill(sum(numbers(0..30), 3, meet)), Ok(Some(30)));
        assert_eq!(level.most(), 3);
    }

    #[test]
    fn no_more_than_two_inputs_a_worker_are_in_memory() {
        let level = Arc::new(Level::default());
        let read = level.clone();
        let inputs = stream::iter((0..200).map(move |n| Ok((n, read.clone().enter()))));
        let slow = async |(n, held)| {
            for _ in 0..n % 7 {
                yield_now().await;
            }
            drop(held);
            Ok::<_, Infallible>(1)
        };
        let token = CancelToken::new();
        let sum = drill(map_reduce(inputs, count(4), &token, slow, |a, b| a + b));
        assert_eq!(sum, Ok(Some(200)));
        assert!(level.most() <= 8, "{} at once", level.most());
    }
}

mod ends {
    use super::*;

    #[test]
    fn the_first_error_is_returned_when_every_job_has_ended() {
        let (level, barrier) = (Arc::new(Level::default()), Arc::new(Barrier::new(3)));
        let inside = level.clone();
        let map = move |n| {
            let (held, barrier) = (inside.clone().enter(), barrier.clone());
            async move {
                let _held = held;
                barrier.wait().await;
                if n == 1 {
                    return Err("the second has failed");
                }
                for _ in 0..20 {
                    yield_now().await;
                }
                Ok(n)
            }
        };
        let inputs = numbers(0..3).chain(stream::pending());
        let outcome = drill(async move {
            let outcome = sum(inputs, 3, map).await;
            (outcome, level.now())
        });
        assert_eq!(outcome, (Err(Stopped::Failed("the second has failed")), 0));
    }

    #[test]
    fn no_job_begins_after_an_error() {
        let stopped = CancelToken::new();
        let (held, both, begun) =
            (stopped.clone().guard(), Arc::new(Barrier::new(2)), Arc::new(AtomicUsize::new(0)));
        let silent = stream::poll_fn(move |_| {
            let _held = &held;
            Poll::Pending
        });
        let jobs = begun.clone();
        let map = move |n| {
            jobs.fetch_add(1, SeqCst);
            let (both, stopped) = (both.clone(), stopped.clone());
            async move {
                both.wait().await;
                if n == 0 {
                    return Err("no");
                }
                // The inputs are dropped when the error is known: from here on nothing may begin.
                stopped.cancelled().await;
                Ok(n)
            }
        };
        assert_eq!(drill(sum(numbers(0..3).chain(silent), 2, map)), Err(Stopped::Failed("no")));
        assert_eq!(begun.load(SeqCst), 2);
    }

    #[test]
    fn an_input_that_fails_is_the_first_error() {
        let inputs = numbers(0..5).chain(stream::once(async { Err("broken off") }));
        let inputs = inputs.chain(stream::pending());
        assert_eq!(drill(sum(inputs, 2, async |n| Ok(n))), Err(Stopped::Failed("broken off")));
    }

    #[test]
    fn a_cancelled_token_is_an_error_and_stops_a_silent_source() {
        let token = CancelToken::new();
        let (cancel, one) = (token.clone(), numbers(0..1).chain(stream::pending()));
        let map = move |n| {
            cancel.cancel();
            async move { Ok(n) }
        };
        let outcome = drill(sum_until(one, 2, &token, map));
        assert_eq!(outcome, Err(Stopped::Cancelled(Reason::Cancelled)));
    }

    #[test]
    fn a_deadline_is_told() {
        let token = CancelToken::new().with_timeout(Duration::ZERO);
        assert_eq!(token.reason(), Some(Reason::DeadlineExceeded));
        let outcome = drill(sum_until(numbers(0..3), 2, &token, async |n| Ok(n)));
        assert_eq!(outcome, Err(Stopped::Cancelled(Reason::DeadlineExceeded)));
    }

    #[test]
    fn a_job_that_runs_at_a_cancel_ends_and_no_other_begins() {
        let (token, done) = (CancelToken::new(), Arc::new(AtomicUsize::new(0)));
        let (cancel, jobs) = (token.clone(), done.clone());
        let map = move |n| {
            let (cancel, jobs) = (cancel.clone(), jobs.clone());
            async move {
                cancel.cancel();
                yield_now().await;
                jobs.fetch_add(1, SeqCst);
                Ok(n)
            }
        };
        let outcome = drill(sum_until(numbers(0..9), 1, &token, map));
        assert_eq!(outcome, Err(Stopped::Cancelled(Reason::Cancelled)));
        assert_eq!(done.load(SeqCst), 1);
    }

    #[test]
    fn a_panic_goes_on_when_every_job_has_ended() {
        let (level, barrier) = (Arc::new(Level::default()), Arc::new(Barrier::new(2)));
        let inside = level.clone();
        let map = move |n| {
            let (held, barrier) = (inside.clone().enter(), barrier.clone());
            async move {
                let _held = held;
                barrier.wait().await;
                assert!(n != 0, "the first panics");
                yield_now().await;
                Ok(n)
            }
        };
        let inputs = numbers(0..2).chain(stream::pending());
        let outcome = drill(async move {
            let outcome = AssertUnwindSafe(sum(inputs, 2, map)).catch_unwind().await;
            (message(outcome), level.now())
        });
        assert_eq!(outcome, ("the first panics".to_owned(), 0));
    }

    #[test]
    fn a_panic_in_reduce_goes_on() {
        let outcome = drill(async {
            let token = CancelToken::new();
            let reduce = |_, _| panic!("no sum");
            let work = map_reduce(numbers(0..2), count(1), &token, async |n| Ok(n), reduce);
            message(AssertUnwindSafe(work).catch_unwind().await)
        });
        assert_eq!(outcome, "no sum");
    }

    #[test]
    fn dropped_it_aborts_its_tasks() {
        drill(async {
            let arrived = Arc::new(Semaphore::new(0));
            let job = arrived.clone();
            let map = move |_| {
                job.add_permits(1);
                pending()
            };
            let mut work = Box::pin(sum(numbers(0..9), 2, map));
            tokio::select! {
                _ = &mut work => unreachable!("its jobs never end"),
                both = arrived.acquire_many(2) => both.unwrap().forget(),
            }
        });
    }
}

/// Maps and adds up.
async fn sum<Fut: Future<Output = Result<u64, &'static str>> + Send + 'static>(
    inputs: impl Stream<Item = Result<u64, &'static str>> + Send + 'static,
    workers: usize,
    map: impl Fn(u64) -> Fut + Send + Sync + 'static,
) -> Result<Option<u64>, Stopped<&'static str>> {
    sum_until(inputs, workers, &CancelToken::new(), map).await
}

async fn sum_until<Fut: Future<Output = Result<u64, &'static str>> + Send + 'static>(
    inputs: impl Stream<Item = Result<u64, &'static str>> + Send + 'static,
    workers: usize,
    token: &CancelToken,
    map: impl Fn(u64) -> Fut + Send + Sync + 'static,
) -> Result<Option<u64>, Stopped<&'static str>> {
    map_reduce(inputs, count(workers), token, map, |a, b| a + b).await
}

fn numbers<I>(numbers: I) -> impl Stream<Item = Result<u64, &'static str>> + Send + 'static
where
    I: IntoIterator<Item = u64, IntoIter: Send + 'static>,
{
    stream::iter(numbers.into_iter().map(Ok))
}

fn count(workers: usize) -> NonZeroUsize {
    NonZeroUsize::new(workers).unwrap()
}

/// Runs a test on two threads, under a deadline; in the end no task is left.
fn drill<T>(body: impl Future<Output = T>) -> T {
    const DEADLINE: Duration = Duration::from_secs(10);
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let output = timeout(DEADLINE, body).await.expect("still blocked");
        timeout(DEADLINE, no_task_left()).await.expect("a task is left");
        output
    })
}

async fn no_task_left() {
    while Handle::current().metrics().num_alive_tasks() > 0 {
        yield_now().await;
    }
}

fn message<T>(outcome: std::thread::Result<T>) -> String {
    let Err(panic) = outcome else { panic!("it should have panicked") };
    panic.downcast_ref::<&str>().expect("a message without arguments").to_string()
}

/// Words of one to eleven letters, some of more than one byte, with all kinds of space between them.
fn text(length: usize, dice: &mut Dice) -> String {
    let mut text = String::new();
    while text.len() < length {
        for _ in 0..=dice.below(11) {
            text.push(['a', 'N', 'é', 'Ω', '語', '7', '\''][dice.below(7) as usize]);
        }
        text.push_str([" ", "\n", "\r\n", "\t", "   "][dice.below(5) as usize]);
    }
    text
}

/// How many are inside, and how many there were at most.
#[derive(Default)]
struct Level {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// One that is inside, until it is dropped.
struct Inside(Arc<Level>);

impl Level {
    fn enter(self: Arc<Self>) -> Inside {
        let now = self.now.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(now, SeqCst);
        Inside(self)
    }

    fn now(&self) -> usize {
        self.now.load(SeqCst)
    }

    fn most(&self) -> usize {
        self.most.load(SeqCst)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, SeqCst);
    }
}

/// Numbers without an order (splitmix64), the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}
