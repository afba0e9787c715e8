//! What workloads share: clocks around threads and tasks that start together, and runtimes.

use std::future::Future;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// How long `body` takes.
pub fn timed(body: impl FnOnce()) -> Duration {
    let start = Instant::now();
    body();
    start.elapsed()
}

/// Runs each body on a thread of its own, all starting together, and returns the time from the
/// first one's start to the last one's end. The threads start and end outside of it.
///
/// # Panics
///
/// Where one of the bodies does.
pub fn race_threads<F: FnOnce() + Send>(bodies: Vec<F>) -> Duration {
    let gate = Barrier::new(bodies.len());
    thread::scope(|scope| {
        let start_and_work = |body: F| {
            gate.wait();
            Span::of(body)
        };
        let threads: Vec<_> =
            bodies.into_iter().map(|body| scope.spawn(move || start_and_work(body))).collect();
        Span::of_all(threads.into_iter().map(|thread| thread.join().expect("no body panics")))
    })
}

/// Runs each future as a task of its own, all starting together, and returns the time from the
/// first one's start to the last one's end. Spawning and joining are outside of it.
///
/// # Panics
///
/// Where one of the tasks does.
pub fn race_tasks<F>(runtime: &Runtime, tasks: Vec<F>) -> Duration
where
    F: Future<Output = ()> + Send + 'static,
{
    let gate = Arc::new(tokio::sync::Barrier::new(tasks.len()));
    let start_and_work = |task: F| {
        let gate = gate.clone();
        runtime.spawn(async move {
            gate.wait().await;
            let start = Instant::now();
            task.await;
            Span { start, end: Instant::now() }
        })
    };
    let handles: Vec<_> = tasks.into_iter().map(start_and_work).collect();
    runtime.block_on(async {
        let mut spans = Vec::with_capacity(handles.len());
        for handle in handles {
            spans.push(handle.await.expect("no task panics"));
        }
        Span::of_all(spans.into_iter())
    })
}

/// `count` clones of one end of a channel: the last one is the original.
pub fn clones<T: Clone>(end: T, count: usize) -> Vec<T> {
    let mut ends = vec![end.clone(); count - 1];
    ends.push(end);
    ends
}

/// A runtime of two worker threads, the size of machine that the goals speak of.
///
/// # Panics
///
/// Where the system cannot start another thread.
pub fn two_workers() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("the system can start two more threads")
}

/// A runtime on the calling thread.
///
/// # Panics
///
/// Where the system gives it no timer.
pub fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("the system gives it a timer")
}

/// From when to when a thread or task worked.
struct Span {
    start: Instant,
    end: Instant,
}

impl Span {
    fn of(body: impl FnOnce()) -> Self {
        let start = Instant::now();
        body();
        Self { start, end: Instant::now() }
    }

    /// From the first start to the last end.
    fn of_all(spans: impl Iterator<Item = Self>) -> Duration {
        let all = spans.reduce(|all, next| Self {
            start: all.start.min(next.start),
            end: all.end.max(next.end),
        });
        all.map_or(Duration::ZERO, |all| all.end - all.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_race_lasts_from_the_first_start_to_the_last_end() {
        let now = Instant::now();
        let at = |millis| now + Duration::from_millis(millis);
        let span = |(start, end)| Span { start: at(start), end: at(end) };
        let spans = [(2, 4), (1, 6), (3, 5)].into_iter().map(span);
        assert_eq!(Span::of_all(spans), Duration::from_millis(5));
    }

    #[test]
    fn the_bodies_of_a_race_run_at_the_same_time() {
        let meeting = Barrier::new(2);
        race_threads(vec![|| _ = meeting.wait(); 2]);

        let meeting = Arc::new(tokio::sync::Barrier::new(2));
        let meet = || {
            let meeting = meeting.clone();
            async move { _ = meeting.wait().await }
        };
        race_tasks(&current_thread(), vec![meet(), meet()]);
    }

    #[test]
    fn the_last_clone_is_the_original() {
        let ends = clones(Arc::new(()), 3);
        assert_eq!(ends.len(), 3);
        assert_eq!(Arc::strong_count(&ends[0]), 3);
    }
}
