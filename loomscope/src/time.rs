//! Virtual time: a deadline may fire at any schedule point, and only that moves the clock.
//!
//! The deadlines of an execution are fired by a thread of its own, in the order in which they are
//! due. When that thread runs is up to the engine, like everything else: that is what makes a
//! time-out race with the event it waits for. It is started by the first deadline.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::ops::{Add, AddAssign, Sub};
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

pub use std::time::Duration;

use crate::engine::{self, Join, Slot, Turn};
use crate::event::{Op, Place};
use crate::record;
use crate::thread;

/// Deadlines by the time they are due and the order in which they were set: where that was, and
/// what they do.
type Pending = BTreeMap<(Duration, u64), (Place, Box<dyn FnOnce() + Send>)>;

struct Timer {
    now: Duration,
    next: u64,
    pending: Pending,
    stopping: bool,
    join: Option<Join>,
    turn: Arc<Turn>,
    idle: Arc<Slot>,
}

thread_local! {
    static TIMER: RefCell<Option<Timer>> = const { RefCell::new(None) };
    /// Made by the first thread of the execution: whichever sets the first deadline, its making
    /// happens before every use by the others.
    static TURN: RefCell<Option<Arc<Turn>>> = const { RefCell::new(None) };
}

/// Called at the top of every execution.
pub(crate) fn begin() {
    TURN.set(Some(Arc::new(Turn::new())));
}

fn with<R>(work: impl FnOnce(&mut Timer) -> R) -> Option<R> {
    TIMER.with_borrow_mut(|timer| timer.as_mut().map(work))
}

/// Whether this execution has the thread that fires deadlines.
pub(crate) fn has_started() -> bool {
    TIMER.with_borrow(Option::is_some)
}

fn ensure_started() {
    if has_started() {
        return;
    }
    thread::ensure_room();
    let turn = TURN.with_borrow(Clone::clone).expect("made when the execution began");
    let idle = Arc::new(Slot::default());
    let (now, next, pending) = (Duration::ZERO, 0, Pending::new());
    let timer = Timer { now, next, pending, stopping: false, join: None, turn, idle };
    TIMER.set(Some(timer));
    let join = engine::spawn(|| record::guard(engine::thread_id(), fire_deadlines));
    record::name_thread(join.thread_id(), "time".to_owned());
    with(|timer| timer.join = Some(join));
}

fn fire_deadlines() {
    let handles = with(|timer| (timer.turn.clone(), timer.idle.clone()));
    let (turn, idle) = handles.expect("the timer is there while its thread runs");
    loop {
        turn.take();
        let due = with(|timer| {
            let ((at, _), (place, fire)) = timer.pending.pop_first()?;
            timer.now = timer.now.max(at);
            Some((at, place, fire))
        });
        if let Some((at, place, fire)) = due.flatten() {
            record::emit(Op::DeadlineFired(at.as_nanos()), None, place);
            fire();
        } else if with(|timer| timer.stopping) == Some(true) {
            return;
        } else {
            idle.wait();
        }
    }
}

/// Ends the thread that fires deadlines, if there is one.
pub(crate) fn stop() {
    let started = with(|timer| {
        timer.stopping = true;
        (timer.idle.clone(), timer.join.take())
    });
    if let Some((idle, Some(join))) = started {
        idle.set();
        join.wait();
    }
    TIMER.set(None);
}

/// A deadline that has been set; dropped, it is called off.
#[derive(Debug)]
pub(crate) struct Deadline {
    key: (Duration, u64),
    turn: Arc<Turn>,
    place: Place,
}

/// Has `fire` run on the timer's thread when the deadline is due.
pub(crate) fn set_deadline(
    at: Instant,
    place: Place,
    fire: impl FnOnce() + Send + 'static,
) -> Deadline {
    ensure_started();
    let turn = with(|timer| timer.turn.clone()).expect("it has just been started");
    turn.take();
    let set = with(|timer| {
        let key = (at.0, timer.next);
        timer.next += 1;
        timer.pending.insert(key, (place, Box::new(fire)));
        (key, timer.idle.clone())
    });
    let (key, idle) = set.expect("the timer is there while threads run");
    record::emit(Op::DeadlineSet(at.0.as_nanos()), None, place);
    idle.set();
    Deadline { key, turn, place }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        let is_pending = || with(|timer| timer.pending.contains_key(&self.key)) == Some(true);
        if !is_pending() {
            return;
        }
        self.turn.take();
        let called_off = with(|timer| timer.pending.remove(&self.key)).flatten();
        if called_off.is_some() {
            record::emit(Op::DeadlineCalledOff(self.key.0.as_nanos()), None, self.place);
        }
    }
}

