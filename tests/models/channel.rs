//! Every interleaving of send, receive, cancel and close, for each invariant of the channel.

use futures::{FutureExt, StreamExt};
use loomscope::task::block_on;
use loomscope::time::Duration;
use loomscope::{Model, thread};
use patterns::channel::{self, RecvError, RecvTimeoutError, SendTimeoutError, Sender};

/// Long, or over at any moment: in models the explorer decides.
const LIMIT: Duration = Duration::from_secs(1);

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/channel")
}

/// Sends one value from a thread of its own.
fn sender(tx: Sender<u32>, value: u32) -> thread::JoinHandle<()> {
    thread::spawn_named("sender", move || block_on(tx.send(value)).unwrap())
}

#[test]
fn a_value_is_never_missed() {
    model("I5: a value that comes while a receiver joins the line wakes it").check(|| {
        let (tx, rx) = channel::bounded(1);
        let sender = sender(tx, 7);
        assert_eq!(block_on(rx.recv()), Ok(7), "I1: what was sent is received");
        sender.join().unwrap();
    });
}

#[test]
fn room_is_never_missed() {
    model("I5: room that is made while a sender joins the line wakes it").check(|| {
        let (tx, rx) = channel::bounded(1);
        tx.try_send(1).unwrap();
        let sender = sender(tx, 2);
        assert_eq!(rx.recv_blocking(), Ok(1));
        assert_eq!(rx.recv_blocking(), Ok(2), "I2: in the order in which they were sent");
        sender.join().unwrap();
    });
}

#[test]
fn each_of_two_receivers_gets_one_of_two_values() {
    model("I1: each value to one receiver, and none sleeps on").check(|| {
        let (tx, rx) = channel::bounded(2);
        let receivers = ["first", "second"].map(|name| {
            let rx = rx.clone();
            thread::spawn_named(name, move || block_on(rx.recv()).unwrap())
        });
        tx.try_send(1).unwrap();
        tx.try_send(2).unwrap();
        let received = receivers.map(|receiver| receiver.join().unwrap());
        assert_eq!(received.iter().sum::<u32>(), 3, "I1: {received:?} of 1 and 2");
    });
}

#[test]
fn two_senders_share_one_slot() {
    model("I3: never more values than slots, and none is lost").check(|| {
        let (tx, rx) = channel::bounded(1);
        let senders = [1, 2].map(|value| sender(tx.clone(), value));
        let received = [rx.recv_blocking().unwrap(), rx.recv_blocking().unwrap()];
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        assert_eq!(received.iter().sum::<u32>(), 3, "I1: {received:?} of 1 and 2");
        assert!(tx.is_empty(), "I3: there was one slot");
    });
}

#[test]
fn a_free_slot_is_filled_once() {
    model("I3: two who do not wait, and one slot").check(|| {
        let (tx, rx) = channel::bounded(1);
        let theirs = tx.clone();
        let other = thread::spawn_named("other", move || theirs.try_send(1).is_ok());
        let ours = tx.try_send(2).is_ok();
        let theirs = other.join().unwrap();
        assert!(ours ^ theirs, "I3: one of them found the slot free");
        assert_eq!(rx.try_recv(), Ok(if ours { 2 } else { 1 }), "I1: and its value is here");
        assert!(rx.is_empty());
    });
}

#[test]
fn a_cancelled_recv_loses_no_value() {
    model("I1: a value promised to a receive that is dropped is there for the next").check(|| {
        let (tx, rx) = channel::bounded(1);
        let sender = sender(tx, 7);
        let early = rx.recv().now_or_never();
        let received = early.unwrap_or_else(|| block_on(rx.recv()));
        assert_eq!(received, Ok(7), "I1: the value is received, once");
        sender.join().unwrap();
    });
}

