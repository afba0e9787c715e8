//! Real threads, a common start, high counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::thread;

use futures::executor::block_on;
use patterns::pubsub::{Broker, CancelToken, Ended, Overflow, Replay, Subscribe, TryRecvError};

use crate::scene::{SECOND, acked, messages, n, publish_all, with_history};
use crate::support::{Census, Payload, run_on, together, within_deadline};

#[test]
fn each_message_of_each_publisher_comes_once_and_in_order() {
    within_deadline(|| {
        let broker = Broker::new();
        let subscribe = |i: usize| {
            let to = Subscribe::to(if i == 0 { "news.*" } else { ">" });
            broker.subscribe(to.and("news.1").capacity(n(30_000))).unwrap()
        };
        let readers = Vec::from_iter((0..3).map(subscribe).map(|mut one| {
            thread::spawn(move || {
                let mut all = Vec::new();
                while let Some(message) = block_on(one.recv()) {
                    all.push((message.sequence, message.payload));
                }
                all
            })
        }));
        together(3, |publisher| {
            let topic = format!("news.{publisher}");
            publish_all(&broker, &topic, (0..3_000).map(|i| i * 10 + publisher as u64));
        });
        drop(broker);
        for reader in readers {
            let all = reader.join().unwrap();
            let numbers = Vec::from_iter(all.iter().map(|&(sequence, _)| sequence));
            assert_eq!(
                numbers,
                Vec::from_iter(1..=9_000),
                "each once, in the order of the numbers"
            );
            for publisher in 0..3 {
                let mine = all.iter().map(|&(_, payload)| payload);
                let mine = Vec::from_iter(mine.filter(|payload| payload % 10 == publisher));
                let expected = (0..3_000).map(|i| i * 10 + publisher);
                assert_eq!(mine, Vec::from_iter(expected), "publisher {publisher}");
            }
        }
    });
}

#[test]
fn nobody_who_waits_is_forgotten() {
    within_deadline(|| {
        let (broker, read) = (Broker::new(), AtomicUsize::new(0));
        let options = [
            Subscribe::to("news"),
            Subscribe::to("news"),
            Subscribe::to("*").overflow(Overflow::DropNewest),
        ];
        thread::scope(|scope| {
            for options in options {
                let (mut one, read) = (broker.subscribe(options).unwrap(), &read);
                scope.spawn(move || {
                    for number in 0..1_000 {
                        assert_eq!(block_on(one.recv()).unwrap().payload, number);
                        read.fetch_add(1, SeqCst);
                    }
                });
            }
            for number in 0..1_000 {
                broker.publish("news", number).unwrap();
                // The next comes when all have read this one: each has to be woken for each.
                while read.load(SeqCst) < 3 * (number as usize + 1) {
                    thread::yield_now();
                }
            }
        });
    });
}

#[test]
fn nothing_comes_after_unsubscribe_has_returned() {
    within_deadline(|| {
        let (broker, over) = (Broker::new(), AtomicBool::new(false));
        let total = AtomicU64::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0.. {
                    broker.publish("news", number).unwrap();
                    if over.load(SeqCst) {
                        break;
                    }
                }
            });
            for round in 0..300 {
                let token = CancelToken::new();
                let options = Subscribe::to("news").and("*").capacity(n(4));
                let options = if round % 2 == 0 { options } else { options.until(token.clone()) };
                let mut one = broker.subscribe(options).unwrap();
                let (id, gone) = (one.id(), Arc::new(AtomicBool::new(false)));
                let seen = gone.clone();
                let reader = thread::spawn(move || {
                    let mut count = 0;
                    loop {
                        let was_gone = seen.load(SeqCst);
                        match one.try_recv() {
                            Ok(message) if was_gone => {
                                panic!("message {} came after the end", message.sequence)
                            }
                            Ok(_) => count += 1,
                            Err(TryRecvError::Ended(_)) => return count,
                            Err(TryRecvError::Empty) if was_gone => panic!("it has not ended"),
                            Err(TryRecvError::Empty) => thread::yield_now(),
                        }
                    }
                });
                if round % 2 == 0 {
                    assert!(broker.unsubscribe(id));
                } else {
                    token.cancel();
                }
                gone.store(true, SeqCst);
                total.fetch_add(reader.join().unwrap(), SeqCst);
            }
            over.store(true, SeqCst);
        });
        assert!(broker.stats().subscribers.is_empty());
    });
}

#[test]
fn between_replay_and_live_there_is_no_gap_and_nothing_twice() {
    within_deadline(|| {
        let broker = Broker::builder().history(20_000).build();
        together(3, |i| {
            if i == 0 {
                publish_all(&broker, "news", 1..=5_000);
                return;
            }
            let mut last = 0;
            while last < 5_000 {
                let options = Subscribe::to("news").replay(Replay::Since(last));
                let mut one = broker.subscribe(options.capacity(n(20_000))).unwrap();
                // Some of the history, some that came since then; the rest is left to the next.
                let got = Vec::from_iter((0..150).map_while(|_| one.try_recv().ok()));
                let numbers = got.iter().map(|message| message.sequence);
                let expected = last + 1..=last + got.len() as u64;
                assert!(numbers.eq(expected), "a gap after {last}, or one twice");
                last += got.len() as u64;
            }
        });
    });
}

