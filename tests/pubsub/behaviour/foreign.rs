//! Code that is not the broker's, in clones, destructors and wakers: it may panic, and it may use the
//! broker, which holds no lock meanwhile.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};

use futures::Stream;
use patterns::pubsub::{Broker, Overflow, Replay, Subscribe, Subscription};

use crate::allocations;
use crate::scene::{SECOND, acked, broker, n, park, publish_all, taken};
use crate::support::{panic_of, within_deadline};

thread_local! {
    static CLONES_LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    static DROPS_FAIL: Cell<bool> = const { Cell::new(false) };
}

/// A payload whose clone panics after so many, and whose drop panics once, when it is told to.
#[derive(Debug)]
struct Touchy(u64);

impl Clone for Touchy {
    fn clone(&self) -> Self {
        match CLONES_LEFT.get() {
            Some(0) => {
                CLONES_LEFT.set(None);
                panic!("the clone's own");
            }
            left => CLONES_LEFT.set(left.map(|left| left - 1)),
        }
        Self(self.0)
    }
}

impl Drop for Touchy {
    fn drop(&mut self) {
        if DROPS_FAIL.take() && !std::thread::panicking() {
            // Without a report, which the harness would keep: the test below counts bytes.
            std::panic::resume_unwind(Box::new("the destructor's own"));
        }
    }
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("the waker's own");
    }
}

fn numbers(from: &mut Subscription<Touchy>) -> Vec<u64> {
    taken(from).iter().map(|payload| payload.0).collect()
}

fn poll_with<P: Clone>(one: &mut Subscription<P>, waker: impl Wake + Send + Sync + 'static) {
    let waker = Waker::from(Arc::new(waker));
    let polled = std::pin::Pin::new(one).poll_next(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
}

#[test]
fn a_clone_that_panics_costs_one_subscriber_one_message() {
    within_deadline(|| {
        let broker = Broker::new();
        let subscribe = || broker.subscribe(Subscribe::to("news")).unwrap();
        let (mut one, mut other) = (subscribe(), subscribe());
        let publish = |number| assert!(broker.publish("news", Touchy(number)).is_ok());
        (1..=3).for_each(publish);
        CLONES_LEFT.set(Some(1));
        assert_eq!(one.try_recv().unwrap().payload.0, 1);
        assert_eq!(panic_of(|| one.try_recv()), "the clone's own");
        (4..=5).for_each(publish);
        assert_eq!(numbers(&mut one), [3, 4, 5]);
        assert_eq!((numbers(&mut other), one.lagged()), (vec![1, 2, 3, 4, 5], 0));
    });
}

#[test]
fn where_a_message_has_to_be_acked_it_comes_again_after_a_clone_that_panicked() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut one = broker.subscribe(acked("jobs", 3)).unwrap();
        broker.publish("jobs", Touchy(1)).unwrap();
        CLONES_LEFT.set(Some(0));
        assert_eq!(panic_of(|| one.try_recv()), "the clone's own");
        assert!(one.try_recv().is_err());
        clock.advance(SECOND);
        let again = one.try_recv().unwrap();
        assert_eq!((again.payload.0, again.attempt), (1, 2));
        assert!(again.ack());
    });
}

#[test]
fn a_waker_that_panics_leaves_nobody_unwoken() {
    within_deadline(|| {
        let broker = Broker::new();
        let subscribe = |pattern| broker.subscribe(Subscribe::to(pattern)).unwrap();
        let mut first = subscribe("news");
        let mut touchy = [subscribe("news"), subscribe(">")];
        let (mut second, mut third) = (subscribe("news"), subscribe("*"));
        let wakes = park(&mut first);
        touchy.iter_mut().for_each(|one| poll_with(one, Panics));
        let others = [wakes, park(&mut second), park(&mut third)];
        assert_eq!(panic_of(|| broker.publish("news", 1)), "the waker's own");
        assert_eq!(others.each_ref().map(|wakes| wakes.count()), [1, 1, 1]);
        assert_eq!(broker.publish("news", 2).unwrap().matched, 5);
        for one in touchy.iter_mut().chain([&mut first, &mut second, &mut third]) {
            assert_eq!(taken(one), [1, 2]);
        }
    });
}

#[test]
fn a_waker_that_panics_at_the_end_leaves_nothing_undone() {
    within_deadline(|| {
        let broker = Broker::<u64>::new();
        let subscribe = || broker.subscribe(Subscribe::to("news")).unwrap();
        let (mut one, mut two, mut three) = (subscribe(), subscribe(), subscribe());
        poll_with(&mut one, Panics);
        assert_eq!(panic_of(|| broker.unsubscribe(one.id())), "the waker's own");
        assert!(one.end().is_some());
        assert_eq!(broker.publish("news", 1).unwrap().matched, 2);
        assert_eq!((taken(&mut two), taken(&mut three)), (vec![1], vec![1]));
        poll_with(&mut two, Panics);
        let wakes = park(&mut three);
        assert_eq!(panic_of(move || drop(broker)), "the waker's own");
        assert_eq!(wakes.count(), 1, "the last handle has gone");
        assert!(two.end().is_some() && three.end().is_some());
    });
}