#[test]
fn a_cancelled_recv_passes_its_call_on() {
    model("I5: the next in line hears of a value that was given back").check(|| {
        let (tx, rx) = channel::bounded(1);
        let theirs = rx.clone();
        let mut recv = rx.recv();
        assert!((&mut recv).now_or_never().is_none());
        let other = thread::spawn_named("other", move || block_on(theirs.recv()));
        let sender = sender(tx, 7);
        drop(recv);
        assert_eq!(other.join().unwrap(), Ok(7), "I1: the value went to the next in line");
        sender.join().unwrap();
    });
}

#[test]
fn a_cancelled_send_has_sent_nothing_or_everything() {
    model("I1: a send that was dropped in line has had no effect").check(|| {
        let (tx, rx) = channel::bounded(1);
        tx.try_send(1).unwrap();
        let receiver = thread::spawn_named("receiver", move || {
            assert_eq!(rx.recv_blocking(), Ok(1));
            rx.recv_blocking()
        });
        let sent = tx.send(2).now_or_never().is_some();
        drop(tx);
        let next = if sent { Ok(2) } else { Err(RecvError) };
        assert_eq!(receiver.join().unwrap(), next, "I1: sent says {sent}");
    });
}

#[test]
fn a_cancelled_reservation_passes_its_slot_on() {
    model("I5: the next in line hears of a slot that was given back").check(|| {
        let (tx, rx) = channel::bounded(1);
        tx.try_send(1).unwrap();
        let mut reserve = tx.reserve();
        assert!((&mut reserve).now_or_never().is_none());
        let sender = sender(tx.clone(), 2);
        let receiver = thread::spawn_named("receiver", move || {
            assert_eq!(rx.recv_blocking(), Ok(1));
            rx
        });
        drop(reserve);
        sender.join().unwrap();
        assert_eq!(receiver.join().unwrap().try_recv(), Ok(2));
    });
}

#[test]
fn a_close_wakes_who_receives() {
    model("I7: receivers drain and then see the end, whenever it comes").check(|| {
        let (tx, rx) = channel::bounded(1);
        let closer = thread::spawn_named("closer", move || {
            let sent = tx.try_send(1);
            tx.close();
            sent
        });
        assert_eq!(block_on(rx.recv()), Ok(1), "I7: what is queued comes before the end");
        assert_eq!(block_on(rx.recv()), Err(RecvError));
        closer.join().unwrap().unwrap();
    });
}

#[test]
fn a_close_fails_who_sends() {
    model("I7: a send that meets the close is received, or gives its value back").check(|| {
        let (tx, rx) = channel::bounded(1);
        tx.try_send(1).unwrap();
        let theirs = tx.clone();
        let sender = thread::spawn_named("sender", move || block_on(theirs.send(2)));
        let first = rx.try_recv();
        tx.close();
        assert_eq!(first, Ok(1));
        let sent = sender.join().unwrap().map_err(|error| error.0);
        let next = rx.recv_blocking();
        match sent {
            Ok(()) => assert_eq!(next, Ok(2), "I7: it was sent before the close"),
            Err(value) => assert_eq!((value, next), (2, Err(RecvError))),
        }
    });
}

#[test]
fn the_last_receiver_leaves_no_sender_waiting() {
    model("I5: a sender in line hears that nobody will receive").check(|| {
        let (tx, rx) = channel::bounded(1);
        tx.try_send(1).unwrap();
        let leaver = thread::spawn_named("leaver", move || drop(rx));
        assert!(block_on(tx.send(2)).is_err());
        leaver.join().unwrap();
    });
}

#[test]
fn a_rendezvous_ends_when_the_value_is_taken() {
    model("I6: a send at capacity 0 ends when a receiver has taken the value").check(|| {
        let (tx, rx) = channel::bounded(0);
        let receiver = thread::spawn_named("receiver", move || {
            // The first attempt is dropped: a receiver that was there is not one that has taken.
            let early = rx.recv().now_or_never();
            let received = early.unwrap_or_else(|| rx.try_recv().or(Err(RecvError)));
            (received, rx)
        });
        let sent = tx.send(7).now_or_never();
        let (received, rx) = receiver.join().unwrap();
        match received {
            Ok(value) => assert_eq!(value, 7),
            Err(_) => assert_eq!(sent, None, "I6: sent, and nobody has it"),
        }
        assert!(rx.is_empty(), "I3: a rendezvous holds nothing");
    });
}