/// A point in virtual time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// Now. Time passes only when a deadline fires.
    pub fn now() -> Self {
        let turn = with(|timer| timer.turn.clone());
        if let Some(turn) = turn {
            turn.take();
        }
        Self(with(|timer| timer.now).unwrap_or_default())
    }

    /// This instant moved forward, as far as the clock reaches.
    pub(crate) fn after(self, limit: Duration) -> Self {
        Self(self.0.saturating_add(limit))
    }

    /// The time since `earlier`, or zero where that is later.
    pub fn duration_since(&self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The time since `earlier`, or `None` where that is later.
    pub fn checked_duration_since(&self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0)
    }

    /// The time since `earlier`, or zero where that is later.
    pub fn saturating_duration_since(&self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The time since this instant.
    pub fn elapsed(&self) -> Duration {
        Self::now().duration_since(*self)
    }

    /// This instant moved forward, or `None` where the clock does not reach that far.
    pub fn checked_add(&self, by: Duration) -> Option<Self> {
        self.0.checked_add(by).map(Self)
    }

    /// This instant moved back, or `None` where the clock does not reach that far.
    pub fn checked_sub(&self, by: Duration) -> Option<Self> {
        self.0.checked_sub(by).map(Self)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} after the start", self.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;
    fn add(self, by: Duration) -> Self {
        Self(self.0 + by)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, by: Duration) {
        self.0 += by;
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;
    fn sub(self, by: Duration) -> Self {
        Self(self.0 - by)
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }
}

/// Waits until the deadline fires.
#[derive(Debug)]
#[must_use = "a future does nothing until it is polled"]
pub struct Sleep {
    until: Instant,
    place: Place,
    waker: Arc<Mutex<Option<Waker>>>,
    deadline: Option<Deadline>,
}

/// Waits until `limit` has passed.
#[track_caller]
pub fn sleep(limit: Duration) -> Sleep {
    sleep_until(Instant::now().after(limit))
}

/// Waits until `deadline`.
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    let (until, place) = (deadline, Location::caller());
    Sleep { until, place, waker: Arc::default(), deadline: None }
}

impl Sleep {
    /// When it ends.
    pub fn deadline(&self) -> Instant {
        self.until
    }

    /// Whether it has ended.
    pub fn is_elapsed(&self) -> bool {
        Instant::now() >= self.until
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.is_elapsed() {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        let before = self.waker.lock().unwrap_or_else(PoisonError::into_inner).replace(waker);
        drop(before);
        if self.deadline.is_none() {
            let waker = self.waker.clone();
            let wake = move || {
                let waker = waker.lock().unwrap_or_else(PoisonError::into_inner).take();
                waker.into_iter().for_each(Waker::wake);
            };
            self.deadline = Some(set_deadline(self.until, self.place, wake));
        }
        Poll::Pending
    }
}

/// Where a pattern reads the time: the clock of the model, or one that a test moves by hand.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Instant;

    /// Waits until this clock shows `at`. A clock that tells another time than the model's has to
    /// bring its own.
    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> + Send {
        sleep_until(at)
    }
}

/// The clock of the face: virtual time here.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// A clock that stands still until it is moved. Clones show the same time.
#[derive(Debug, Clone)]
pub struct ManualClock {
    turn: Arc<Turn>,
    dial: Arc<Mutex<Dial>>,
}

#[derive(Debug)]
struct Dial {
    now: Instant,
    /// Who is to look again when the clock has moved.
    sleepers: Vec<Waker>,
}

impl ManualClock {
    /// A clock that stands at the time of its making.
    pub fn new() -> Self {
        let dial = Dial { now: Instant::now(), sleepers: Vec::new() };
        Self { turn: Arc::new(Turn::new()), dial: Arc::new(Mutex::new(dial)) }
    }

    /// Moves the clock forward and wakes those who sleep by it.
    pub fn advance(&self, by: Duration) {
        let sleepers = {
            let mut dial = self.dial();
            dial.now += by;
            mem::take(&mut dial.sleepers)
        };
        sleepers.into_iter().for_each(Waker::wake);
    }

    /// The state of the clock; reading or moving it is a step of its own.
    fn dial(&self) -> MutexGuard<'_, Dial> {
        self.turn.take();
        self.dial.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.dial().now
    }

    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> + Send {
        poll_fn(move |context| {
            let waker = context.waker().clone();
            let mut dial = self.dial();
            if dial.now >= at {
                return Poll::Ready(());
            }
            if !dial.sleepers.iter().any(|sleeper| sleeper.will_wake(&waker)) {
                dial.sleepers.push(waker);
            }
            Poll::Pending
        })
    }
}
