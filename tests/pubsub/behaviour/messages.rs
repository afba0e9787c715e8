//! One topic, and who listens there.

use std::sync::Arc;
use std::task::Poll;

use futures::{FutureExt, StreamExt};
use patterns::pubsub::{
    Broker, Clock, Delivery, Ended, Message, Subscribe, Subscription, TryRecvError,
};

use crate::scene::{SECOND, assert_ended, broker, messages, park, poll, publish_all, taken};
use crate::support::{run, within_deadline};

#[test]
fn a_message_comes_to_who_is_subscribed() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut news = broker.subscribe(Subscribe::to("news")).unwrap();
        assert_eq!(news.try_recv().err(), Some(TryRecvError::Empty));

        broker.publish("news", "rain").unwrap();
        assert_eq!(news.try_recv().unwrap().payload, "rain");
        assert_eq!(news.try_recv().err(), Some(TryRecvError::Empty), "it came once");
        assert_eq!(news.end(), None);
    });
}

#[test]
fn messages_come_in_the_order_in_which_they_were_published() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut news = broker.subscribe(Subscribe::to("news")).unwrap();
        publish_all(&broker, "news", 0..20);
        assert_eq!(taken(&mut news), Vec::from_iter(0..20));
        publish_all(&broker, "news", 20..30);
        assert_eq!(taken(&mut news), Vec::from_iter(20..30));
    });
}

#[test]
fn another_topic_is_not_heard() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut news = broker.subscribe(Subscribe::to("news")).unwrap();
        for topic in ["new", "newss", "News", "", "news.today", "my.news"] {
            assert_eq!(broker.publish(topic, ()).unwrap().matched, 0, "{topic:?}");
        }
        assert!(taken(&mut news).is_empty());
    });
}

#[test]
fn each_subscriber_gets_each_message() {
    within_deadline(|| {
        let broker = Broker::new();
        let subscribe = |_| broker.subscribe(Subscribe::to("news")).unwrap();
        let mut all = Vec::from_iter((0..5).map(subscribe));
        for (i, one) in all.iter_mut().enumerate() {
            let i = i as u64;
            broker.publish("news", i).unwrap();
            // Each takes at another time.
            assert_eq!(taken(one), Vec::from_iter(0..=i));
        }
        for (i, one) in all.iter_mut().enumerate() {
            assert_eq!(taken(one), Vec::from_iter(i as u64 + 1..5));
        }
    });
}

#[test]
fn what_was_published_before_is_not_given() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut early = broker.subscribe(Subscribe::to("news")).unwrap();
        publish_all(&broker, "news", [1]);
        let mut late = broker.subscribe(Subscribe::to("news")).unwrap();
        publish_all(&broker, "news", [2]);
        assert_eq!((taken(&mut early), taken(&mut late)), (vec![1, 2], vec![2]));
    });
}

#[test]
fn a_message_says_where_it_was_published_and_when_and_has_a_number() {
    within_deadline(|| {
        let (broker, clock) = broker();
        let mut news = broker.subscribe(Subscribe::to("news")).unwrap();
        let began = clock.now();
        broker.publish("news", 'a').unwrap();
        clock.advance(SECOND);
        broker.publish("nobody.is.there", 'b').unwrap();
        broker.publish("news", 'c').unwrap();
        clock.advance(SECOND);

        let first = news.try_recv().unwrap();
        assert_eq!((&*first.topic, first.payload, first.sequence), ("news", 'a', 1));
        assert_eq!((first.published_at, first.attempt), (began, 1));
        let second = news.try_recv().unwrap();
        let numbered = (second.payload, second.sequence);
        assert_eq!(numbered, ('c', 3), "each message is counted, also where nobody listens");
        assert_eq!(second.published_at, began + SECOND);
    });
}

#[test]
fn a_delivery_says_how_many_it_goes_to() {
    within_deadline(|| {
        let broker = Broker::new();
        let delivery = |sequence, matched| Delivery { sequence, matched, dropped: 0 };
        assert_eq!(broker.publish("news", ()), Ok(delivery(1, 0)), "nobody is there");
        let one = broker.subscribe(Subscribe::to("news")).unwrap();
        let two = broker.subscribe(Subscribe::to("news")).unwrap();
        assert_eq!(broker.publish("news", ()), Ok(delivery(2, 2)));
        drop(one);
        assert_eq!(broker.publish("news", ()), Ok(delivery(3, 1)), "one of two was dropped");
        drop(two);
        assert_eq!(broker.publish("news", ()), Ok(delivery(4, 0)), "both were dropped");
    });
}

