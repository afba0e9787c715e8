//! Random scripts over days of virtual time, against a model that keeps everything and looks at it
//! anew each time.

use std::cell::Cell;
use std::future::poll_fn;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use patterns::circuit_breaker::{
    CallError, CircuitBreaker, ManualClock, Open, Permit, State, State::*,
};
use proptest::prelude::*;

use crate::support::{Polled, cases, within_deadline};

#[derive(Debug, Clone, Copy)]
enum End {
    Success,
    Failure,
    Dropped,
}

#[derive(Debug, Clone)]
enum Step {
    /// Asks for a permit.
    Ask,
    /// Begins a call, and polls it once.
    Call,
    /// Ends one of those that are under way.
    End(usize, End),
    Wait(Duration),
}

/// Multiples of the same few times, so that ends of windows and cooldowns are met exactly.
fn wait() -> impl Strategy<Value = Duration> {
    let (tick, second, hour) = (Duration::from_nanos(1), Duration::from_secs(1), 3600);
    prop_oneof![
        3 => Just(tick),
        8 => (0..12u32).prop_map(move |seconds| second * seconds),
        2 => (1..12u32).prop_map(move |seconds| second * seconds - tick),
        1 => (1..48u32).prop_map(move |hours| second * hour * hours),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let end =
        prop_oneof![3 => Just(End::Success), 4 => Just(End::Failure), 2 => Just(End::Dropped)];
    prop_oneof![
        4 => Just(Step::Ask),
        4 => Just(Step::Call),
        8 => (0..6usize, end).prop_map(|(which, end)| Step::End(which, end)),
        3 => wait().prop_map(Step::Wait),
    ]
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    threshold: usize,
    window: Duration,
    cooldown: Duration,
    probes: usize,
}

fn limits() -> impl Strategy<Value = Limits> {
    let seconds =
        |choices: &'static [u64]| proptest::sample::select(choices).prop_map(Duration::from_secs);
    (1..4usize, seconds(&[0, 5, 10]), seconds(&[0, 5, 10]), 1..4usize).prop_map(
        |(threshold, window, cooldown, probes)| Limits { threshold, window, cooldown, probes },
    )
}

/// The whole breaker, one step at a time; times since the start.
struct Model {
    limits: Limits,
    state: State,
    now: Duration,
    /// Its length is the number of the era.
    eras: Vec<Era>,
}

/// All that has happened in one era.
#[derive(Default)]
struct Era {
    opened: Duration,
    failures: Vec<Duration>,
    admitted: usize,
    dropped: usize,
    succeeded: usize,
}

impl Model {
    fn era(&mut self) -> &mut Era {
        self.eras.last_mut().expect("there is always one")
    }

    fn turn(&mut self, state: State) {
        self.state = state;
        self.eras.push(Era { opened: self.now, ..Era::default() });
    }

    /// The era in which a caller is let through.
    fn ask(&mut self) -> Result<usize, Open> {
        let Limits { cooldown, probes, .. } = self.limits;
        if self.state == Open {
            let until = self.era().opened + cooldown;
            if self.now < until {
                return Err(self::Open { retry_in: until - self.now });
            }
            self.turn(HalfOpen);
        }
        let is_probe = self.state == HalfOpen;
        let era = self.era();
        if is_probe && era.admitted - era.dropped == probes {
            return Err(self::Open { retry_in: Duration::ZERO });
        }
        era.admitted += 1;
        Ok(self.eras.len())
    }

    fn end(&mut self, era: usize, end: End) {
        if era != self.eras.len() {
            return;
        }
        let (now, Limits { threshold, window, probes, .. }) = (self.now, self.limits);
        let (state, era) = (self.state, self.era());
        match end {
            End::Dropped => era.dropped += 1,
            End::Success => era.succeeded += 1,
            End::Failure => era.failures.push(now),
        }
        let counted = era.failures.iter().filter(|at| now - **at <= window).count();
        if state == HalfOpen && era.succeeded == probes {
            self.turn(Closed);
        } else if matches!(end, End::Failure) && (state == HalfOpen || counted >= threshold) {
            self.turn(Open);
        }
    }
}

/// A call under way, by either way of calling.
enum UnderWay<'a> {
    Permit(Permit<'a, ManualClock>),
    Call(Polled<Call<'a>>, Answer),
}

type Call<'a> = LocalBoxFuture<'a, Result<(), CallError<()>>>;
/// What the service will say, once it does.
type Answer = Rc<Cell<Option<Result<(), ()>>>>;

/// Asks for a permit, or begins a call.
fn begin<'a>(breaker: &'a CircuitBreaker<ManualClock>, step: &Step) -> Result<UnderWay<'a>, Open> {
    if let Step::Ask = step {
        return breaker.permit().map(UnderWay::Permit);
    }
    let answer = Answer::default();
    let theirs = answer.clone();
    let service = || poll_fn(move |_| theirs.take().map_or(Poll::Pending, Poll::Ready));
    let mut call = Polled::new(breaker.call(service).boxed_local());
    match call.poll() {
        Poll::Pending => Ok(UnderWay::Call(call, answer)),
        Poll::Ready(Err(CallError::Open { retry_in })) => Err(Open { retry_in }),
        Poll::Ready(other) => panic!("the service has not answered: {other:?}"),
    }
}

fn finish(call: UnderWay<'_>, end: End) {
    match (call, end) {
        (UnderWay::Permit(permit), End::Success) => permit.success(),
        (UnderWay::Permit(permit), End::Failure) => permit.failure(),
        (UnderWay::Call(call, answer), End::Success) => {
            answer.set(Some(Ok(())));
            assert_eq!(call.ready(), Ok(()));
        }
        (UnderWay::Call(call, answer), End::Failure) => {
            answer.set(Some(Err(())));
            assert_eq!(call.ready(), Err(CallError::Inner(())));
        }
        (call, End::Dropped) => drop(call),
    }
}

fn play(limits: Limits, script: &[Step]) {
    let clock = ManualClock::new();
    let number = |n: usize| NonZeroU32::new(n as u32).expect("no property asks for none");
    let breaker = CircuitBreaker::builder()
        .failure_threshold(number(limits.threshold))
        .window(limits.window)
        .cooldown(limits.cooldown)
        .probes(number(limits.probes))
        .with_clock(clock.clone())
        .build();
    let (state, now, eras) = (Closed, Duration::ZERO, vec![Era::default()]);
    let mut model = Model { limits, state, now, eras };
    let mut under_way = Vec::new();
    for step in script {
        match *step {
            Step::Ask | Step::Call => match (begin(&breaker, step), model.ask()) {
                (Ok(call), Ok(era)) => under_way.push((call, era)),
                (Err(open), Err(expected)) => assert_eq!(open, expected, "{step:?}"),
                (Ok(_), Err(expected)) => panic!("{step:?} is let through, not {expected:?}"),
                (Err(open), Ok(_)) => panic!("{step:?} is to be let through: {open:?}"),
            },
            Step::End(which, end) if !under_way.is_empty() => {
                let (call, era) = under_way.remove(which % under_way.len());
                finish(call, end);
                model.end(era, end);
            }
            Step::End(..) => {}
            Step::Wait(time) => {
                clock.advance(time);
                model.now += time;
            }
        }
        assert_eq!(breaker.state(), model.state, "after {step:?}");
    }
}

#[test]
fn any_script_runs_as_the_sequential_model_says() {
    within_deadline(|| {
        let script = proptest::collection::vec(step(), 1..120);
        proptest!(cases(512, 14), |(limits in limits(), script in script)| play(limits, &script));
    });
}
