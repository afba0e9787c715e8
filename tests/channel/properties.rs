//! Any script of operations runs as a sequential model says.
//!
//! The model keeps no promises: who has been called follows from what there is. The first
//! `room` of the senders in line have, and the first `on_offer` of the receivers.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::Stream;
use patterns::channel::{self, Closed, RecvError, SendError, TryRecvError, TrySendError};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::{Census, Payload, Polled, Wakes, cases, within_deadline};

/// One step of a script. A number picks one of those that exist, modulo how many there are.
#[derive(Debug, Clone, Copy)]
enum Step {
    Send,
    Reserve,
    Recv,
    PollSend(usize),
    PollReserve(usize),
    PollRecv(usize),
    DropSend(usize),
    DropReserve(usize),
    DropRecv(usize),
    TrySend,
    TryRecv,
    FillSlot(usize),
    DropSlot(usize),
    NewStream,
    PollStream(usize),
    DropStream(usize),
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    let pick = 0_usize..8;
    prop_oneof![
        6 => Just(Step::Send),
        2 => Just(Step::Reserve),
        6 => Just(Step::Recv),
        4 => pick.clone().prop_map(Step::PollSend),
        3 => pick.clone().prop_map(Step::PollReserve),
        4 => pick.clone().prop_map(Step::PollRecv),
        2 => pick.clone().prop_map(Step::DropSend),
        1 => pick.clone().prop_map(Step::DropReserve),
        2 => pick.clone().prop_map(Step::DropRecv),
        2 => Just(Step::TrySend),
        2 => Just(Step::TryRecv),
        2 => pick.clone().prop_map(Step::FillSlot),
        1 => pick.clone().prop_map(Step::DropSlot),
        1 => Just(Step::NewStream),
        2 => pick.clone().prop_map(Step::PollStream),
        1 => pick.prop_map(Step::DropStream),
        1 => Just(Step::Close),
    ]
}

/// Someone who waits to send; at capacity 0, with the value.
struct Waiting {
    id: u64,
    offer: Option<u64>,
}

/// What the channel should be like.
struct Model {
    capacity: usize,
    ring: VecDeque<u64>,
    slots: usize,
    senders: Vec<Waiting>,
    receivers: Vec<u64>,
    /// How many streams wait and have not been woken: as observed.
    streams: usize,
    /// Sends whose value was taken at capacity 0, and that have not been told.
    served: Vec<u64>,
    closed: bool,
}

impl Model {
    fn finished(&self) -> bool {
        self.closed && self.ring.is_empty() && self.slots == 0
    }

    fn limit(&self) -> usize {
        if self.capacity == 0 { self.receivers.len() + self.streams } else { self.capacity }
    }

    fn room(&self) -> usize {
        self.limit().saturating_sub(self.ring.len() + self.slots)
    }

    fn called_senders(&self) -> usize {
        self.room().min(self.senders.len())
    }

    fn on_offer(&self) -> usize {
        let called = &self.senders[..self.called_senders()];
        self.ring.len() + called.iter().filter(|sender| sender.offer.is_some()).count()
    }

    fn called_receivers(&self) -> usize {
        if self.finished() {
            self.receivers.len()
        } else {
            self.on_offer().min(self.receivers.len())
        }
    }

    fn is_called_sender(&self, id: u64) -> bool {
        self.senders[..self.called_senders()].iter().any(|sender| sender.id == id)
    }

    fn is_called_receiver(&self, id: u64) -> bool {
        self.receivers[..self.called_receivers()].contains(&id)
    }

    fn admits_sender(&self) -> bool {
        self.senders.len() < self.room()
    }

    fn admits_receiver(&self) -> bool {
        let next = self.senders.get(self.called_senders());
        let next = usize::from(next.is_some_and(|sender| sender.offer.is_some()));
        self.finished() || self.on_offer() + next > self.receivers.len()
    }

    fn admits_visitor(&self) -> bool {
        let called = &self.senders[..self.called_senders()];
        let reserved = called.iter().filter(|sender| sender.offer.is_none()).count() + self.slots;
        let to_come = if self.capacity == 0 { reserved } else { 0 };
        let offers = self.senders.iter().filter(|sender| sender.offer.is_some()).count();
        let there = self.ring.len() + offers;
        self.finished() || there > self.called_receivers() && there + to_come > self.receivers.len()
    }

    fn take(&mut self) -> Result<u64, RecvError> {
        if let Some(value) = self.ring.pop_front() {
            return Ok(value);
        }
        let offering = self.senders.iter().position(|sender| sender.offer.is_some());
        let sender = self.senders.remove(offering.ok_or(RecvError)?);
        self.served.push(sender.id);
        Ok(sender.offer.expect("it was found by its offer"))
    }

    /// What a poll of a send must give. `value` is its own, `None` is pending.
    fn poll_send(&mut self, id: u64, value: u64) -> Option<Result<(), SendError<u64>>> {
        if let Some(place) = self.served.iter().position(|served| *served == id) {
            self.served.remove(place);
            return Some(Ok(()));
        }
        if self.closed {
            return Some(Err(SendError(value)));
        }
        let offer = (self.capacity == 0).then_some(value);
        if !self.gets_slot(id, offer) || offer.is_some() {
            return None;
        }
        self.ring.push_back(value);
        Some(Ok(()))
    }

