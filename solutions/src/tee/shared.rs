//! What the halves have in common, and what a half finds there.

use std::collections::VecDeque;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Waker;

use futures::Stream;
use loomscope::sync::{Mutex, MutexGuard};

use super::Lag;
use super::bell::Bell;

pub(super) struct Shared<S: Stream> {
    state: Mutex<State<S>>,
    pub(super) bell: Arc<Bell>,
    /// The bell again, as the source is given it.
    pub(super) waker: Waker,
}

/// What the lock guards. None of it runs there, nor is dropped: it is moved out.
pub(super) struct State<S: Stream> {
    pub(super) source: Source<S>,
    /// What one half was given and the other was not yet, oldest first.
    kept: VecDeque<S::Item>,
    /// The half for which it is kept.
    behind: Side,
    pub(super) halves: [Half; 2],
    lag: Lag,
}

pub(super) enum Source<S> {
    Free(Pin<Box<S>>),
    /// A half has taken it to poll it.
    Driven,
    Ended,
}

#[derive(Default)]
pub(super) struct Half {
    gone: bool,
    /// Its waker lies with the bell, and it has found nothing since it left it there.
    pub(super) asleep: bool,
    dropped: u64,
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    First,
    Second,
}

impl Side {
    pub(super) fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// What there is for a half.
pub(super) enum Found<S: Stream> {
    Item(S::Item),
    /// The source: it is this half's turn to poll it.
    Source(Pin<Box<S>>),
    /// The other half drives, or has to catch up first.
    Nothing,
    End,
}

/// Whether a half that finds nothing now goes to sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    No,
    Yes,
}

impl<S: Stream> Shared<S> {
    pub(super) fn new(source: S, lag: Lag) -> Self {
        let state = State {
            source: Source::Free(Box::pin(source)),
            kept: VecDeque::new(),
            behind: Side::First,
            halves: Default::default(),
            lag,
        };
        let bell = Arc::new(Bell::new());
        Self { state: Mutex::new(state), waker: Waker::from(bell.clone()), bell }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().expect("nothing panics under this lock: no code of the user runs there")
    }

    pub(super) fn dropped(&self, side: Side) -> u64 {
        self.lock().halves[side as usize].dropped
    }

    /// Takes what there is for a half.
    pub(super) fn look(&self, side: Side, waiting: Waiting) -> Found<S> {
        let mut state = self.lock();
        let was_full = state.is_full();
        let found = state.find(side);
        let asleep = matches!(found, Found::Nothing) && waiting == Waiting::Yes;
        state.halves[side as usize].asleep = asleep;
        let other = side.other();
        let made_room = was_full && matches!(found, Found::Item(_));
        let wakes = made_room && mem::take(&mut state.halves[other as usize].asleep);
        drop(state);
        match &found {
            Found::Source(_) => self.bell.hush(),
            _ if wakes => self.bell.wake(other),
            _ => {}
        }
        found
    }

    /// A half goes away.
    // ANCHOR: leave
    pub(super) fn leave(&self, side: Side) {
        let other = side.other();
        let mut state = self.lock();
        let kept_it_up = state.behind == side && state.is_full();
        let _kept = (state.behind == side).then(|| mem::take(&mut state.kept));
        state.halves[side as usize].gone = true;
        let is_last = state.halves[other as usize].gone;
        let _source = is_last.then(|| mem::replace(&mut state.source, Source::Ended));
        let wakes = kept_it_up && mem::take(&mut state.halves[other as usize].asleep);
        drop(state);
        let _waker = self.bell.leave(side);
        if wakes {
            self.bell.wake(other);
        }
    }
    // ANCHOR_END: leave
}

impl<S: Stream> State<S> {
    fn find(&mut self, side: Side) -> Found<S> {
        if self.behind == side
            && let Some(item) = self.kept.pop_front()
        {
            return Found::Item(item);
        }
        match mem::replace(&mut self.source, Source::Driven) {
            Source::Free(source) if !self.is_full() => Found::Source(source),
            Source::Ended => {
                self.source = Source::Ended;
                Found::End
            }
            not_now => {
                self.source = not_now;
                Found::Nothing
            }
        }
    }

    /// Keeps an item for a half; gives back what is not kept: the item, or the oldest before it.
    pub(super) fn keep(&mut self, side: Side, item: S::Item) -> Option<S::Item> {
        let half = &mut self.halves[side as usize];
        if half.gone {
            return Some(item);
        }
        self.behind = side;
        let is_late = self.kept.len() >= self.lag.limit();
        let oldest = is_late.then(|| self.kept.pop_front()).flatten();
        half.dropped += u64::from(is_late);
        self.kept.push_back(item);
        oldest
    }

    /// Whether the half ahead has to wait.
    fn is_full(&self) -> bool {
        matches!(self.lag, Lag::Wait(_)) && self.kept.len() >= self.lag.limit()
    }
}

impl Lag {
    /// How many items are kept at most.
    fn limit(self) -> usize {
        let (Self::Wait(items) | Self::DropOldest(items)) = self;
        items.max(1)
    }
}