#[test]
fn two_meet_at_a_rendezvous() {
    model("I5: neither side of a rendezvous sleeps through the other").check(|| {
        let (tx, rx) = channel::bounded(0);
        let sender = sender(tx, 7);
        assert_eq!(block_on(rx.recv()), Ok(7));
        sender.join().unwrap();
    });
}

#[test]
fn a_receivers_promise_is_kept_or_passed_on() {
    model("I5: a reservation at capacity 0 finds the receiver that stays").check(|| {
        let (tx, rx) = channel::bounded(0);
        let theirs = rx.clone();
        let receiver = thread::spawn_named("receiver", move || block_on(theirs.recv()));
        let _ = rx.recv().now_or_never();
        block_on(tx.reserve()).unwrap().send(7).unwrap();
        assert_eq!(receiver.join().unwrap(), Ok(7));
    });
}

#[test]
fn a_receive_whose_time_is_over_has_taken_nothing() {
    model("I1: a deadline that meets a value takes it or leaves it").check(|| {
        let (tx, rx) = channel::bounded(1);
        let sender = thread::spawn_named("sender", move || tx.send_blocking(7).unwrap());
        match rx.recv_timeout(LIMIT) {
            Ok(value) => assert_eq!(value, 7),
            Err(RecvTimeoutError::Timeout) => assert_eq!(rx.recv_blocking(), Ok(7), "I1: lost"),
            Err(RecvTimeoutError::Closed) => panic!("I7: the end came before the value"),
        }
        sender.join().unwrap();
    });
}

#[test]
fn a_send_whose_time_is_over_has_sent_nothing() {
    model("I1: a deadline that meets the taking gives the value back, or not at all").check(|| {
        let (tx, rx) = channel::bounded(0);
        let receiver = thread::spawn_named("receiver", move || block_on(rx.recv()));
        let sent = tx.send_timeout(7, LIMIT);
        drop(tx);
        let received = receiver.join().unwrap();
        match sent {
            Ok(()) => assert_eq!(received, Ok(7), "I6: it was taken"),
            Err(SendTimeoutError::Timeout(_)) => {
                assert_eq!(received, Err(RecvError), "I1: in two places");
            }
            Err(SendTimeoutError::Closed(_)) => panic!("I7: nobody has closed"),
        }
    });
}

#[test]
fn a_stream_and_a_receiver_strand_nothing_between_them() {
    model("I5: a stream that is dropped is promised nothing").check(|| {
        let (tx, rx) = channel::bounded(1);
        let mut stream = rx.clone();
        assert!(stream.next().now_or_never().is_none());
        let receiver = thread::spawn_named("receiver", move || block_on(rx.recv()));
        tx.try_send(7).unwrap();
        assert_eq!(receiver.join().unwrap(), Ok(7), "I1: the receiver gets it");
        drop(stream);
    });
}

#[test]
fn a_stream_never_misses_a_value() {
    model("I5: a value that comes while a stream asks wakes it").check(|| {
        let (tx, mut rx) = channel::bounded(1);
        let sender = thread::spawn_named("sender", move || tx.try_send(7).unwrap());
        assert_eq!(block_on(rx.next()), Some(7));
        assert_eq!(block_on(rx.next()), None, "I7: the last sender has left");
        sender.join().unwrap();
    });
}

#[test]
fn a_slot_outlives_the_close() {
    model("I7: the end waits for the slots that are held").check(|| {
        let (tx, rx) = channel::bounded(1);
        let closer = tx.clone();
        let slot = tx.reserve().now_or_never().unwrap().unwrap();
        let closer = thread::spawn_named("closer", move || closer.close());
        let receiver = thread::spawn_named("receiver", move || (rx.recv_blocking(), rx));
        slot.send(7).unwrap();
        let (received, _rx) = receiver.join().unwrap();
        assert_eq!(received, Ok(7));
        assert!(closer.join().unwrap());
    });
}
