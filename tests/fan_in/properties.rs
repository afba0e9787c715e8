//! Random scripts against a naive sequential model.

mod fan_in {
    use std::collections::VecDeque;
    use std::task::Poll;

    use patterns::fan_in::fan_in;
    use proptest::prelude::*;

    use crate::feed::{Ear, feeds};
    use crate::support::{cases, within_deadline};

    #[derive(Debug, Clone)]
    enum Step {
        Give(usize),
        End(usize),
        Wake(usize),
        Poll,
        Move,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => any::<usize>().prop_map(Step::Give),
            1 => any::<usize>().prop_map(Step::End),
            2 => any::<usize>().prop_map(Step::Wake),
            6 => Just(Step::Poll),
            1 => Just(Step::Move),
        ]
    }

    /// An input as the model sees it.
    #[derive(Default, Clone)]
    struct Input {
        items: VecDeque<usize>,
        ended: bool,
        /// How many items of others came since it had one to give.
        overtaken: usize,
    }

    /// Every poll gives the oldest item of an input that has one, and of one that was not overtaken
    /// too often; it waits where there is none, and ends where there will be none.
    fn play(count: usize, script: &[Step]) {
        let (feeds, streams) = feeds(count);
        let mut inputs = vec![Input::default(); count];
        let mut merged = Ear::new(fan_in(streams.into_iter().map(tagged)));
        let mut asleep = false;
        for (time, step) in script.iter().enumerate() {
            match *step {
                Step::Give(which) | Step::End(which) if inputs[which % count].ended => {}
                Step::Give(which) => {
                    inputs[which % count].items.push_back(time);
                    feeds[which % count].give((which % count, time));
                }
                Step::End(which) => {
                    inputs[which % count].ended = true;
                    feeds[which % count].end();
                }
                Step::Wake(which) => feeds[which % count].wake(),
                Step::Move => {
                    // A task that takes a merge over polls it.
                    merged.move_to_another_task();
                    asleep = check(&mut merged.poll(), &mut inputs);
                }
                Step::Poll => asleep = check(&mut merged.poll(), &mut inputs),
            }
            let ready = inputs.iter().any(|input| !input.items.is_empty());
            if asleep && ready {
                assert!(merged.wakes() > 0, "an input has an item, and the task sleeps");
            }
            if !asleep {
                merged.move_to_another_task();
            }
        }
    }

    /// Compares one poll with the model; says whether it waits now.
    fn check(polled: &mut Poll<Option<(usize, usize)>>, inputs: &mut [Input]) -> bool {
        let most = inputs.len() - 1;
        match *polled {
            Poll::Ready(Some((from, item))) => {
                assert_eq!(inputs[from].items.pop_front(), Some(item), "input {from}");
                inputs[from].overtaken = 0;
                for (other, input) in inputs.iter_mut().enumerate() {
                    if other != from && !input.items.is_empty() {
                        input.overtaken += 1;
                        assert!(input.overtaken <= most, "input {other} is overtaken too often");
                    }
                }
                false
            }
            Poll::Ready(None) => {
                assert!(inputs.iter().all(|input| input.ended && input.items.is_empty()));
                false
            }
            Poll::Pending => {
                assert!(inputs.iter().all(|input| input.items.is_empty()), "an item is held up");
                assert!(inputs.iter().any(|input| !input.ended), "the end is held up");
                true
            }
        }
    }

    /// Only gives the type a name: a fed stream of items that say where they are from.
    fn tagged<S: futures::Stream<Item = (usize, usize)>>(stream: S) -> S {
        stream
    }

    #[test]
    fn a_merge_gives_what_its_inputs_have_and_holds_nobody_up() {
        within_deadline(|| {
            let script = proptest::collection::vec(step(), 0..80);
            proptest!(cases(256, 2), |(count in 1..7usize, script in script)| play(count, &script));
        });
    }
}

mod fan_out {
    use std::collections::VecDeque;
    use std::task::Poll;

    use patterns::fan_in::{Branch, fan_out};
    use proptest::prelude::*;

    use crate::feed::{Ear, Fed, feed};
    use crate::support::{cases, within_deadline};

    #[derive(Debug, Clone)]
    enum Step {
        Give(usize),
        End,
        Wake,
        Poll(usize),
        Drop(usize),
        GiveUp(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (1..4usize).prop_map(Step::Give),
            1 => Just(Step::End),
            1 => Just(Step::Wake),
            12 => any::<usize>().prop_map(Step::Poll),
            1 => any::<usize>().prop_map(Step::Drop),
            2 => any::<usize>().prop_map(Step::GiveUp),
        ]
    }

    struct Listener {
        ear: Ear<Branch<Fed<usize>>>,
        asleep: bool,
    }

    /// Items leave in order, to whoever asks; and never does everyone sleep while there is one.
    fn play(count: usize, capacity: usize, script: &[Step]) {
        let (feed, fed) = feed();
        let listener = |branch| Listener { ear: Ear::new(branch), asleep: false };
        let mut listeners: Vec<_> =
            fan_out(fed, count, capacity).into_iter().map(listener).collect();
        let (mut items, mut ended, mut delivered) = (VecDeque::new(), false, 0);
        for (time, step) in script.iter().enumerate() {
            match *step {
                Step::Give(_) | Step::End if ended => {}
                Step::Give(count) => {
                    let new = (0..count).map(|item| time * 10 + item);
                    items.extend(new.clone());
                    feed.give_all(new);
                }
                Step::End => {
                    ended = true;
                    feed.end();
                }
                Step::Wake => feed.wake(),
                Step::Poll(which) => {
                    let which = which % listeners.len();
                    let Listener { ear, asleep } = &mut listeners[which];
                    ear.move_to_another_task();
                    let polled = ear.poll();
                    *asleep = polled.is_pending();
                    match polled {
                        Poll::Ready(item) => {
                            assert_eq!(item, items.pop_front(), "the oldest item, or the end");
                            assert!(item.is_some() || ended, "it has ended too early");
                            delivered += usize::from(item.is_some());
                        }
                        // It may be another's turn to poll the source.
                        Poll::Pending => assert!(items.is_empty() && !ended, "it need not wait"),
                    }
                }
                Step::Drop(which) if listeners.len() > 1 => {
                    drop(listeners.swap_remove(which % listeners.len()));
                }
                Step::Drop(_) => {}
                Step::GiveUp(which) => {
                    let which = which % listeners.len();
                    drop(listeners[which].ear.stream.next());
                    listeners[which].asleep = false;
                }
            }
            assert!(feed.taken() - delivered <= capacity, "too much is read ahead");
            let mut asleep = listeners.iter().filter(|listener| listener.asleep).peekable();
            if asleep.peek().is_some() && (!items.is_empty() || ended) {
                let woken = asleep.filter(|listener| listener.ear.wakes() > 0).count();
                assert!(woken > 0, "there is something to take, and everyone who waits sleeps");
            }
        }
    }

    #[test]
    fn branches_share_what_the_source_has_and_nobody_is_forgotten() {
        within_deadline(|| {
            let script = proptest::collection::vec(step(), 0..80);
            proptest!(cases(256, 3), |(count in 1..5usize, capacity in 0..4usize, script in script)| {
                play(count, capacity, &script);
            });
        });
    }
}