    fn poll_reserve(&mut self, id: u64) -> Option<Result<(), Closed>> {
        if self.closed {
            return Some(Err(Closed));
        }
        self.gets_slot(id, None).then(|| {
            self.slots += 1;
            Ok(())
        })
    }

    /// Whether it is the turn of `id`, which then is out of line; if not, it is in line.
    fn gets_slot(&mut self, id: u64, offer: Option<u64>) -> bool {
        let in_line = self.senders.iter().any(|sender| sender.id == id);
        let turn = if in_line { self.is_called_sender(id) } else { self.admits_sender() };
        if offer.is_none() && turn {
            self.senders.retain(|sender| sender.id != id);
        } else if !in_line {
            self.senders.push(Waiting { id, offer });
        }
        turn
    }

    fn poll_recv(&mut self, id: u64) -> Option<Result<u64, RecvError>> {
        let in_line = self.receivers.contains(&id);
        let turn = if in_line { self.is_called_receiver(id) } else { self.admits_receiver() };
        if turn {
            // Its offer is found before its own place in line is gone.
            let taken = self.take();
            self.receivers.retain(|receiver| *receiver != id);
            return Some(taken);
        }
        if !in_line {
            self.receivers.push(id);
        }
        None
    }

    fn close(&mut self) {
        self.closed = true;
        self.senders.clear();
    }
}

/// A stream with its waker.
struct Streaming {
    stream: channel::Receiver<Payload>,
    wakes: Arc<Wakes>,
    /// The wakes at its last pending poll.
    asked_at: Option<usize>,
}

impl Streaming {
    fn waits(&self) -> bool {
        self.asked_at == Some(self.wakes.count())
    }
}

/// A future, with the number by which the model knows it.
struct Live<F: Future> {
    id: u64,
    polled: Polled<F>,
    /// The wakes at its last pending poll.
    asked_at: Option<usize>,
}

impl<F: Future> Live<F> {
    fn new(id: u64, future: F) -> Self {
        Self { id, polled: Polled::new(future), asked_at: None }
    }

    fn poll(&mut self) -> Option<F::Output> {
        let wakes = self.polled.wakes();
        match self.polled.poll() {
            Poll::Ready(output) => Some(output),
            Poll::Pending => {
                self.asked_at = Some(wakes);
                None
            }
        }
    }

    fn sleeps(&self) -> bool {
        self.asked_at == Some(self.polled.wakes())
    }
}

/// Polls one of them, or the last; keeps it while it is pending. Gives its number and its output.
fn poll_one<F: Future>(live: &mut Vec<Live<F>>, at: usize) -> Option<(u64, Option<F::Output>)> {
    let at = at.checked_rem(live.len())?;
    let output = live[at].poll();
    let id = live[at].id;
    if output.is_some() {
        live.remove(at);
    }
    Some((id, output))
}

fn remove_one<T>(all: &mut Vec<T>, at: usize) -> Option<T> {
    Some(all.remove(at.checked_rem(all.len())?))
}

fn number(payload: Payload) -> u64 {
    payload.value
}

