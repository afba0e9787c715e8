//! A waiter is handed the permit and dropped before it sees it: the permit goes with it.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use loomscope::sync::{Arc, Mutex};
use loomscope::{task, thread};

struct Semaphore {
    state: Mutex<State>,
    gives_back: bool,
}

#[derive(Default)]
struct State {
    permits: usize,
    next: u64,
    waiting: VecDeque<(u64, Waker)>,
    granted: Vec<u64>,
}

impl Semaphore {
    fn new(permits: usize, gives_back: bool) -> Self {
        Self { state: Mutex::new(State { permits, ..State::default() }), gives_back }
    }

    fn acquire(&self) -> Acquire<'_> {
        Acquire { semaphore: self, ticket: None }
    }

    fn release(&self) {
        let mut state = self.state.lock().unwrap();
        let woken = state.waiting.pop_front();
        match &woken {
            Some((ticket, _)) => state.granted.push(*ticket),
            None => state.permits += 1,
        }
        drop(state);
        if let Some((_, waker)) = woken {
            waker.wake();
        }
    }
}

struct Acquire<'a> {
    semaphore: &'a Semaphore,
    ticket: Option<u64>,
}

impl Future for Acquire<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.semaphore.state.lock().unwrap();
        if let Some(ticket) = self.ticket {
            let Some(index) = state.granted.iter().position(|granted| *granted == ticket) else {
                return Poll::Pending;
            };
            state.granted.swap_remove(index);
        } else if state.permits == 0 {
            let ticket = state.next;
            state.next += 1;
            state.waiting.push_back((ticket, context.waker().clone()));
            drop(state);
            self.ticket = Some(ticket);
            return Poll::Pending;
        } else {
            state.permits -= 1;
        }
        drop(state);
        self.ticket = None;
        Poll::Ready(())
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut state = self.semaphore.state.lock().unwrap();
        state.waiting.retain(|(waiting, _)| *waiting != ticket);
        let granted = state.granted.contains(&ticket);
        drop(state);
        if granted && self.semaphore.gives_back {
            self.semaphore.release();
        }
    }
}

fn select_that_drops_the_loser(gives_back: bool) {
    let semaphore = Arc::new(Semaphore::new(1, gives_back));
    let theirs = semaphore.clone();
    let holder = thread::spawn_named("holder", move || {
        task::block_on(theirs.acquire());
        theirs.release();
    });
    task::block_on(async {
        let mut acquire = pin!(semaphore.acquire());
        if poll_fn(|context| Poll::Ready(acquire.as_mut().poll(context))).await.is_ready() {
            semaphore.release();
        }
    });
    holder.join().unwrap();
    assert_eq!(semaphore.state.lock().unwrap().permits, 1, "the permit is back");
}

pub(crate) fn wrong() {
    select_that_drops_the_loser(false);
}

pub(crate) fn right() {
    select_that_drops_the_loser(true);
}
