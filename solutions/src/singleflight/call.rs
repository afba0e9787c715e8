//! One caller's part in a flight: it drives, or it waits; and when it goes, whatever the reason, the
//! others go on.

use std::future::Future;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use solutions::wake::wake_all;

use super::line::Place;
use super::shard::Id;
use super::shared::{Found, Shared};
use super::work::Work;
use super::{Flight, Group};

/// A caller, from when it has found its flight.
pub(super) struct Call<'a, K, V> {
    group: &'a Group<K, V>,
    id: Id,
    flight: Arc<Shared<V>>,
    role: Role<V>,
    /// Whether the work that it drives is its own.
    own: bool,
}

// ANCHOR: role
pub(super) enum Role<V> {
    /// Between two polls it keeps the work. It has none before the first, nor during a poll: a panic
    /// finds nothing that could be passed on.
    Drives(Option<Work<V>>),
    /// It has a place in line once it has been polled.
    Waits(Option<Place>),
    /// The flight has landed.
    Over,
}
// ANCHOR_END: role

impl<'a, K, V> Call<'a, K, V> {
    pub(super) fn new(
        group: &'a Group<K, V>,
        id: Id,
        flight: Arc<Shared<V>>,
        role: Role<V>,
    ) -> Self {
        Self { group, id, flight, role, own: false }
    }
}

impl<K, V: Clone> Call<'_, K, V> {
    // ANCHOR: poll
    pub(super) fn poll<Fut>(
        &mut self,
        cx: &mut Context<'_>,
        begin: impl FnOnce() -> Fut,
    ) -> Poll<Flight<V>>
    where
        Fut: Future<Output = V> + Send + 'static,
    {
        if let Role::Waits(place) = &mut self.role {
            match self.flight.look(place, cx.waker()) {
                Found::Nothing => return Poll::Pending,
                Found::Turn(rest) => self.role = Role::Drives(rest),
                Found::Value(value) => {
                    self.role = Role::Over;
                    return Poll::Ready(Flight { value: value.clone(), shared: true });
                }
            }
        }
        let mut work = self.take_work().unwrap_or_else(|| {
            self.own = true;
            Work::new(begin())
        });
        match work.poll(cx) {
            Poll::Pending => {
                self.role = Role::Drives(Some(work));
                Poll::Pending
            }
            Poll::Ready(value) => {
                drop(work);
                Poll::Ready(self.land(value))
            }
        }
    }
    // ANCHOR_END: poll

    fn take_work(&mut self) -> Option<Work<V>> {
        match &mut self.role {
            Role::Drives(work) => work.take(),
            _ => unreachable!("who waits has been told to drive, and nobody polls what is over"),
        }
    }

    /// Ends the flight.
    // ANCHOR: land
    fn land(&mut self, value: V) -> Flight<V> {
        self.role = Role::Over;
        // First of all: who comes from now on begins a flight of its own.
        let listed = self.group.unlist(self.id);
        let alone = listed.as_ref().is_some_and(|listed| listed.callers == 1);
        let value = if alone { value } else { self.flight.publish(value).clone() };
        Flight { value, shared: !self.own }
    }
    // ANCHOR_END: land
}

impl<K, V> Drop for Call<'_, K, V> {
    fn drop(&mut self) {
        let next = match mem::replace(&mut self.role, Role::Over) {
            Role::Drives(rest) => self.flight.pass_on(rest),
            Role::Waits(Some(place)) => self.flight.leave(place),
            Role::Waits(None) => None,
            Role::Over => return,
        };
        let _listed = self.group.leave(self.id);
        wake_all(next.into_iter());
    }
}
