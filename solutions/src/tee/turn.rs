//! The turn to poll the source: taken by one half at a time, and over when it is dropped.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;

use super::bell::calmly;
use super::shared::{Shared, Side, Source};

/// The source, in the hands of one half.
// ANCHOR: turn
pub(super) struct Turn<'a, S: Stream> {
    shared: &'a Shared<S>,
    side: Side,
    /// There until the turn is over.
    source: Option<Pin<Box<S>>>,
    outcome: Outcome<S::Item>,
}

/// How a turn ends.
enum Outcome<T> {
    /// The source has ended, or it panicked: this is how it ends if nobody says otherwise.
    End,
    /// The source has nothing, and who drove goes to sleep.
    Nothing,
    /// The one who drove is alone, and has the item.
    Ours,
    /// An item, to be kept for the other half.
    Item(T),
}
// ANCHOR_END: turn

impl<'a, S: Stream> Turn<'a, S> {
    pub(super) fn new(shared: &'a Shared<S>, side: Side, source: Pin<Box<S>>) -> Self {
        Self { shared, side, source: Some(source), outcome: Outcome::End }
    }

    pub(super) fn poll(&mut self) -> Poll<Option<S::Item>> {
        let source = self.source.as_mut().expect("the turn is not over");
        source.as_mut().poll_next(&mut Context::from_waker(&self.shared.waker))
    }

    /// Who drove has left its waker, and goes to sleep.
    pub(super) fn found_nothing(&mut self) {
        self.outcome = Outcome::Nothing;
    }

    /// Nobody else wants the item.
    pub(super) fn found_ours(&mut self) {
        self.outcome = Outcome::Ours;
    }

    /// The item is the other half's, whatever happens to who copies it.
    pub(super) fn found(&mut self, item: S::Item) -> &S::Item {
        self.outcome = Outcome::Item(item);
        match &self.outcome {
            Outcome::Item(item) => item,
            _ => unreachable!("it was put there a moment ago"),
        }
    }
}

// ANCHOR: over
impl<S: Stream> Drop for Turn<'_, S> {
    fn drop(&mut self) {
        let Self { shared, side, .. } = *self;
        let (other, source) = (side.other(), self.source.take().expect("a turn ends once"));
        let (mut repeats, mut wakes, mut ended, mut unkept) = (false, false, None, None);
        let mut state = shared.lock();
        match mem::replace(&mut self.outcome, Outcome::End) {
            Outcome::End => {
                state.source = Source::Ended;
                ended = Some(source);
                wakes = mem::take(&mut state.halves[other as usize].asleep);
            }
            Outcome::Nothing => {
                state.source = Source::Free(source);
                state.halves[side as usize].asleep = true;
                repeats = shared.bell.has_rung();
            }
            Outcome::Ours => state.source = Source::Free(source),
            Outcome::Item(item) => {
                state.source = Source::Free(source);
                unkept = state.keep(other, item);
                wakes = mem::take(&mut state.halves[other as usize].asleep);
            }
        }
        drop(state);
        if repeats {
            shared.bell.wake_both();
        } else if wakes {
            shared.bell.wake(other);
        }
        calmly(|| drop((ended, unkept)));
    }
}
// ANCHOR_END: over
