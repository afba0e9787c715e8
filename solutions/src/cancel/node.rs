//! The tree: what one token knows of its ancestors, its children and those who wait for it.

use std::mem;
use std::task::Waker;

use loomscope::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use loomscope::sync::{Arc, Mutex, MutexGuard, Weak};
use loomscope::time::{Duration, Instant};
use solutions::wake::wake_all;

use super::Reason;
use super::slots::Slots;

/// Values of `Node::state`: it leaves `LIVE` once.
const LIVE: u8 = 0;
const CANCELLED: u8 = 1;
const EXCEEDED: u8 = 2;

/// One token, with all its clones.
///
/// Its tokens keep it alive, and so do its children: a dropped token remains as an ancestor for as
/// long as it has descendants.
pub(super) struct Node {
    /// `LIVE`, or the reason.
    state: AtomicU8,
    /// The earliest of its own deadline and its ancestors'.
    deadline: Option<Instant>,
    parent: Option<Arc<Node>>,
    /// Its place among its parent's children, or `NOWHERE`. Written under the parent's lock, before
    /// anybody else knows of this node; hence `Relaxed` throughout.
    place: AtomicUsize,
    links: Mutex<Links>,
}

/// The place of a node that is not among its parent's children.
const NOWHERE: usize = usize::MAX;

/// What has to be told, and is emptied when it was: nothing joins once the state has left `LIVE`.
struct Links {
    /// The children that are alive. Weak: the children keep their parent alive, not the reverse.
    children: Slots<Weak<Node>>,
    waiters: Slots<Waker>,
}

impl Links {
    const fn new() -> Self {
        Self { children: Slots::new(), waiters: Slots::new() }
    }
}

impl Node {
    pub(super) fn root() -> Arc<Self> {
        Arc::new(Self::new(LIVE, None, None))
    }

