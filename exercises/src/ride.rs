//! A puzzle: cars for four leave with four of one camp or two of each, and with nobody else.
//!
//! # Problem
//!
//! Riders of two camps come in any order. A car takes four: all of one camp, or two and two; with
//! three against one it does not leave. Nobody may wait while a car could be filled, nobody gets off
//! before all four are in, exactly one of them drives, and anyone may give up until the car leaves.
//!
//! # From Go
//!
//! The textbook has a counter and a semaphore for each camp. Who completes a car lets the others
//! through, and all four meet at a barrier:
//!
//! ```go
//! mu.Lock()
//! waiting[mine]++
//! switch {
//! case waiting[mine] == 4:
//!     waiting[mine] = 0
//!     line[mine].Release(4)
//! case waiting[mine] == 2 && waiting[other] >= 2:
//!     waiting[mine], waiting[other] = 0, waiting[other]-2
//!     line[mine].Release(2); line[other].Release(2)
//! }
//! mu.Unlock()
//! line[mine].Acquire(1)   // a seat: and who takes it back?
//! car.Wait()              // the barrier
//! ```
//!
//! # In Rust
//!
//! A rider is a future, and a future may be dropped at any point: in the line, after it was called,
//! when it is in and waits for the others. A permit that was granted cannot be taken back from the
//! one who has it, so that two semaphores cannot undo a car. Here the lines and the cars are one
//! state under one short lock, which knows of every rider where they are; a waker for each does the
//! rest. The four steps are the same as above: queue, call, meet at the barrier, go.
//!
//! # Invariants
//!
//! - I1: a car is four of one camp, or two of each.
//! - I2: whenever the lock is free, those in line fill no car. (Two riders of one camp are a pair,
//!   and any two pairs fill a car: so there is at most one pair.)
//! - I3: a car leaves when the last of its four gets in, and that one drives; before it, nobody's
//!   `board` is over.
//! - I4: a line is in the order of arrival, and a car takes from its front. Who comes back to it,
//!   because another has given up, stands where they stood.
//! - I5: who gives up before the car leaves was never there: the other three are in line again, and
//!   whoever can be is called anew, in the same step.
//! - I6: who is called, or gone, is woken: with the waker of their last poll, or by a wake-up that
//!   is still on its way to them.
//!
//! # Cancellation and panics
//!
//! A [`Board`] that is dropped before its first poll has not arrived; in line, it leaves; called or
//! aboard, its car is dissolved, see I5. When the car has left it is too late: the car has this rider
//! in it, whether or not anyone looks at the [`Seat`]. Wakers are cloned before the lock and called
//! and dropped after it; if one panics, the others are woken, and the panic goes on from the poll or
//! the drop that called it.
//!
//! # Cost
//!
//! Where nobody gives up, a rider is woken twice at most, to get in and to go, and takes the lock three
//! times. A line is never longer than three, as a fourth fills a car, so that every step is constant. A
//! rider takes a slot in a table that is used again: no allocation once there were as many at a time.
//!
//! # See also
//!
//! 1. Downey, *The Little Book of Semaphores*: the puzzle is the river crossing there. In its answer
//!    nobody gives up.
//! 2. `tokio::sync::Barrier`, for parties that are known beforehand.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Whom a rider rides with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Camp {
    /// One of the two.
    Crab,
    /// The other.
    Gopher,
}

/// A place in a car that has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// The car: four riders have this number. Cars are numbered from 0 in the order in which they leave.
    pub car: u64,
    /// Whether this rider drives: one of the four does.
    pub driver: bool,
}

/// Where riders wait for cars.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use futures::future::join;
/// use patterns::ride::{Camp, Ride};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let ride = Ride::new();
/// let crabs = join(ride.board(Camp::Crab), ride.board(Camp::Crab));
/// let gophers = join(ride.board(Camp::Gopher), ride.board(Camp::Gopher));
/// let ((a, b), (c, d)) = join(crabs, gophers).await;
/// assert!([a, b, c, d].iter().all(|seat| seat.car == 0));
/// assert_eq!([a, b, c, d].iter().filter(|seat| seat.driver).count(), 1);
/// # }
/// ```
///
/// Source: the "uber problem" in the goals of seed 003.
pub struct Ride {
    // Your fields: what must be known to decide that a car is full, and that it may leave?
}

impl Ride {
    /// Makes a stand where nobody waits.
    pub fn new() -> Self {
        todo!("make a stand where nobody waits")
    }

    /// Waits for a car of four and leaves with it. The rider arrives at the first poll, is woken
    /// when there is a car, and gets in at the next poll; the one who fills the car is in at once.
    ///
    /// Within a camp, who came first is called first.
    ///
    /// # Cancel safety
    ///
    /// A rider who gives up before the car has left was never there: the others of the car, if there
    /// was one, are in line again where they stood, or in another car.
    pub fn board(&self, camp: Camp) -> Board<'_> {
        todo!("remember who asks: has a rider arrived whom nobody has polled yet?")
    }

    /// How many of a camp wait for a car, those not counted who have been called to one.
    pub fn waiting(&self, camp: Camp) -> usize {
        todo!("count those in line: who has left it, and who has come back?")
    }
}

impl Default for Ride {
    fn default() -> Self {
        todo!("make a stand where nobody waits")
    }
}

impl fmt::Debug for Ride {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ride")
            .field("crabs", &self.waiting(Camp::Crab))
            .field("gophers", &self.waiting(Camp::Gopher))
            .finish()
    }
}

/// The future of [`Ride::board`].
///
/// Polled again after it has completed, it panics.
#[must_use = "a future does nothing until it is polled"]
pub struct Board<'a> {
    ride: &'a Ride,
    // Your fields: how far has this rider come, and how will you tell when it is dropped?
}

impl Future for Board<'_> {
    type Output = Seat;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Seat> {
        todo!(
            "arrive, get in, or go: whom has each of these to wake, and what if all four are here?"
        )
    }
}

impl Drop for Board<'_> {
    fn drop(&mut self) {
        // What has to happen when this goes, whatever stage it has reached?
    }
}
