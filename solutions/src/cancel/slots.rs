//! A table whose entries keep their places, and whose free places are used again.

use std::mem;

/// Entries by place.
///
/// It grows to the largest number of entries that it held at once, and does not shrink before it is
/// taken as a whole. One entry alone needs no memory of its own: most tokens have one waiter, and
/// neither more nor a child.
pub(super) struct Slots<T> {
    /// Place 0.
    first: Option<T>,
    /// The places from 1 on.
    rest: Vec<Slot<T>>,
    /// The index in `rest` that is used next: a free one, which leads to another, or the end.
    vacant: usize,
}

enum Slot<T> {
    Vacant(usize),
    Taken(T),
}

impl<T> Slots<T> {
    pub(super) const fn new() -> Self {
        Self { first: None, rest: Vec::new(), vacant: 0 }
    }

    /// Gives the entry a place, which it keeps.
    pub(super) fn insert(&mut self, entry: T) -> usize {
        if self.first.is_none() {
            self.first = Some(entry);
            return 0;
        }
        let index = self.vacant;
        match self.rest.get_mut(index) {
            Some(slot) => {
                let Slot::Vacant(next) = *slot else {
                    unreachable!("a free place leads to others")
                };
                *slot = Slot::Taken(entry);
                self.vacant = next;
            }
            None => {
                self.rest.push(Slot::Taken(entry));
                self.vacant = self.rest.len();
            }
        }
        index + 1
    }

    /// The entry in this place, unless it has gone with the whole table.
    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        let Some(index) = place.checked_sub(1) else { return self.first.as_mut() };
        match self.rest.get_mut(index)? {
            Slot::Taken(entry) => Some(entry),
            Slot::Vacant(_) => None,
        }
    }

    /// Takes the entry out of its place, unless it has gone with the whole table.
    pub(super) fn remove(&mut self, place: usize) -> Option<T> {
        let Some(index) = place.checked_sub(1) else { return self.first.take() };
        match mem::replace(self.rest.get_mut(index)?, Slot::Vacant(self.vacant)) {
            Slot::Taken(entry) => {
                self.vacant = index;
                Some(entry)
            }
            Slot::Vacant(_) => unreachable!("a place is left once"),
        }
    }

    /// Takes all entries, and the memory with them.
    pub(super) fn take(&mut self) -> impl Iterator<Item = T> + use<T> {
        let Self { first, rest, .. } = mem::replace(self, Self::new());
        let rest = rest.into_iter().filter_map(|slot| match slot {
            Slot::Taken(entry) => Some(entry),
            Slot::Vacant(_) => None,
        });
        first.into_iter().chain(rest)
    }
}
