//! A key and a value whose own code panics when asked to. Taken in by the specs of maps:
//! `#[path = "support/touchy.rs"] mod touchy;`.

// Each spec uses the part it needs, and has no crate to export it from.
#![allow(dead_code, unreachable_pub)]

use std::cell::Cell;
use std::hash::{Hash, Hasher};

thread_local! {
    /// What shall panic next, on this thread: "hash", "comparison" or "clone".
    pub static FAILS: Cell<&'static str> = const { Cell::new("") };
}

fn fail(what: &str) {
    if FAILS.get() == what {
        FAILS.set("");
        panic!("the {what}'s own");
    }
}

/// Does as a number does, and panics once for each time that `FAILS` was set.
#[derive(Debug)]
pub struct Touchy(pub u64);

impl Hash for Touchy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        fail("hash");
        self.0.hash(state);
    }
}

impl PartialEq for Touchy {
    fn eq(&self, other: &Self) -> bool {
        fail("comparison");
        self.0 == other.0
    }
}

impl Eq for Touchy {}

impl Clone for Touchy {
    fn clone(&self) -> Self {
        fail("clone");
        Self(self.0)
    }
}