#[test]
fn each_job_is_acked_whoever_forgets_it_at_first() {
    within_deadline(|| {
        let (broker, clock) = with_history::<u64>(0);
        let mut one = broker.subscribe(acked("jobs", u32::MAX).capacity(n(4_000))).unwrap();
        let over = AtomicBool::new(false);
        let mut done = Vec::new();
        thread::scope(|scope| {
            for publisher in 0..2 {
                let broker = &broker;
                scope.spawn(move || {
                    publish_all(broker, "jobs", (0..1_000).map(|i| i * 2 + publisher));
                });
            }
            scope.spawn(|| {
                while !over.load(SeqCst) {
                    clock.advance(SECOND);
                    thread::yield_now();
                }
            });
            while done.len() < 2_000 {
                let message = block_on(one.recv()).unwrap();
                // The first two times somebody forgets it.
                if message.attempt > message.payload as u32 % 3 {
                    // Late acks count, too, as this thread is the only one that looks.
                    assert!(message.ack());
                    done.push(message.payload);
                }
            }
            over.store(true, SeqCst);
        });
        done.sort_unstable();
        assert_eq!(done, Vec::from_iter(0..2_000));
        assert_eq!(broker.stats().subscribers[0].unacked, 0);
    });
}

/// Thousands of publishers and subscribers, of all kinds: what is alive stays bounded.
#[test]
fn a_crowd_that_comes_and_goes_leaves_nothing() {
    run_on(2, || async {
        let (broker, census) = (Broker::builder().history(16).build(), Census::default());
        let (high, leaving) = (Arc::new(AtomicUsize::new(0)), CancelToken::new());
        for crowd in 0..20 {
            let mut tasks = tokio::task::JoinSet::new();
            for number in crowd * 100..(crowd + 1) * 100 {
                tasks.spawn(publisher(broker.clone(), census.clone(), high.clone(), number));
                tasks.spawn(guest(broker.clone(), leaving.child(), 2 * number));
                tasks.spawn(guest(broker.clone(), leaving.child(), 2 * number + 1));
            }
            tasks.join_all().await;
        }
        assert!(broker.stats().subscribers.is_empty(), "all have gone");
        assert!(census.alive() <= 16, "{} messages are kept for nobody", census.alive());
        // Each of 200 guests at most 8, the history, and what is in a hand.
        assert!(high.load(SeqCst) <= 200 * 8 + 16 + 300, "{} at once", high.load(SeqCst));
        drop(broker);
        assert_eq!(census.alive(), 0);
        // A task has ended a moment before its runtime has forgotten it.
        while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
    });
}

type Room = Broker<Arc<Payload>>;

async fn publisher(broker: Room, census: Census, high: Arc<AtomicUsize>, number: usize) {
    for message in 0..20 {
        let topic = format!("room.{}.{number}", message % 7);
        broker.publish(&topic, Arc::new(census.payload(message))).unwrap();
        high.fetch_max(census.alive(), SeqCst);
        tokio::task::yield_now().await;
    }
}

async fn guest(broker: Room, token: CancelToken, number: usize) {
    let options = Subscribe::to(format!("room.{}.*", number % 7)).capacity(n(8));
    let options = match number % 6 {
        0 => options,
        1 => options.and("room.>").replay(Replay::Last(4)),
        2 => options.overflow(Overflow::DropNewest).until(token.clone()),
        3 => options.overflow(Overflow::Disconnect),
        4 => options.ack_within(SECOND),
        _ => options.until(token.clone()),
    };
    let mut one = broker.subscribe(options).unwrap();
    for _ in 0..number % 5 {
        tokio::select! {
            message = one.recv() => drop(message.map(|message| message.ack())),
            () = tokio::task::yield_now() => {}
        }
    }
    match number % 4 {
        0 => drop(one),
        1 => {
            broker.unsubscribe(one.id());
            assert!(one.recv().await.is_none(), "it was unsubscribed");
        }
        _ if number % 6 == 2 || number % 6 == 5 => {
            token.cancel();
            assert!(one.recv().await.is_none(), "it was cancelled");
        }
        _ => drop(messages(&mut one)),
    }
}

#[test]
fn handles_that_go_at_the_same_time_close_the_broker() {
    within_deadline(|| {
        for round in 0..150 {
            let broker = Broker::new();
            let mut one = broker.subscribe(Subscribe::to("news")).unwrap();
            let handles = std::sync::Mutex::new(vec![broker.clone(), broker]);
            let reader = thread::spawn(move || {
                let mut got = Vec::new();
                while let Some(message) = block_on(one.recv()) {
                    got.push(message.payload);
                }
                assert_eq!(one.end(), Some(Ended::Closed));
                got.len()
            });
            together(2, |_| {
                let mine = handles.lock().unwrap().pop().unwrap();
                mine.publish("news", round).unwrap();
            });
            assert_eq!(reader.join().unwrap(), 2);
        }
    });
}
