//! Copy-on-write: many read a value that is seldom replaced, and no reader sees half of a change.
//!
//! # Problem
//!
//! Every request reads the configuration; once an hour somebody changes it. Under a lock, a reader
//! waits for whoever changes it, however long that takes, and one that locks twice can read one field
//! from before a change and the next from after it.
//!
//! # From Go
//!
//! A pointer to a value that nobody changes any more, and a lock for the writers alone:
//!
//! ```go
//! var config atomic.Pointer[Config]       // readers: config.Load()
//! writers.Lock()                          // forgotten: of two updates at once, one is lost
//! defer writers.Unlock()
//! next := config.Load().clone()           // forgotten: readers see it change under their eyes
//! next.Limit++
//! config.Store(next)
//! ```
//!
//! The garbage collector keeps the old value while anybody reads it.
//!
//! # In Rust
//!
//! An `Arc` is what keeps the old value, and `&T` is why nobody changes it. But a thread that copies
//! an `Arc` reads the pointer first and counts itself afterwards, and between the two the last owner
//! may free what it points to. So there is no atomic `Arc` in std, and safe code copies it under
//! a lock. It is held for that copy, never while a change is computed. The change is a closure of the
//! old value: an update whose old value is no longer the current one calls it again.
//!
//! # Invariants
//!
//! - I1: a version never changes. Whoever holds it sees one value, as long as it is held.
//! - I2: each version was computed from the one before it: no update is lost.
//! - I3: no code of the user's (a change, a destructor) runs while the lock is held.
//! - I4: the number is raised under the lock with every new version: a reader that has the current
//!   number has the current version.
//! - I5: a reader never goes back, nor behind anything its thread has seen by other means.
//!
//! # Cancellation and panics
//!
//! Nothing here is async. A change that panics has changed nothing, and the next update finds
//! everything as it was. A change may use the snapshot: it reads the version it is about to replace;
//! an update inside it is kept, and the change runs again on top of it. One that updates each
//! time it runs goes round for ever. A destructor that panics does so in whoever dropped a version
//! last; where that is an update, the new version stands.
//!
//! # Cost
//!
//! A [`Reader`] that has the current version loads one number, and waits for nobody. Other reads lock
//! for as long as a pointer is copied; they wait at most while others copy or replace it,
//! never for a change to be computed. An update allocates once for each time its change runs. Updates
//! are not fair: of those that meet, one gets through and the rest run again, so a slow change
//! may be overtaken many times. A version lives until the last holder drops it, in that holder's
//! thread; a reader holds the one that it read last.
//!
//! # See also
//!
//! 1. `arc-swap`: `load` without a lock and without touching the count; its `Cache` is our
//!    [`Reader`]. Its `rcu` is our [`update`](Snapshot::update).
//! 2. `tokio::sync::watch` where readers want to be told of a change.
//! 3. `std::sync::RwLock` where values are large and changes are small: nothing is copied.
#![forbid(unsafe_code)]

use loomscope::sync::atomic::{AtomicU64, Ordering};
use loomscope::sync::{Arc, RwLock, RwLockReadGuard};

/// A value that is read as a whole and replaced as a whole.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::snapshot::Snapshot;
///
/// let limits = Snapshot::new(vec![10, 20]);
/// let before = limits.load();
/// limits.update(|old| old.iter().map(|limit| limit * 2).collect());
/// assert_eq!(*limits.load(), [20, 40]);
/// assert_eq!(*before, [10, 20], "whoever holds a version keeps it");
/// ```
#[derive(Debug)]
pub struct Snapshot<T> {
    /// The current version. A lock, since an `Arc` cannot be copied in one atomic step; for many
    /// readers, since they need not exclude each other. Held for a copy or a swap of the pointer.
    current: RwLock<Arc<T>>,
    /// How many times the version was replaced. Written under the lock, read without it. It has 64
    /// bits, so that it never comes round to a number that a reader still remembers.
    number: AtomicU64,
}

/// Reads a [`Snapshot`] again and again, and asks for the version only when it was replaced.
///
/// It holds the version that it read last, and with it its memory.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::snapshot::Snapshot;
///
/// let limit = Snapshot::new(10);
/// let mut reader = limit.reader();
/// assert_eq!(**reader.load(), 10);
/// limit.update(|old| old + 1);
/// assert_eq!(**reader.load(), 11);
/// ```
#[derive(Debug)]
pub struct Reader<'a, T> {
    snapshot: &'a Snapshot<T>,
    /// The number that was current just before `version` was read.
    number: u64,
    version: Arc<T>,
}

impl<T> Snapshot<T> {
    /// Makes a snapshot of this value.
    pub fn new(value: T) -> Self {
        Self { current: RwLock::new(Arc::new(value)), number: AtomicU64::new(0) }
    }

    /// The current version.
    ///
    /// It stays as it is however long it is held. This never waits for a change to be computed.
    // ANCHOR: load
    pub fn load(&self) -> Arc<T> {
        self.read().clone()
    }
    // ANCHOR_END: load

    /// Replaces the current version by what `change` makes of it, and returns the new one.
    ///
    /// No update is lost: where another one was faster, `change` is called again, with the version
    /// that is current then. Nobody waits while it runs, neither readers nor other updates, and it may
    /// itself read or update the snapshot.
    ///
    /// # Panics
    ///
    /// Where `change` does; then nothing has changed.
    // ANCHOR: update
    pub fn update(&self, mut change: impl FnMut(&T) -> T) -> Arc<T> {
        loop {
            let old = self.load();
            let new = Arc::new(change(&old));
            if self.replace(&old, &new) {
                return new;
            }
        }
    }

    /// Puts `new` in the place of `old`, unless `old` has been replaced.
    fn replace(&self, old: &Arc<T>, new: &Arc<T>) -> bool {
        let mut current = self.current.write().expect("nothing panics under the lock");
        // The caller holds `old`: no other version can have its address, and what the assignment
        // drops is not the last share (I3).
        let unchanged = Arc::ptr_eq(&current, old);
        if unchanged {
            *current = new.clone();
            // Relaxed: it publishes nothing. Who sees the number locks to read the version, and
            // cannot lock before us: what we wrote after its unlock, it could not have seen.
            self.number.fetch_add(1, Ordering::Relaxed);
        }
        unchanged
    }
    // ANCHOR_END: update

    /// A reader of this snapshot: make one for each thread or task that reads often.
    pub fn reader(&self) -> Reader<'_, T> {
        let number = self.number.load(Ordering::Relaxed);
        Reader { snapshot: self, number, version: self.load() }
    }

    fn read(&self) -> RwLockReadGuard<'_, Arc<T>> {
        self.current.read().expect("nothing panics under the lock")
    }
}

impl<T> Reader<'_, T> {
    /// The current version, as [`Snapshot::load`] gives it.
    ///
    /// While nobody replaces the version this is one load of a number, and waits for nobody.
    // ANCHOR: reader
    pub fn load(&mut self) -> &Arc<T> {
        // Relaxed: see `replace`. The number first: a version that is newer than its number is
        // fetched once more, one that is older would be kept for good.
        let number = self.snapshot.number.load(Ordering::Relaxed);
        if number != self.number {
            self.version = self.snapshot.load();
            self.number = number;
        }
        &self.version
    }
    // ANCHOR_END: reader
}
