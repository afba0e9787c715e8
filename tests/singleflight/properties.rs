//! Random scripts of calls, polls and drops, against a model that only keeps lists.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use futures::FutureExt;
use futures::future::BoxFuture;
use patterns::singleflight::{Flight, Group};
use proptest::prelude::*;

use crate::gate::Gate;
use crate::support::{Polled, cases, within_deadline};

#[derive(Debug, Clone, Copy)]
enum Step {
    /// A call for a key.
    Call(u8),
    /// A poll, whether it was woken or not.
    Poll(usize),
    Drop(usize),
    /// The work of this call can go on.
    Open(usize),
    /// The work of this call panics when it is polled next.
    Mine(usize),
    Forget(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let call = 0..12_usize;
    prop_oneof![
        4 => (0..2_u8).prop_map(Step::Call),
        4 => call.clone().prop_map(Step::Poll),
        3 => call.clone().prop_map(Step::Drop),
        2 => call.clone().prop_map(Step::Open),
        1 => call.prop_map(Step::Mine),
        1 => (0..2_u8).prop_map(Step::Forget),
    ]
}

/// A call, whose work returns its number.
struct Caller<'g> {
    /// Until it has its value, or is dropped.
    call: Option<Polled<BoxFuture<'g, Flight<usize>>>>,
    gate: Gate,
    flight: usize,
    /// How many of its wake-ups were followed by a poll.
    answered: usize,
}

/// A flight as the model sees it.
struct Plan {
    key: u8,
    forgotten: bool,
    value: Option<usize>,
    panics: usize,
}

struct World<'g> {
    group: &'g Group<u8, usize>,
    callers: Vec<Caller<'g>>,
    plans: Vec<Plan>,
}

impl<'g> World<'g> {
    fn take(&mut self, step: Step) {
        match step {
            Step::Call(key) => self.call(key),
            Step::Poll(who) if who < self.callers.len() => self.poll(who),
            Step::Drop(who) if who < self.callers.len() => drop(self.callers[who].call.take()),
            Step::Open(who) if who < self.callers.len() => self.callers[who].gate.open(),
            Step::Mine(who) if who < self.callers.len() => self.callers[who].gate.mine(),
            Step::Forget(key) => {
                self.group.forget(&key);
                self.plans.iter_mut().for_each(|plan| plan.forgotten |= plan.key == key);
            }
            _ => {}
        }
        self.check();
    }

    fn is_wanted(&self, flight: usize) -> bool {
        self.callers.iter().any(|caller| caller.flight == flight && caller.call.is_some())
    }

    /// The flight that a call for this key would join.
    fn listed(&self, key: u8) -> Option<usize> {
        (0..self.plans.len()).find(|&flight| {
            let plan = &self.plans[flight];
            let open = plan.value.is_none() && !plan.forgotten;
            plan.key == key && open && self.is_wanted(flight)
        })
    }

    fn call(&mut self, key: u8) {
        let flight = self.listed(key).unwrap_or_else(|| {
            self.plans.push(Plan { key, forgotten: false, value: None, panics: 0 });
            self.plans.len() - 1
        });
        let gate = Gate::default();
        let call = self.group.run(key, gate.work(self.callers.len())).boxed();
        let call = Some(Polled::new(call));
        self.callers.push(Caller { call, gate, flight, answered: 0 });
        self.poll(self.callers.len() - 1);
    }

    fn poll(&mut self, who: usize) {
        let Caller { call: slot, flight, answered, .. } = &mut self.callers[who];
        let Some(mut call) = slot.take() else { return };
        *answered = call.wakes();
        let plan = &mut self.plans[*flight];
        match catch_unwind(AssertUnwindSafe(|| call.poll())) {
            Ok(Poll::Pending) => {
                assert_eq!(plan.value, None, "call {who} waits for a value that is there");
                *slot = Some(call);
            }
            Ok(Poll::Ready(Flight { value, shared })) => {
                let the_value = *plan.value.get_or_insert(value);
                assert_eq!(value, the_value, "call {who} has another value than its flight");
                assert_eq!(shared, value != who, "call {who} has the value of {value}");
                let flight = *flight;
                assert_eq!(self.callers[value].flight, flight, "call {who} has a stranger's value");
            }
            Err(_) => plan.panics += 1,
        }
    }

    fn check(&self) {
        let listed = (0..2).filter(|&key| self.listed(key).is_some()).count();
        assert_eq!(self.group.in_flight(), listed);
        for (flight, plan) in self.plans.iter().enumerate() {
            let ours = self.callers.iter().filter(|caller| caller.flight == flight);
            let begun: usize = ours.map(|caller| caller.gate.begun()).sum();
            assert!(begun <= 1 + plan.panics, "flight {flight} has begun {begun} works");
        }
    }

    /// Lets all works end, and polls only who was woken.
    fn land(&mut self) {
        self.callers.iter().for_each(|caller| caller.gate.open());
        while let Some(woken) = self.callers.iter().position(|caller| {
            caller.call.as_ref().is_some_and(|call| call.wakes() > caller.answered)
        }) {
            self.poll(woken);
            self.check();
        }
        let asleep = self.callers.iter().position(|caller| caller.call.is_some());
        assert_eq!(asleep, None, "all works can end, and a call was not woken");
        assert_eq!(self.group.in_flight(), 0);
    }
}

proptest! {
    #![proptest_config(cases(500, 17))]

    #[test]
    fn any_script_ends_with_one_value_a_flight(script in prop::collection::vec(step(), 0..40)) {
        within_deadline(move || {
            let group = Group::new();
            let mut world = World { group: &group, callers: Vec::new(), plans: Vec::new() };
            script.into_iter().for_each(|step| world.take(step));
            world.land();
        });
    }
}