#[test]
fn a_destructor_that_panics_leaves_the_broker_whole() {
    within_deadline(|| {
        let broker = Broker::builder().history(1).build();
        let subscribe = || broker.subscribe(Subscribe::to("news").capacity(n(1))).unwrap();
        let (mut one, mut other) = (subscribe(), subscribe());
        let publish = |number| broker.publish("news", Touchy(number));
        publish(1).unwrap();
        assert_eq!(numbers(&mut other), [1]);
        let wakes = park(&mut other);
        DROPS_FAIL.set(true);
        assert_eq!(panic_of(|| publish(2)), "the destructor's own");
        assert_eq!(wakes.count(), 1, "it was put there before");
        publish(3).unwrap();
        assert_eq!((numbers(&mut one), numbers(&mut other)), (vec![3], vec![3]));
        assert_eq!((one.lagged(), other.lagged()), (2, 1));

        let id = one.id();
        broker.publish("news", Touchy(4)).unwrap();
        broker.publish("history", Touchy(5)).unwrap();
        drop(other);
        DROPS_FAIL.set(true);
        assert_eq!(panic_of(|| broker.unsubscribe(id)), "the destructor's own");
        assert!(one.end().is_some() && !broker.unsubscribe(id));
        assert_eq!(publish(6).unwrap().matched, 0);
    });
}

#[test]
fn a_destructor_that_panics_leaves_no_place_behind() {
    within_deadline(|| {
        let broker = Broker::new();
        let subscribe = || broker.subscribe(Subscribe::to("news")).unwrap();
        let mut stays = subscribe();
        let mut round = || {
            let goes = subscribe();
            broker.publish("news", Touchy(1)).unwrap();
            assert_eq!(numbers(&mut stays), [1]);
            DROPS_FAIL.set(true);
            assert_eq!(panic_of(|| drop(goes)), "the destructor's own");
        };
        (0..20).for_each(|_| round());
        let kept = allocations::kept_by(|| (0..200).for_each(|_| round()));
        assert!(kept < 4 * 1024, "{kept} bytes more than after 20");
        assert_eq!(broker.stats().subscribers.len(), 1);
    });
}

/// A payload that uses its broker when it is cloned and when it is dropped; likewise as a waker.
struct Nosy {
    broker: Arc<OnceLock<Broker<Nosy>>>,
    uses: Arc<AtomicUsize>,
}

impl Nosy {
    fn use_the_broker(&self) {
        let Some(broker) = self.broker.get() else { return };
        self.uses.fetch_add(1, SeqCst);
        let one = broker.subscribe(Subscribe::to("nosy").name("nosy")).unwrap();
        assert!(broker.stats().by_name("nosy").is_some());
        assert!(broker.unsubscribe(one.id()));
    }

    fn another(&self) -> Self {
        Self { broker: self.broker.clone(), uses: self.uses.clone() }
    }
}

impl Clone for Nosy {
    fn clone(&self) -> Self {
        self.use_the_broker();
        self.another()
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        self.use_the_broker();
    }
}

impl Wake for Nosy {
    fn wake(self: Arc<Self>) {
        self.use_the_broker();
    }
}

#[test]
fn clones_destructors_and_wakers_may_use_the_broker() {
    within_deadline(|| {
        let nosy = Nosy { broker: Arc::default(), uses: Arc::default() };
        let broker = Broker::builder().history(2).build();
        let options = |overflow| Subscribe::to("news").capacity(n(2)).overflow(overflow);
        let mut oldest = broker.subscribe(options(Overflow::DropOldest)).unwrap();
        let mut newest = broker.subscribe(options(Overflow::DropNewest)).unwrap();
        let worker = options(Overflow::DropOldest).ack_within(SECOND);
        let mut worker = broker.subscribe(worker).unwrap();
        let other = broker.subscribe(options(Overflow::DropOldest)).unwrap();
        assert!(nosy.broker.set(broker.clone()).is_ok());
        [&mut oldest, &mut newest].into_iter().for_each(|one| poll_with(one, nosy.another()));
        let publish = |_| assert!(broker.publish("news", nosy.another()).is_ok());
        (0..8).for_each(publish);

        let late = options(Overflow::DropOldest).replay(Replay::Last(2));
        let mut late = broker.subscribe(late).unwrap();
        assert_eq!(taken(&mut oldest).len() + taken(&mut late).len(), 4);
        drop((worker.try_recv().map(|message| message.ack()), worker.try_recv()));
        (0..3).for_each(publish);
        poll_with(&mut late_and_empty(&broker), nosy.another());
        broker.unsubscribe(newest.id());
        drop((oldest, newest, worker, other, late));
        assert_eq!(broker.stats().subscribers.len(), 0);
        assert!(nosy.uses.load(SeqCst) > 20);
    });
}

fn late_and_empty(broker: &Broker<Nosy>) -> Subscription<Nosy> {
    broker.subscribe(Subscribe::to("news")).unwrap()
}

/// Polls a subscription when it is woken, from within the publish.
struct Eager(std::sync::Mutex<Option<Subscription<u64>>>, AtomicUsize);

impl Wake for Eager {
    fn wake(self: Arc<Self>) {
        let taken = self.0.lock().unwrap().take();
        if let Some(mut one) = taken {
            let waker = Waker::from(self.clone());
            let mut context = Context::from_waker(&waker);
            while let Poll::Ready(Some(message)) =
                std::pin::Pin::new(&mut one).poll_next(&mut context)
            {
                self.1.fetch_add(message.payload as usize, SeqCst);
            }
            *self.0.lock().unwrap() = Some(one);
        }
    }
}

#[test]
fn a_waker_may_poll_on_the_spot() {
    within_deadline(|| {
        let broker = Broker::new();
        let one = broker.subscribe(Subscribe::to("news")).unwrap();
        let eager = Arc::new(Eager(std::sync::Mutex::new(Some(one)), AtomicUsize::new(0)));
        eager.clone().wake();
        publish_all(&broker, "news", 1..=10);
        assert_eq!(eager.1.load(SeqCst), 55);
        *eager.0.lock().unwrap() = None;
    });
}
