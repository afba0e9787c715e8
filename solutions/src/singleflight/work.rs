//! A work that has begun: it can move from one caller to the next.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use loomscope::thread;

/// The future of a work. Pinned from its first poll on, so that only its box can move.
pub(super) struct Work<V>(Option<Boxed<V>>);

type Boxed<V> = Pin<Box<dyn Future<Output = V> + Send>>;

impl<V> Work<V> {
    pub(super) fn new(future: impl Future<Output = V> + Send + 'static) -> Self {
        Self(Some(Box::pin(future)))
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<V> {
        self.0.as_mut().expect("it is there until the drop").as_mut().poll(cx)
    }
}

/// A work that has just panicked may panic once more when it is dropped, which would abort the process.
impl<V> Drop for Work<V> {
    fn drop(&mut self) {
        let work = self.0.take();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(work)))
            && !thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}
