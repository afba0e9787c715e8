//! Those who wait for a flight, in the order in which they came.

use std::collections::BTreeMap;
use std::mem;
use std::task::Waker;

/// The wakers of those who wait. Who has been woken is not among them any more, and comes back to the
/// same place if it has to wait on.
#[derive(Default)]
pub(super) struct Line {
    /// How many have come.
    came: Place,
    /// Most flights have one waiter or none: for that one no memory is asked for.
    one: Option<(Place, Waker)>,
    others: BTreeMap<Place, Waker>,
}

/// A place in line: who came earlier has a lower one.
pub(super) type Place = u64;

impl Line {
    /// A place behind all others.
    pub(super) fn new_place(&mut self) -> Place {
        self.came += 1;
        self.came
    }

    /// Leaves a waker at a place, and gives back the one that was there.
    pub(super) fn put(&mut self, place: Place, waker: Waker) -> Option<Waker> {
        match &mut self.one {
            Some((its, old)) if *its == place => Some(mem::replace(old, waker)),
            None if self.others.is_empty() => {
                self.one = Some((place, waker));
                None
            }
            _ => self.others.insert(place, waker),
        }
    }

    /// Takes the waker from a place, if one is there.
    pub(super) fn take(&mut self, place: Place) -> Option<Waker> {
        match self.one.take_if(|(its, _)| *its == place) {
            Some((_, waker)) => Some(waker),
            None => self.others.remove(&place),
        }
    }

    /// Takes the waker of the first in line.
    pub(super) fn take_first(&mut self) -> Option<Waker> {
        let one = self.one.iter().map(|(place, _)| *place);
        let first = one.chain(self.others.keys().next().copied()).min()?;
        self.take(first)
    }

    /// Takes the wakers of all, from the first to the last.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Waker> + use<> {
        let Self { one, others, .. } = mem::take(self);
        one.map(|(_, waker)| waker).into_iter().chain(others.into_values())
    }
}
