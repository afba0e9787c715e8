//! Works that wait at a gate, and go on when the test opens it.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use crate::support::Polled;

/// Where works wait. Clones are the same gate.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    stands: Stands,
    /// Of the last poll that had to wait.
    waker: Option<Waker>,
    begun: usize,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Stands {
    #[default]
    Closed,
    Open,
    Mined,
}

impl Gate {
    /// A work that waits at the gate, and then returns `value`.
    pub(crate) fn work<T: Send + 'static>(
        &self,
        value: T,
    ) -> impl FnOnce() -> std::pin::Pin<Box<dyn Future<Output = T> + Send>> + Send + use<T> {
        let gate = self.clone();
        move || {
            gate.0.lock().unwrap().begun += 1;
            Box::pin(async move {
                gate.pass().await;
                value
            })
        }
    }

    /// Waits until the gate is open.
    pub(crate) async fn pass(&self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().unwrap();
        match state.stands {
            Stands::Open => Poll::Ready(()),
            Stands::Closed => {
                let old = state.waker.replace(cx.waker().clone());
                drop(state);
                drop(old);
                Poll::Pending
            }
            Stands::Mined => {
                drop(state);
                panic!("the work panics");
            }
        }
    }

    /// Lets the works pass, and wakes who polled last.
    pub(crate) fn open(&self) {
        self.change(Stands::Open);
    }

    /// The next poll panics; wakes who polled last.
    pub(crate) fn mine(&self) {
        self.change(Stands::Mined);
    }

    fn change(&self, stands: Stands) {
        let mut state = self.0.lock().unwrap();
        state.stands = stands;
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    /// How many works have begun.
    pub(crate) fn begun(&self) -> usize {
        self.0.lock().unwrap().begun
    }
}

/// Polls once, and says that it must panic; its message is returned.
#[track_caller]
pub(crate) fn panics<F: Future>(call: &mut Polled<F>) -> String {
    match catch_unwind(AssertUnwindSafe(|| call.poll())) {
        Ok(_) => panic!("expected a panic"),
        Err(panic) => match panic.downcast_ref::<&str>() {
            Some(text) => (*text).to_owned(),
            None => *panic.downcast::<String>().expect("a message"),
        },
    }
}