fn play(capacity: Option<usize>, script: &[Step]) {
    let census = Census::default();
    let (tx, rx) = capacity.map_or_else(channel::unbounded, channel::bounded);
    let mut model = Model {
        capacity: capacity.unwrap_or(usize::MAX),
        ring: VecDeque::new(),
        slots: 0,
        senders: Vec::new(),
        receivers: Vec::new(),
        streams: 0,
        served: Vec::new(),
        closed: false,
    };
    let (mut sends, mut reserves, mut recvs) = (Vec::new(), Vec::new(), Vec::new());
    let (mut slots, mut streams) = (Vec::new(), Vec::<Streaming>::new());
    for (id, step) in (0..).zip(script.iter().copied()) {
        match step {
            Step::Send => sends.push(Live::new(id, tx.send(census.payload(id)))),
            Step::Reserve => reserves.push(Live::new(id, tx.reserve())),
            Step::Recv => recvs.push(Live::new(id, rx.recv())),
            _ => {}
        }
        match step {
            Step::Send | Step::PollSend(_) => {
                let at = if let Step::PollSend(at) = step { at } else { sends.len() - 1 };
                if let Some((id, output)) = poll_one(&mut sends, at) {
                    let output =
                        output.map(|sent| sent.map_err(|error| SendError(number(error.0))));
                    assert_eq!(output, model.poll_send(id, id), "send {id}");
                }
            }
            Step::Reserve | Step::PollReserve(_) => {
                let at = if let Step::PollReserve(at) = step { at } else { reserves.len() - 1 };
                if let Some((id, output)) = poll_one(&mut reserves, at) {
                    let output = output.map(|reserved| reserved.map(|slot| slots.push(slot)));
                    assert_eq!(output, model.poll_reserve(id), "reserve {id}");
                }
            }
            Step::Recv | Step::PollRecv(_) => {
                let at = if let Step::PollRecv(at) = step { at } else { recvs.len() - 1 };
                if let Some((id, output)) = poll_one(&mut recvs, at) {
                    let output = output.map(|received| received.map(number));
                    assert_eq!(output, model.poll_recv(id), "recv {id}");
                }
            }
            Step::DropSend(at) => {
                if let Some(send) = remove_one(&mut sends, at) {
                    model.senders.retain(|sender| sender.id != send.id);
                    model.served.retain(|served| *served != send.id);
                }
            }
            Step::DropReserve(at) => {
                if let Some(reserve) = remove_one(&mut reserves, at) {
                    model.senders.retain(|sender| sender.id != reserve.id);
                }
            }
            Step::DropRecv(at) => {
                if let Some(recv) = remove_one(&mut recvs, at) {
                    model.receivers.retain(|receiver| *receiver != recv.id);
                }
            }
            Step::TrySend => {
                let expected = match (model.closed, model.admits_sender()) {
                    (true, _) => Err(TrySendError::Closed(id)),
                    (false, false) => Err(TrySendError::Full(id)),
                    (false, true) => {
                        model.ring.push_back(id);
                        Ok(())
                    }
                };
                let sent = tx.try_send(census.payload(id)).map_err(|error| match error {
                    TrySendError::Full(value) => TrySendError::Full(number(value)),
                    TrySendError::Closed(value) => TrySendError::Closed(number(value)),
                });
                assert_eq!(sent, expected, "try_send");
            }
            Step::TryRecv => {
                let expected = match model.admits_visitor() {
                    true => model.take().map_err(|RecvError| TryRecvError::Closed),
                    false => Err(TryRecvError::Empty),
                };
                assert_eq!(rx.try_recv().map(number), expected, "try_recv");
            }
            Step::FillSlot(at) => {
                if let Some(slot) = remove_one(&mut slots, at) {
                    assert!(slot.send(census.payload(id)).is_ok(), "a receiver is left");
                    model.slots -= 1;
                    model.ring.push_back(id);
                }
            }
            Step::DropSlot(at) => {
                if remove_one(&mut slots, at).is_some() {
                    model.slots -= 1;
                }
            }
            Step::NewStream => {
                let (stream, wakes) = (rx.clone(), Arc::default());
                streams.push(Streaming { stream, wakes, asked_at: None });
            }
            Step::PollStream(at) if !streams.is_empty() => {
                let at = at % streams.len();
                let Streaming { stream, wakes, asked_at } = &mut streams[at];
                let expected = match model.admits_visitor() {
                    true => Poll::Ready(model.take().ok()),
                    false => Poll::Pending,
                };
                let waker = Waker::from(wakes.clone());
                let before = wakes.count();
                let next = Pin::new(stream).poll_next(&mut Context::from_waker(&waker));
                *asked_at = next.is_pending().then_some(before);
                assert_eq!(next.map(|value| value.map(number)), expected, "stream");
            }
            Step::PollStream(_) => {}
            Step::DropStream(at) => drop(remove_one(&mut streams, at)),
            Step::Close => {
                assert_eq!(tx.close(), !model.closed);
                model.close();
            }
        }
        model.streams = streams.iter().filter(|stream| stream.waits()).count();
        for send in sends.iter().filter(|send| send.asked_at.is_some()) {
            let due = model.closed
                || model.served.contains(&send.id)
                || model.capacity > 0 && model.is_called_sender(send.id);
            assert!(!(due && send.sleeps()), "send {} sleeps through its turn", send.id);
        }
        for reserve in reserves.iter().filter(|reserve| reserve.asked_at.is_some()) {
            let due = model.closed || model.is_called_sender(reserve.id);
            assert!(!(due && reserve.sleeps()), "reserve {} sleeps through its turn", reserve.id);
        }
        for recv in recvs.iter().filter(|recv| recv.asked_at.is_some()) {
            let due = model.is_called_receiver(recv.id);
            assert!(!(due && recv.sleeps()), "recv {} sleeps through its turn", recv.id);
        }
        assert!(!(model.admits_visitor() && model.streams > 0), "a stream sleeps through a value");
        assert_eq!((tx.len(), rx.is_closed()), (model.ring.len(), model.closed));
        let full = model.ring.len() + model.slots + model.called_senders() >= model.capacity;
        assert_eq!(rx.is_full(), full);
    }
    drop((sends, reserves, recvs, slots, streams));
    drop((tx, rx));
    assert_eq!(census.alive(), 0, "every value has gone somewhere, once");
}

#[test]
fn any_script_runs_as_the_sequential_model_says() {
    within_deadline(|| {
        let config = cases(256, 2);
        let capacity = prop_oneof![
            2 => Just(Some(0)),
            4 => (1_usize..=4).prop_map(Some),
            1 => Just(None),
        ];
        let script = vec(step(), 1..60);
        proptest!(config, |(capacity in capacity, script in script)| play(capacity, &script));
    });
}
