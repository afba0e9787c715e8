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
#![forbid(unsafe_code)]

use std::array;
use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use loomscope::sync::{Mutex, MutexGuard};
use loomscope::thread;

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
    stand: Mutex<Stand>,
}

impl Ride {
    /// Makes a stand where nobody waits.
    pub fn new() -> Self {
        Self { stand: Mutex::new(Stand::default()) }
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
        Board { ride: self, camp, stage: Asked::Never }
    }

    /// How many of a camp wait for a car, those not counted who have been called to one.
    pub fn waiting(&self, camp: Camp) -> usize {
        self.stand().lines[camp as usize].len()
    }

    fn stand(&self) -> MutexGuard<'_, Stand> {
        self.stand.lock().expect("nothing panics under this lock: no waker is touched there")
    }
}

impl Default for Ride {
    fn default() -> Self {
        Self::new()
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
    camp: Camp,
    stage: Asked,
}

/// How far a future has come, as it knows itself.
enum Asked {
    Never,
    Arrived(Id),
    Over,
}

// ANCHOR: poll
impl Future for Board<'_> {
    type Output = Seat;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Seat> {
        let this = self.get_mut();
        // No panic under the lock.
        assert!(!matches!(this.stage, Asked::Over), "a boarding is not polled after it has ended");
        // Made before the lock and gone after it, like the old one whose place it takes.
        let mut waker = Some(cx.waker().clone());
        let mut stand = this.ride.stand();
        let (id, calls) = match this.stage {
            Asked::Arrived(id) => (id, stand.get_in(id)),
            _ => stand.arrive(this.camp),
        };
        this.stage = Asked::Arrived(id);
        let outcome = if let Stage::Gone(seat) = stand.riders[id].stage {
            stand.vacant.push(id);
            this.stage = Asked::Over;
            Poll::Ready(seat)
        } else {
            mem::swap(&mut stand.riders[id].waker, &mut waker);
            Poll::Pending
        };
        drop(stand);
        wake_all(calls);
        drop(waker);
        outcome
    }
}
// ANCHOR_END: poll

// ANCHOR: drop
impl Drop for Board<'_> {
    fn drop(&mut self) {
        if let Asked::Arrived(id) = self.stage {
            let mut stand = self.ride.stand();
            let calls = stand.give_up(id);
            let _waker = stand.riders[id].waker.take();
            stand.vacant.push(id);
            drop(stand);
            wake_all(calls);
        }
    }
}
// ANCHOR_END: drop

/// All that there is to know, under one lock.
#[derive(Default)]
struct Stand {
    riders: Vec<Rider>,
    /// Slots of `riders` that nobody has.
    vacant: Vec<Id>,
    /// Those in line, by camp, in the order of arrival.
    lines: [Vec<Id>; 2],
    arrived: u64,
    left: u64,
}

/// A slot in the table of riders.
type Id = usize;

/// The four of a car, until they leave or it is dissolved: as long as one of them has it, all four
/// slots are theirs.
type Car = [Id; 4];

/// Whom to wake when the lock is free: no more than a car holds.
type Calls = [Option<Waker>; 4];

struct Rider {
    camp: Camp,
    /// The order of arrival, for those who come back to the line.
    arrival: u64,
    stage: Stage,
    /// There from a poll until the next call.
    waker: Option<Waker>,
}

/// | stage | in a line | of a car | waker |
/// |-------|-----------|----------|-------|
/// | in line | yes | – | left by the last poll |
/// | called | – | four, this one among them | taken and woken |
/// | aboard | – | the same four | left by the last poll |
/// | gone | – | has left, with a number | taken and woken |
#[derive(Clone, Copy)]
enum Stage {
    InLine,
    Called(Car),
    Aboard(Car),
    Gone(Seat),
}

impl Stand {
    /// One more, at the end of the line; if that fills a car, it is called, and this one gets in.
    fn arrive(&mut self, camp: Camp) -> (Id, Calls) {
        let rider = Rider { camp, arrival: self.arrived, stage: Stage::InLine, waker: None };
        self.arrived += 1;
        let id = match self.vacant.pop() {
            Some(id) => {
                self.riders[id] = rider;
                id
            }
            None => {
                self.riders.push(rider);
                self.riders.len() - 1
            }
        };
        self.queue(id);
        let calls = self.fill();
        // The other three have just been called: the car does not leave yet.
        self.get_in(id);
        (id, calls)
    }

    /// Puts a rider into the line of their camp, where they belong by their arrival.
    fn queue(&mut self, id: Id) {
        let Self { riders, lines, .. } = self;
        riders[id].stage = Stage::InLine;
        let line = &mut lines[riders[id].camp as usize];
        let place = line.partition_point(|other| riders[*other].arrival < riders[id].arrival);
        line.insert(place, id);
    }

    /// Calls four riders, if four in line fill a car. There are never enough for two cars: a car
    /// that is dissolved gives back three, to lines that filled none.
    // ANCHOR: fill
    fn fill(&mut self) -> Calls {
        let [crabs, gophers] = &mut self.lines;
        let (some, others) = match (crabs.len(), gophers.len()) {
            (2.., 2..) => (2, 2),
            (4.., _) => (4, 0),
            (_, 4..) => (0, 4),
            _ => return Calls::default(),
        };
        let mut riders = crabs.drain(..some).chain(gophers.drain(..others));
        let car: Car = array::from_fn(|_| riders.next().expect("there are four"));
        drop(riders);
        car.map(|id| {
            self.riders[id].stage = Stage::Called(car);
            self.riders[id].waker.take()
        })
    }
    // ANCHOR_END: fill

    /// The barrier: who was called gets in, and the last of the four opens it.
    // ANCHOR: barrier
    fn get_in(&mut self, id: Id) -> Calls {
        let Stage::Called(car) = self.riders[id].stage else { return Calls::default() };
        self.riders[id].stage = Stage::Aboard(car);
        let aboard = |id: Id| matches!(self.riders[id].stage, Stage::Aboard(_));
        if car.into_iter().all(aboard) { self.leave(car, id) } else { Calls::default() }
    }

    /// The car leaves: the last to get in drives, the others are told.
    fn leave(&mut self, car: Car, driver: Id) -> Calls {
        let number = self.left;
        self.left += 1;
        car.map(|id| {
            self.riders[id].stage = Stage::Gone(Seat { car: number, driver: id == driver });
            self.riders[id].waker.take()
        })
    }
    // ANCHOR_END: barrier

    /// A rider leaves the line, or their car, whose others are then in line again.
    // ANCHOR: give_up
    fn give_up(&mut self, id: Id) -> Calls {
        match self.riders[id].stage {
            Stage::InLine => {
                self.lines[self.riders[id].camp as usize].retain(|other| *other != id);
                Calls::default()
            }
            Stage::Called(car) | Stage::Aboard(car) => {
                car.into_iter().filter(|other| *other != id).for_each(|other| self.queue(other));
                self.fill()
            }
            Stage::Gone(_) => Calls::default(),
        }
    }
    // ANCHOR_END: give_up
}

/// Wakes each of them, whatever another's waker does; the first panic goes on afterwards.
fn wake_all(calls: Calls) {
    let mut panic = None;
    for waker in calls.into_iter().flatten() {
        if let Err(cause) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
            panic.get_or_insert(cause);
        }
    }
    // A second panic in a thread that unwinds would abort the process.
    if let Some(cause) = panic
        && !thread::panicking()
    {
        resume_unwind(cause);
    }
}
