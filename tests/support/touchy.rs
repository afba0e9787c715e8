//! A key and a value whose own code panics when asked to. Taken in by the specs of maps:
//! `#[path = "support/touchy.rs"] mod touchy;`.

// Each spec uses the part it needs, and has no crate to export it from.
#![allow(dead_code, unreachable_pub)]

use std::cell::Cell;
use std::hash::{Hash, Hasher};

thread_local! {
    static FAILS: Cell<(&'static str, usize)> = const { Cell::new(("", 0)) };
}

/// Has "hash", "comparison" or "clone" panic once on this thread, after so many calls that do not.
pub fn fails(what: &'static str, after: usize) {
    FAILS.set((what, after));
}

fn fail(what: &str) {
    match FAILS.get() {
        (planned, 0) if planned == what => {
            FAILS.set(("", 0));
            panic!("the {what}'s own");
        }
        (planned, left) if planned == what => FAILS.set((planned, left - 1)),
        _ => {}
    }
}

/// Does as a number does, and panics when it was told to.
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
