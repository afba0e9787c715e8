//! What others bring along, destructors and wakers, may panic and may come back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::{future::Future, pin::Pin};

use futures::{FutureExt, Stream};
use patterns::channel::{self, Receiver};

use crate::support::{Census, Payload, Polled, within_deadline};

/// Does `act` when it is woken, and again when its last clone is dropped.
struct Acting<F: Fn()>(F);

impl<F: Fn() + Send + Sync + 'static> Acting<F> {
    fn waker(act: F) -> Waker {
        Waker::from(Arc::new(Self(act)))
    }
}

impl<F: Fn() + Send + Sync + 'static> Wake for Acting<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

impl<F: Fn()> Drop for Acting<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

struct Panicking;

impl Wake for Panicking {
    fn wake(self: Arc<Self>) {
        panic!("this waker panics");
    }
}

/// Polls once with `waker`, and says that it must be pending.
fn wait_with<F: Future + Unpin>(future: &mut F, waker: &Waker) {
    assert!(Pin::new(future).poll(&mut Context::from_waker(waker)).is_pending());
}

fn panics(body: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(body)).is_err(), "it should have panicked");
}

/// A value whose destructor does something.
struct Dropping<F: FnMut()>(F);

impl<F: FnMut()> Drop for Dropping<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn a_value_that_panics_when_dropped_keeps_no_other_from_being_dropped() {
    within_deadline(|| {
        struct Bomb(bool, #[expect(dead_code)] Payload);
        impl Drop for Bomb {
            fn drop(&mut self) {
                assert!(!self.0, "this value panics");
            }
        }
        let census = Census::default();
        let (tx, rx) = channel::bounded(3);
        for i in 0..3 {
            assert!(tx.try_send(Bomb(i == 1, census.payload(i))).is_ok());
        }
        let waiting = Polled::new(tx.send(Bomb(false, census.payload(3)))).pending();
        panics(|| drop(rx));
        assert_eq!(census.alive(), 1, "all that were queued are gone");
        assert_eq!(waiting.wakes(), 1, "who waits hears that nobody will receive");
        assert!(waiting.ready().is_err());
        assert!(tx.is_closed(), "the channel answers still");
    });
}

#[test]
fn a_value_may_use_the_channel_while_it_is_dropped() {
    within_deadline(|| {
        type Value = Dropping<Box<dyn FnMut() + Send>>;
        let (tx, rx) = channel::bounded::<Value>(2);
        let closed_sends = Arc::new(AtomicUsize::new(0));
        for _ in 0..2 {
            let (own, closed_sends) = (tx.clone(), closed_sends.clone());
            let on_drop = move || {
                let refused = own.try_send(Dropping(Box::new(|| {}))).is_err();
                closed_sends.fetch_add(usize::from(refused), SeqCst);
            };
            assert!(tx.try_send(Dropping(Box::new(on_drop))).is_ok());
        }
        drop(rx);
        assert_eq!(closed_sends.load(SeqCst), 2, "each asked the channel, which is closed");
    });
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_asleep() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded::<u8>(1);
        let mut first = rx.recv();
        wait_with(&mut first, &Waker::from(Arc::new(Panicking)));
        let others = [(); 2].map(|()| Polled::new(rx.recv()).pending());
        panics(|| _ = tx.close());
        assert_eq!(others.map(|other| other.wakes()), [1, 1], "the others were due as well");
    });
}

#[test]
fn a_waker_that_panics_loses_no_value() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        let mut first = rx.recv();
        wait_with(&mut first, &Waker::from(Arc::new(Panicking)));
        let second = Polled::new(rx.recv()).pending();
        panics(|| _ = tx.try_send(1));
        drop(first);
        assert_eq!(second.wakes(), 1, "the promise of the first is passed on");
        assert_eq!(second.ready(), Ok(1));
    });
}

#[test]
fn a_waker_may_use_the_channel_that_wakes_it() {
    within_deadline(|| {
        let (tx, rx) = channel::bounded(1);
        let (others_tx, others_rx) = (tx.clone(), rx.clone());
        let took = Arc::new(Mutex::new(Vec::new()));
        let taken = took.clone();
        let waker = Acting::waker(move || {
            if let Ok(value) = others_rx.try_recv() {
                taken.lock().unwrap().push(value);
            }
            assert!(others_tx.len() <= 1);
        });
        let mut recv = rx.recv();
        wait_with(&mut recv, &waker);
        tx.try_send(1).unwrap();
        assert_eq!(*took.lock().unwrap(), [], "it was promised to the future, not the waker");
        assert_eq!(recv.now_or_never(), Some(Ok(1)));

        tx.try_send(2).unwrap();
        let mut send = tx.send(3);
        wait_with(&mut send, &waker);
        assert_eq!(rx.try_recv(), Ok(2));
        assert_eq!(send.now_or_never(), Some(Ok(())));
        drop(waker);
        assert_eq!(*took.lock().unwrap(), [3], "the last clone of the waker looked again");
    });
}

#[test]
fn a_waker_is_never_dropped_under_the_lock() {
    within_deadline(|| {
        for capacity in [0, 1] {
            let (tx, rx) = channel::bounded(capacity);
            (0..capacity).for_each(|_| tx.try_send(0).unwrap());
            let drops = Arc::new(AtomicUsize::new(0));
            let looking = || {
                let (tx, drops) = (tx.clone(), drops.clone());
                // Asking anything of the channel would block here if the lock were held.
                Acting::waker(move || _ = drops.fetch_add(usize::from(tx.len() < 9), SeqCst))
            };
            let mut send = tx.send(1);
            wait_with(&mut send, &looking());
            wait_with(&mut send, &looking());
            assert_eq!(drops.load(SeqCst), 1, "a poll from elsewhere drops the old waker");
            drop(send);
            assert_eq!(drops.load(SeqCst), 2, "a cancelled send drops its waker");
            let mut reserve = tx.reserve();
            wait_with(&mut reserve, &looking());
            drop(reserve);
            (0..capacity).for_each(|_| assert_eq!(rx.try_recv(), Ok(0)));
            let mut recv = rx.recv();
            wait_with(&mut recv, &looking());
            wait_with(&mut recv, &looking());
            drop(recv);
            assert_eq!(drops.load(SeqCst), 5);
            let mut stream = rx.clone();
            let stream_waits = |stream: &mut Receiver<u32>, waker: &Waker| {
                let mut cx = Context::from_waker(waker);
                assert!(Pin::new(stream).poll_next(&mut cx).is_pending());
            };
            stream_waits(&mut stream, &looking());
            stream_waits(&mut stream, &looking());
            drop(stream);
            assert_eq!(drops.load(SeqCst), 7);
        }
    });
}
