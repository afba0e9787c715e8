//! A task of the group: the caller's future, and what its end means for the others.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use loomscope::sync::Arc;
use pin_project_lite::pin_project;

use super::shared::{Bed, Failure, Shared};

pin_project! {
    /// What is spawned. Whichever way it ends, it is dropped: there, and nowhere else, it leaves.
    pub(super) struct Child<F, E> {
        // None once it has ended.
        #[pin]
        task: Option<F>,
        // Dropped last: a task has not ended before whatever it held is gone.
        member: Member<E>,
    }

    impl<F, E> PinnedDrop for Child<F, E> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.task.is_some() {
                let dropped = catch_unwind(AssertUnwindSafe(|| this.task.set(None)));
                this.member.shared.fail(dropped.map_or_else(Failure::Panic, |()| Failure::Lost));
            }
        }
    }
}

impl<F, E> Child<F, E> {
    pub(super) fn new(task: F, group: &Arc<Shared<E>>) -> Self {
        Self { task: Some(task), member: Member::of(group) }
    }
}

// ANCHOR: poll
impl<F: Future<Output = Result<(), E>>, E> Future for Child<F, E> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let member = this.member;
        let step = catch_unwind(AssertUnwindSafe(|| step(this.task, member, context)));
        step.unwrap_or_else(|panic| {
            member.shared.fail(Failure::Panic(panic));
            Poll::Ready(())
        })
    }
}

/// Polls the task. Whatever panics in here is the task's: its code, its drop, or that of an error
/// which nobody wants.
fn step<F, E>(
    mut task: Pin<&mut Option<F>>,
    member: &mut Member<E>,
    context: &mut Context<'_>,
) -> Poll<()>
where
    F: Future<Output = Result<(), E>>,
{
    let Some(running) = task.as_mut().as_pin_mut() else { return Poll::Ready(()) };
    if member.shared.is_given_up() {
        return Poll::Ready(());
    }
    let Poll::Ready(result) = running.poll(context) else { return member.sleep(context.waker()) };
    task.set(None);
    if let Err(error) = result {
        member.shared.fail(Failure::Error(error));
    }
    Poll::Ready(())
}
// ANCHOR_END: poll

/// One count of the group, from the start of a task to its end.
struct Member<E> {
    shared: Arc<Shared<E>>,
    /// Where the task's waker is, if it has ever slept.
    bed: Option<Bed>,
}

impl<E> Member<E> {
    fn of(group: &Arc<Shared<E>>) -> Self {
        group.enter();
        Self { shared: group.clone(), bed: None }
    }

    /// Makes sure that the group can wake the task; ready where there is no group any more.
    fn sleep(&mut self, waker: &Waker) -> Poll<()> {
        // Once is enough: a task keeps the waker that it was spawned with.
        if self.bed.is_none() {
            self.bed = self.shared.lie_down(waker.clone());
        }
        if self.bed.is_some() { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl<E> Drop for Member<E> {
    fn drop(&mut self) {
        if let Some(bed) = self.bed {
            drop(self.shared.get_up(bed));
        }
        self.shared.leave();
    }
}