#[test]
fn clones_of_a_broker_are_the_same_broker() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut news = broker.clone().subscribe(Subscribe::to("news")).unwrap();
        broker.clone().publish("news", 1).unwrap();
        broker.publish("news", 2).unwrap();
        let numbers = messages(&mut news).into_iter().map(|message| message.sequence);
        assert_eq!(Vec::from_iter(numbers), [1, 2]);
        assert_eq!(news.end(), None, "only clones have gone");
    });
}

#[test]
fn who_waits_is_woken_by_the_next_message() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut news = broker.subscribe(Subscribe::to("news")).unwrap();
        let wakes = park(&mut news);
        broker.publish("sports", 1).unwrap();
        assert_eq!(wakes.count(), 0);
        broker.publish("news", 2).unwrap();
        assert_eq!(wakes.count(), 1);
        let Poll::Ready(Some(message)) = poll(&mut news, &wakes) else {
            panic!("it was woken, and there is nothing");
        };
        assert_eq!(message.payload, 2);
        park(&mut news);
    });
}

#[test]
fn recv_waits_for_a_message_and_so_does_the_stream() {
    run(|| async {
        let broker = Broker::new();
        let mut news = broker.subscribe(Subscribe::to("news")).unwrap();
        let reader = tokio::spawn(async move {
            let first = news.recv().await.unwrap().payload;
            let rest = news.map(|message| message.payload).collect::<Vec<_>>().await;
            (first, rest)
        });
        for number in 0..10 {
            tokio::task::yield_now().await;
            broker.publish("news", number).unwrap();
        }
        drop(broker);
        assert_eq!(reader.await.unwrap(), (0, Vec::from_iter(1..10)));
    });
}

#[test]
fn a_recv_that_is_dropped_has_taken_nothing() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut news = broker.subscribe(Subscribe::to("news")).unwrap();
        assert!(news.recv().now_or_never().is_none(), "dropped while it waits");
        broker.publish("news", 1).unwrap();
        drop(news.recv());
        assert_eq!(taken(&mut news), [1]);
        let wakes = park(&mut news);
        broker.publish("news", 2).unwrap();
        assert_eq!(wakes.count(), 1);
        // Woken, and never polled.
        broker.publish("news", 3).unwrap();
        assert_eq!(taken(&mut news), [2, 3]);
    });
}

#[test]
fn when_the_last_handle_has_gone_each_gives_what_it_has_and_ends() {
    within_deadline(|| {
        let broker = Broker::new();
        let mut news = broker.subscribe(Subscribe::to("news")).unwrap();
        let mut sports = broker.subscribe(Subscribe::to("sports")).unwrap();
        let (wakes, other) = (park(&mut sports), broker.clone());
        publish_all(&broker, "news", [1, 2]);
        drop(broker);
        assert_eq!((wakes.count(), sports.end()), (0, None), "there is another handle");
        publish_all(&other, "news", [3]);
        drop(other);
        assert_eq!(wakes.count(), 1, "who waits has to learn that nothing will come");
        assert_ended(&mut sports, Ended::Closed);
        assert_eq!(news.end(), None, "it still has something to give");
        assert_eq!(taken(&mut news), [1, 2, 3]);
        assert_ended(&mut news, Ended::Closed);
    });
}

#[test]
fn what_is_shared_can_be_shared() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send + Unpin>() {}
    shared::<Broker<String>>();
    shared::<Message<String>>();
    shared::<Arc<Broker<Vec<u8>>>>();
    sent::<Subscription<String>>();
    // Nothing but a clone is asked of what is published.
    let text = String::from("borrowed");
    let broker = Broker::new();
    let mut here = broker.subscribe(Subscribe::to("here")).unwrap();
    broker.publish("here", std::rc::Rc::new(text.as_str())).unwrap();
    assert_eq!(**here.try_recv().unwrap().payload, *"borrowed");
}
