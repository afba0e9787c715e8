//! The one word that every caller reads.

/// How a breaker treats its callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// All is well: everyone is let through.
    Closed,
    /// There were too many failures: nobody is let through before the cooldown is over.
    Open,
    /// The cooldown is over: a few probes are let through, and decide.
    HalfOpen,
}

/// A state and its era: the state in the two lowest bits, the era above them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(u64);

impl Word {
    /// Closed, in the first era.
    pub(super) const FIRST: Self = Self(State::Closed as u64);

    #[inline]
    pub(super) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) fn bits(self) -> u64 {
        self.0
    }

    #[inline]
    pub(super) fn state(self) -> State {
        match self.0 & 0b11 {
            0 => State::Closed,
            1 => State::Open,
            _ => State::HalfOpen,
        }
    }

    /// The word of the next era.
    pub(super) fn next(self, state: State) -> Self {
        Self((self.0 | 0b11) + 1 + state as u64)
    }
}