    fn new(state: u8, deadline: Option<Instant>, parent: Option<Arc<Node>>) -> Self {
        Self {
            state: AtomicU8::new(state),
            deadline,
            parent,
            place: AtomicUsize::new(NOWHERE),
            links: Mutex::new(Links::new()),
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The reason, if the token is cancelled; where there is a deadline, after a look at the clock.
    #[inline]
    pub(super) fn reason(&self) -> Option<Reason> {
        // Acquire: pairs with the Release of `settle`, so that who learns of the cancellation sees
        // what was done before it.
        match self.state.load(Ordering::Acquire) {
            LIVE => self.deadline.and_then(|deadline| self.look_at_the_clock(deadline)),
            settled => Reason::of(settled),
        }
    }

    #[cold]
    fn look_at_the_clock(&self, deadline: Instant) -> Option<Reason> {
        if Instant::now() < deadline {
            return None;
        }
        Some(self.exceed())
    }

    /// The deadline has come; says the reason, which may have been another before.
    pub(super) fn exceed(&self) -> Reason {
        // Nobody is told: whoever waits here or below has a timer that is due as well.
        self.settle(EXCEEDED).err().unwrap_or(Reason::DeadlineExceeded)
    }

    /// Gives the node its reason, or says which one it has already.
    fn settle(&self, state: u8) -> Result<(), Reason> {
        // Release: pairs with the Acquire of `reason`. Acquire where another was first: likewise.
        let before = self.state.compare_exchange(LIVE, state, Ordering::Release, Ordering::Acquire);
        before.map(drop).map_err(|settled| Reason::of(settled).expect("it is not live"))
    }

    // ANCHOR: child
    /// Makes a child, whose deadline is `limit` from now, if its parent's is not earlier.
    pub(super) fn child(self: &Arc<Self>, limit: Option<Duration>) -> Arc<Self> {
        let own = limit.and_then(after);
        let deadline = own.into_iter().chain(self.deadline).min();
        let settled = self.state.load(Ordering::Acquire);
        if settled != LIVE {
            return Arc::new(Self::new(settled, deadline, None));
        }
        let child = Arc::new(Self::new(LIVE, deadline, Some(self.clone())));
        let known = Arc::downgrade(&child);
        let mut links = self.links();
        // I3: looked at under the lock. Who cancels settles first and then asks the lock for the
        // children: either the child is among them, or its maker sees the state here.
        match self.state.load(Ordering::Acquire) {
            LIVE => {
                let place = links.children.insert(known);
                child.place.store(place, Ordering::Relaxed);
            }
            settled => child.state.store(settled, Ordering::Release),
        }
        drop(links);
        child
    }
    // ANCHOR_END: child

    // ANCHOR: cancel
    /// Cancels the node and all below it that are not cancelled yet, then wakes all who wait there.
    pub(super) fn cancel(self: &Arc<Self>) {
        let mut clock = Clock(None);
        if self.settle(clock.state_for(self)).is_err() {
            return;
        }
        let (mut children, own_waiters) = self.take_links();
        let mut waiters = Vec::new();
        // An explicit stack: the tree may be deeper than the thread's.
        let mut stack: Vec<Arc<Node>> = Vec::new();
        loop {
            let alive = children.filter_map(|child| child.upgrade());
            stack.extend(alive.filter(|child| child.settle(clock.state_for(child)).is_ok()));
            let Some(node) = stack.pop() else { break };
            let (below, theirs) = node.take_links();
            waiters.extend(theirs);
            children = below;
        }
        wake_all(own_waiters.chain(waiters));
    }
    // ANCHOR_END: cancel

    /// Leaves a waker, in place of the one that was left there before, and says where; or says the
    /// reason, if it is too late.
    pub(super) fn wait(&self, place: Option<usize>, mut waker: Waker) -> Result<usize, Reason> {
        // The lock ends before `waker`, which may by then be the old one: its drop is not ours.
        let mut links = self.links();
        // I2: looked at under the lock, as in `child`.
        if let Some(reason) = Reason::of(self.state.load(Ordering::Acquire)) {
            return Err(reason);
        }
        let Some(place) = place else {
            return Ok(links.waiters.insert(waker));
        };
        let known = links.waiters.get_mut(place).expect("all are there while the token lives");
        mem::swap(known, &mut waker);
        Ok(place)
    }

    /// Takes the waker back, unless it is on its way to be woken.
    pub(super) fn leave(&self, place: usize) -> Option<Waker> {
        self.links().waiters.remove(place)
    }

    /// Takes all who have to be told, after the state was settled: nobody joins them any more.
    fn take_links(
        &self,
    ) -> (impl Iterator<Item = Weak<Node>> + use<>, impl Iterator<Item = Waker> + use<>) {
        let mut links = self.links();
        (links.children.take(), links.waiters.take())
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        self.links.lock().expect("nothing panics under this lock: no waker is touched there")
    }

    /// Leaves the parent's children, and gives the parent up.
    fn detach(&mut self) -> Option<Arc<Node>> {
        let parent = self.parent.take()?;
        let place = self.place.load(Ordering::Relaxed);
        if place != NOWHERE {
            let gone = parent.links().children.remove(place);
            drop(gone);
        }
        Some(parent)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // A loop, not a recursion, for a long line of ancestors that nothing else keeps alive.
        let mut next = self.detach();
        while let Some(mut node) = next.and_then(Arc::into_inner) {
            next = node.detach();
        }
    }
}

/// The moment of a cancellation, read once and only if somebody has a deadline.
struct Clock(Option<Instant>);

impl Clock {
    /// What a cancellation makes of the node: its deadline, if it is over, was the first cause.
    fn state_for(&mut self, node: &Node) -> u8 {
        match node.deadline {
            Some(deadline) if *self.0.get_or_insert_with(Instant::now) >= deadline => EXCEEDED,
            _ => CANCELLED,
        }
    }
}

impl Reason {
    fn of(state: u8) -> Option<Self> {
        match state {
            LIVE => None,
            CANCELLED => Some(Self::Cancelled),
            _ => Some(Self::DeadlineExceeded),
        }
    }
}

/// The moment `limit` from now, or `None` where the clock does not reach so far.
fn after(limit: Duration) -> Option<Instant> {
    let deadline = Instant::now().checked_add(limit)?;
    // A timer may round up to its next tick: that has to be possible as well.
    deadline.checked_add(Duration::from_secs(1)).and(Some(deadline))
}
