//! A stream and a future that do what the test says, and what became of them.

use std::collections::VecDeque;
use std::future::Future;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use futures::Stream;

/// What a poll of a script answers.
#[derive(Debug)]
pub(crate) enum Answer<T> {
    Value(T),
    End,
    Panic,
}

/// The test's side: it says what the script answers, and sees what was done to it.
pub(crate) struct Control<T>(Arc<Mutex<State<T>>>);

struct State<T> {
    answers: VecDeque<Answer<T>>,
    waker: Option<Waker>,
    polls: usize,
    over: bool,
    dropped: bool,
}

impl<T> Control<T> {
    /// Lets the next poll that finds no earlier answer give this one, and wakes.
    pub(crate) fn answer(&self, answer: Answer<T>) {
        let waker = {
            let mut state = self.state();
            state.answers.push_back(answer);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The next item of the stream, or the output of the future.
    pub(crate) fn give(&self, value: T) {
        self.answer(Answer::Value(value));
    }

    pub(crate) fn end(&self) {
        self.answer(Answer::End);
    }

    pub(crate) fn panic(&self) {
        self.answer(Answer::Panic);
    }

    /// How often it was polled.
    pub(crate) fn polls(&self) -> usize {
        self.state().polls
    }

    /// How many answers nobody has taken.
    pub(crate) fn left(&self) -> usize {
        self.state().answers.len()
    }

    pub(crate) fn is_dropped(&self) -> bool {
        self.state().dropped
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap()
    }
}

/// A stream of `T`, or a future with the output `T`. Like one that an `async` block makes, it may not
/// be moved once it was polled, and not be polled once it has ended.
pub(crate) struct Script<T> {
    state: Arc<Mutex<State<T>>>,
    _pinned: PhantomPinned,
}

/// A script that waits until it is told what to answer.
pub(crate) fn script<T>() -> (Control<T>, Script<T>) {
    let (answers, waker) = (VecDeque::new(), None);
    let state = State { answers, waker, polls: 0, over: false, dropped: false };
    let state = Arc::new(Mutex::new(state));
    (Control(state.clone()), Script { state, _pinned: PhantomPinned })
}

impl<T> Script<T> {
    /// The next answer; `once` says that a value is the last.
    fn poll_value(&self, cx: &mut Context<'_>, once: bool) -> Poll<Option<T>> {
        let mut state = self.state.lock().unwrap();
        let was_over = state.over;
        state.polls += 1;
        let answer = match state.answers.pop_front() {
            _ if was_over => None,
            Some(answer) => Some(answer),
            None => {
                state.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
        };
        state.over = once || !matches!(answer, Some(Answer::Value(_)));
        drop(state);
        match answer {
            None => panic!("polled again after its end"),
            Some(Answer::Value(value)) => Poll::Ready(Some(value)),
            Some(Answer::End) => Poll::Ready(None),
            Some(Answer::Panic) => panic!("the script's own"),
        }
    }
}

impl<T> Stream for Script<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.as_ref().poll_value(cx, false)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let known = self.state.lock().unwrap().answers.len();
        (known, Some(known + 1))
    }
}

impl<T> Future for Script<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.as_ref()
            .poll_value(cx, true)
            .map(|value| value.expect("a future has no end but its output"))
    }
}

impl<T> Drop for Script<T> {
    fn drop(&mut self) {
        let mut state = self.state.lock().unwrap();
        state.dropped = true;
        state.waker = None;
    }
}
