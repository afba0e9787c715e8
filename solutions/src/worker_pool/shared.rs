//! A pool, as its owner, its submitters and its workers see it.

use std::sync::Arc;
use std::task::Waker;

use loomscope::sync::{Mutex, MutexGuard};
use loomscope::task::JoinHandle;
use loomscope::time::Duration;

use super::desk::{Desk, Summons, Vacancy};
use super::seat::Seat;
use super::ticket::quietly;

/// What a worker is, whatever its handler: a task that sits in a seat.
pub(super) type Spawn<J, T, E> = Box<dyn Fn(Seat<J, T, E>) -> JoinHandle<()> + Send + Sync>;

/// Which breaker a job asks.
pub(super) type KeyOf<J> = Box<dyn Fn(&J) -> Arc<str> + Send + Sync>;

pub(super) struct Shared<J, T, E> {
    desk: Mutex<Desk<J, T, E>>,
    /// How long a worker stays that is not needed.
    pub(super) idle: Duration,
    pub(super) key: Option<KeyOf<J>>,
    spawn: Spawn<J, T, E>,
}

impl<J, T, E> Shared<J, T, E> {
    pub(super) fn new(
        desk: Desk<J, T, E>,
        idle: Duration,
        key: Option<KeyOf<J>>,
        spawn: Spawn<J, T, E>,
    ) -> Self {
        Self { desk: Mutex::new(desk), idle, key, spawn }
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk<J, T, E>> {
        self.desk.lock().expect("nothing panics under this lock: no code of others runs there")
    }

    /// Sees to it that a new job will be taken.
    pub(super) fn follow(self: &Arc<Self>, summons: Summons) {
        match summons {
            Summons::Wake(waker) => waker.wake(),
            Summons::Hire(vacancy) => self.hire(vacancy),
            Summons::Nobody => {}
        }
    }

    /// Starts a worker. Where that fails, its seat is dropped, and so is the pool given up.
    pub(super) fn hire(self: &Arc<Self>, vacancy: Vacancy) {
        let task = (self.spawn)(Seat::new(self.clone(), vacancy));
        let mut desk = self.desk();
        desk.tasks.retain(|task| !task.is_finished());
        desk.tasks.push(task);
    }

    /// Starts the least number of workers.
    pub(super) fn hire_least(self: &Arc<Self>) {
        loop {
            let vacancy = self.desk().hire_least();
            let Some(vacancy) = vacancy else { return };
            self.hire(vacancy);
        }
    }

    pub(super) fn close(&self) {
        let wakers = self.desk().close();
        wake(wakers);
    }

    /// Takes no more jobs, and drops those that wait, one by one: a panic in one keeps no other.
    // ANCHOR: give_up
    pub(super) fn give_up(&self) {
        let mut desk = self.desk();
        let (wakers, mut jobs) = (desk.close(), desk.clear());
        drop(desk);
        wake(wakers);
        while let Some(job) = jobs.pop() {
            quietly(|| drop(job));
        }
    }
    // ANCHOR_END: give_up

    /// The tasks of the workers, from now on in the caller's care.
    pub(super) fn crew(&self) -> Crew {
        Crew(std::mem::take(&mut self.desk().tasks))
    }
}

/// The wakers of submitters are foreign code.
fn wake(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(|waker| quietly(|| waker.wake()));
}

/// The tasks of the workers: dropped, they are aborted.
pub(super) struct Crew(Vec<JoinHandle<()>>);

// ANCHOR: crew
impl Crew {
    pub(super) fn abort(&self) {
        self.0.iter().for_each(JoinHandle::abort);
    }

    /// Waits until all tasks have ended, and everything that they held is gone.
    pub(super) async fn wait(mut self) {
        for task in &mut self.0 {
            let _aborted = task.await;
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.abort();
    }
}
// ANCHOR_END: crew
