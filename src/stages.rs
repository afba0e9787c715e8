//! The stages of a check, in the order in which they run.

use std::time::Duration;

use serde::Serialize;

/// One stage. The check stops at the first that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    Builds,
    Behaviour,
    Properties,
    Stress,
    Models,
    Leaks,
}

impl Stage {
    /// The stages that run tests.
    pub(crate) const TESTS: [Self; 5] =
        [Self::Behaviour, Self::Properties, Self::Stress, Self::Models, Self::Leaks];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Builds => "builds",
            Self::Behaviour => "behaviour",
            Self::Properties => "properties",
            Self::Stress => "stress",
            Self::Models => "models",
            Self::Leaks => "leaks",
        }
    }

    /// The stage of a test: the module its path begins with. Any other module is behaviour.
    pub(crate) fn of(test: &str) -> Self {
        let module = test.split("::").next().unwrap_or_default();
        let named = Self::TESTS.into_iter().find(|stage| stage.name() == module);
        named.unwrap_or(Self::Behaviour)
    }

    /// How long the stage may go without a test that passes. A model explores thousands of
    /// interleavings in one test, in virtual time: it is slow, but it cannot block.
    pub(crate) fn patience(self, limit: Duration) -> Duration {
        if self == Self::Models { limit.saturating_mul(6) } else { limit }
    }
}
