//! Random scripts over several requests at once, against a sequential model that predicts every
//! answer, every wake-up and every count.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Poll;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use patterns::semaphore::{Closed, OwnedPermit, Permit, Semaphore, TryAcquireError};
use proptest::prelude::*;

use crate::support::{Polled, cases, within_deadline};

#[derive(Debug, Clone)]
enum Step {
    /// Makes a request of so many permits; it has not been polled.
    Make {
        need: usize,
        owned: bool,
    },
    /// Polls one of the requests.
    Poll(usize),
    /// Drops one of the requests, wherever it stands.
    Cancel(usize),
    /// Drops one of the permits.
    Release(usize),
    Forget(usize),
    Try(usize),
    Add(usize),
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..4usize, any::<bool>()).prop_map(|(need, owned)| Step::Make { need, owned }),
        10 => (0..8usize).prop_map(Step::Poll),
        3 => (0..8usize).prop_map(Step::Cancel),
        6 => (0..8usize).prop_map(Step::Release),
        1 => (0..8usize).prop_map(Step::Forget),
        3 => (0..4usize).prop_map(Step::Try),
        2 => (0..4usize).prop_map(Step::Add),
        1 => Just(Step::Close),
    ]
}

enum Held<'a> {
    Borrowed(Permit<'a>),
    Owned(OwnedPermit),
}

impl Held<'_> {
    fn forget(self) {
        match self {
            Self::Borrowed(permit) => permit.forget(),
            Self::Owned(permit) => permit.forget(),
        }
    }
}

/// Where a request stands, as the model sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Unasked,
    InLine,
    Granted,
    Refused,
}

struct Request<'a> {
    future: Polled<LocalBoxFuture<'a, Result<Held<'a>, Closed>>>,
    id: usize,
    need: usize,
}

/// The whole semaphore, one step at a time.
#[derive(Default)]
struct Model {
    free: usize,
    closed: bool,
    line: VecDeque<usize>,
    /// By request: what it needs, and where it stands.
    requests: Vec<(usize, Stand)>,
}

impl Model {
    fn ask(&mut self, id: usize) {
        let need = self.requests[id].0;
        self.requests[id].1 = match () {
            () if self.closed => Stand::Refused,
            () if need == 0 || (self.line.is_empty() && need <= self.free) => {
                self.free -= need;
                Stand::Granted
            }
            () => {
                self.line.push_back(id);
                Stand::InLine
            }
        };
    }

    fn release(&mut self, n: usize) {
        self.free += n;
        self.serve();
    }

    fn serve(&mut self) {
        while let Some(first) = self.line.front().copied()
            && self.requests[first].0 <= self.free
        {
            self.free -= self.requests[first].0;
            self.requests[first].1 = Stand::Granted;
            self.line.pop_front();
        }
    }

    fn cancel(&mut self, id: usize) {
        match self.requests[id] {
            (need, Stand::Granted) => self.release(need),
            (_, Stand::InLine) => {
                self.line.retain(|other| *other != id);
                self.serve();
            }
            _ => {}
        }
    }

    fn close(&mut self) {
        self.closed = true;
        for id in self.line.drain(..) {
            self.requests[id].1 = Stand::Refused;
        }
    }

    fn try_acquire(&mut self, need: usize) -> Result<(), TryAcquireError> {
        if self.closed {
            Err(TryAcquireError::Closed)
        } else if need == 0 || (self.line.is_empty() && need <= self.free) {
            self.free -= need;
            Ok(())
        } else {
            Err(TryAcquireError::NoPermits)
        }
    }
}

fn play(permits: usize, script: &[Step]) {
    let semaphore = Arc::new(Semaphore::new(permits));
    let mut model = Model { free: permits, ..Model::default() };
    let mut open: Vec<Request<'_>> = Vec::new();
    let mut held: Vec<(Held<'_>, usize)> = Vec::new();
    for step in script {
        match *step {
            Step::Make { need, owned } => {
                let future = if owned {
                    let acquire = semaphore.clone().acquire_many_owned(need);
                    acquire.map(|permit| permit.map(Held::Owned)).boxed_local()
                } else {
                    let acquire = semaphore.acquire_many(need);
                    acquire.map(|permit| permit.map(Held::Borrowed)).boxed_local()
                };
                let id = model.requests.len();
                model.requests.push((need, Stand::Unasked));
                open.push(Request { future: Polled::new(future), id, need });
            }
            Step::Poll(which) if !open.is_empty() => {
                let which = which % open.len();
                let Request { future, id, need } = &mut open[which];
                if model.requests[*id].1 == Stand::Unasked {
                    model.ask(*id);
                }
                let (id, need) = (*id, *need);
                match (future.poll(), model.requests[id].1) {
                    (Poll::Pending, Stand::InLine) => {}
                    (Poll::Ready(Ok(permit)), Stand::Granted) => {
                        open.remove(which);
                        held.push((permit, need));
                    }
                    (Poll::Ready(Err(Closed)), Stand::Refused) => drop(open.remove(which)),
                    (answer, stand) => {
                        let answer = answer.map(|permit| permit.map(|_| "a permit"));
                        panic!("{step:?} of request {id}: {answer:?}, but it is {stand:?}");
                    }
                }
            }
            Step::Cancel(which) if !open.is_empty() => {
                let request = open.remove(which % open.len());
                model.cancel(request.id);
            }
            Step::Release(which) if !held.is_empty() => {
                let (permit, count) = held.remove(which % held.len());
                drop(permit);
                model.release(count);
            }
            Step::Forget(which) if !held.is_empty() => {
                let (permit, _) = held.remove(which % held.len());
                permit.forget();
            }
            Step::Try(need) => {
                let permit = semaphore.try_acquire_many(need);
                let expected = model.try_acquire(need);
                let answer = permit.as_ref().map(drop).map_err(|refused| *refused);
                assert_eq!(answer, expected, "{step:?}");
                held.extend(permit.map(|permit| (Held::Borrowed(permit), need)));
            }
            Step::Add(n) => {
                semaphore.add_permits(n);
                model.release(n);
            }
            Step::Close => {
                semaphore.close();
                model.close();
            }
            _ => {}
        }
        let counts = (semaphore.available_permits(), semaphore.waiting(), semaphore.is_closed());
        assert_eq!(counts, (model.free, model.line.len(), model.closed), "after {step:?}");
        for request in &open {
            let stand = model.requests[request.id].1;
            let due = usize::from(matches!(stand, Stand::Granted | Stand::Refused));
            assert_eq!(
                request.future.wakes(),
                due,
                "after {step:?}: wake-ups of request {}, which is {stand:?}",
                request.id
            );
        }
    }
}

#[test]
fn any_script_runs_as_the_sequential_model_says() {
    within_deadline(|| {
        let config = cases(256, 2);
        let script = proptest::collection::vec(step(), 1..60);
        proptest!(config, |(permits in 0..5usize, script in script)| play(permits, &script));
    });
}
