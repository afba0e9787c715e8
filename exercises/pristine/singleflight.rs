//! One execution for all who ask for the same at the same time.
//!
//! # Problem
//!
//! A popular entry falls out of a cache, and the next thousand requests all find it missing. Each asks
//! the database, though one answer would do for all of them, and the database has the rest of the day
//! to remember it. Who asks while an answer is under way should wait for that one. What makes this
//! harder than a map of pending answers is the one who fetches: it can be cancelled, and it can panic,
//! and neither is any business of those who wait.
//!
//! # From Go
//!
//! ```go
//! v, err, shared := group.Do("user:42", func() (any, error) {
//!     return fetch(ctx, "user:42")      // whose ctx? the first caller's, for all of them
//! })
//! ```
//!
//! `golang.org/x/sync/singleflight`. A goroutine runs to its end once it has begun, so the work always
//! does, too; `DoChan` lets a caller stop waiting for it. If the first caller's context is cancelled,
//! all callers are told so.
//!
//! # In Rust
//!
//! A future runs only while somebody polls it, and is dropped half way if nobody wants it any more. So
//! the work belongs to all callers: one of them drives it, and who drives can go and leave it to the
//! next. For this the work has to be `Send + 'static`: it can't borrow from a caller who may be gone.
//! The closure that makes it may borrow, since each caller only calls its own. If all go, the work
//! goes, too.
//!
//! # Invariants
//!
//! A *flight* is the work of a key and all who share its value. Its callers are one *driver* and the
//! *waiters*.
//!
//! - I1: a key has one flight at most, from its first call until it ends or is forgotten; and of a
//!   flight one work at most is polled.
//! - I2: who joins a flight joins before its end: it is off the list before anybody has its value.
//! - I3: while a flight has no driver, a waiter has been woken since the last driver went, and has not
//!   been polled nor dropped since; or nobody waits.
//! - I4: a waiter whose waker lies in line, with neither a value nor a free turn there, will be woken
//!   by the end of the flight.
//! - I5: a flight whose callers are all gone is off the list, with its work.
//! - I6: who leaves or ends a flight that was forgotten changes nothing for the one that has its key.
//!
//! # Cancellation and panics
//!
//! A waiter that is dropped leaves the line. A driver that is dropped leaves its work, as far as it has
//! come, to the first in line, who is woken and polls it at once: a wake-up that reached the one who
//! is gone is not missed. The last caller takes the work along.
//!
//! A panic of the closure, of the work or of its destructor is the driver's. What is left of the work
//! is dropped, and the first in line begins its own, for which the others wait. A driver that had
//! taken the work over counts as any other. A panic of `V::clone` is the one caller's that was to get
//! the clone; one of another caller's waker reaches the driver, after all have been woken.
//!
//! Neither work nor waker, neither clone nor destructor runs under a lock: each may use the group.
//! `Eq` of keys is the exception, where two keys have the same hash: it must not use the group. If it
//! panics, or `Hash` does, its caller has not called. A work that asks for its own key waits for
//! itself, for ever.
//!
//! # Cost
//!
//! A call that finds no other: two allocations, for the flight and for its work, a hash, and two locks
//! that it shares with a sixteenth of the keys; the value is not cloned. A poll of the driver takes no
//! lock. Who joins: one of these locks, one of the flight's own, and a clone of the value; the first
//! that waits asks for no memory, others for a little. The end wakes all waiters, a driver that goes
//! wakes one. A caller that is alive but never polled holds the others up while it is the driver, or
//! has been woken to be the next.
//!
//! # See also
//!
//! 1. `asyncband::singleflight` and `singleflight-async`: if the driver is dropped, a waiter begins
//!    anew. Works may borrow, and there is one lock for all keys.
//! 2. `moka::future::Cache::get_with`: the same, and the value is kept: a cache.
//! 3. `futures::future::Shared`, where there is one work and no key.

use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::marker::PhantomData;

use loomscope::sync::Mutex;

/// The works that are under way, by key: who asks for one of them shares it.
///
/// Nothing is kept when a work has ended: this is no cache. Errors are values like any other; where
/// they can't be cloned, put them into an `Arc`.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use futures::join;
/// use patterns::singleflight::Group;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let users = Group::new();
/// let fetch = |id: u64| async move {
///     tokio::task::yield_now().await;
///     if id == 42 { Ok("Ann") } else { Err("no such user") }
/// };
/// let (first, second) = join!(users.run(42, || fetch(42)), users.run(42, || fetch(42)));
/// assert_eq!((first.value, first.shared), (Ok("Ann"), false));
/// assert_eq!((second.value, second.shared), (Ok("Ann"), true));
/// # }
/// ```
pub struct Group<K, V> {
    // Your fields: what do the callers of one key share, and how does the next one find it?
    marker: PhantomData<Mutex<(K, V)>>,
}

/// What a call gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flight<V> {
    /// What the work has returned, or a clone of it.
    pub value: V,
    /// Whether it is from another call's work: false for the one whose own closure was called for it.
    ///
    /// (In Go it is true for all, as soon as there is more than one.)
    pub shared: bool,
}

impl<K, V> Group<K, V> {
    /// Makes a group in which nothing is under way.
    pub fn new() -> Self {
        todo!("begin with nothing under way: what will say so for a key?")
    }

    /// How many keys have a flight that a call could join now.
    ///
    /// Exact where nobody calls meanwhile.
    pub fn in_flight(&self) -> usize {
        todo!(
            "count the keys that have a flight: when does one begin to count, and when does it end?"
        )
    }
}

impl<K: Hash + Eq, V: Clone> Group<K, V> {
    /// Runs the work for this key, or shares in the one that is under way.
    ///
    /// The call begins with the first poll. `work` is called if nothing is under way for the key then,
    /// or if what was under way has ended in a panic; its future may be driven by any of the callers.
    ///
    /// # Panics
    ///
    /// Where `work` does, or its future while this call drives it; other callers are not concerned.
    /// Where `Hash` or `Eq` does, `V::clone`, or another caller's waker.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it leaves the work to the other callers; if there are none, the work is dropped.
    pub async fn run<F, Fut>(&self, key: K, work: F) -> Flight<V>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = V> + Send + 'static,
    {
        todo!(
            "find the flight of this key or begin one: who goes on with the work if this call is dropped, or panics?"
        )
    }

    /// Lets the next call for this key begin a flight of its own, whatever is under way.
    ///
    /// For when something has changed that the work under way may have missed. Those who wait for it
    /// get its value all the same.
    pub fn forget<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        todo!(
            "let the next call begin anew: what may the old flight do when it ends, and what not?"
        )
    }
}

impl<K, V> Default for Group<K, V> {
    fn default() -> Self {
        todo!("is a default group any different from a new one?")
    }
}

impl<K, V> fmt::Debug for Group<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("in_flight", &self.in_flight()).finish_non_exhaustive()
    }
}
