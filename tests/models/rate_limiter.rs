//! Every interleaving of allow, acquire, set_rate and the clock, for each invariant of the limiter.

use std::future::pending;
use std::hash::{Hash, Hasher};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::FutureExt;
use loomscope::sync::OnceLock;
use loomscope::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use loomscope::task::block_on;
use loomscope::time::Instant;
use loomscope::{Model, thread};
use patterns::rate_limiter::{Clock, KeyedLimiter, ManualClock, Rate, RateLimiter};

const SECOND: Duration = Duration::from_secs(1);

fn model(invariant: &str) -> Model {
    Model::new(invariant).source("src/rate_limiter")
}

fn one_in(interval: Duration) -> Rate {
    Rate::new(1, interval).unwrap()
}

type Limiter = RateLimiter<ManualClock>;

fn limiter(interval: Duration, burst: u32) -> (Arc<Limiter>, ManualClock) {
    let clock = ManualClock::new();
    let burst = NonZeroU32::new(burst).unwrap();
    (Arc::new(RateLimiter::with_clock(one_in(interval), burst, clock.clone())), clock)
}

#[test]
fn one_token_is_taken_once() {
    model("I1: two want the one token").check(|| {
        let limiter = Arc::new(RateLimiter::new(one_in(SECOND), NonZeroU32::MIN));
        let theirs = limiter.clone();
        let other = thread::spawn_named("other", move || theirs.allow());
        let ours = limiter.allow();
        assert!(ours ^ other.join().unwrap(), "I1: one token, and one of two is allowed");
    });
}

#[test]
fn two_tokens_are_for_two() {
    model("I1: who is second at the word is not refused").check(|| {
        let (limiter, _clock) = limiter(SECOND, 2);
        let theirs = limiter.clone();
        let other = thread::spawn_named("other", move || theirs.allow());
        let ours = limiter.allow();
        assert!(ours && other.join().unwrap(), "I1: two tokens, and one of two was refused");
    });
}

#[test]
fn tokens_that_come_meanwhile_are_not_lost() {
    model("I1: the clock moves while two take").check(|| {
        let (limiter, clock) = limiter(SECOND, 2);
        assert_eq!(limiter.allow_n(2), Ok(true));
        let theirs = limiter.clone();
        let other = thread::spawn_named("other", move || u32::from(theirs.allow()));
        clock.advance(2 * SECOND);
        let ours = u32::from(limiter.allow());
        let taken = ours + other.join().unwrap();
        assert_eq!(taken + limiter.available(), 2, "I1: two tokens have come");
    });
}

#[test]
fn a_change_of_the_rate_gives_no_token() {
    model("I4: the rate changes while another takes").check(|| {
        let (limiter, _clock) = limiter(SECOND, 2);
        assert!(limiter.allow());
        let theirs = limiter.clone();
        let other = thread::spawn_named("other", move || u32::from(theirs.allow()));
        limiter.set_rate(one_in(4 * SECOND));
        let ours = u32::from(limiter.allow());
        assert_eq!(ours + other.join().unwrap(), 1, "I4: one token, before or after the change");
    });
}

#[test]
fn a_change_of_the_rate_refuses_nobody() {
    model("I3: what is read belongs together").check(|| {
        let (limiter, _clock) = limiter(4 * SECOND, 2);
        assert!(limiter.allow());
        let theirs = limiter.clone();
        let changes = thread::spawn_named("changes", move || theirs.set_rate(one_in(SECOND)));
        assert!(limiter.allow(), "I3: a token is there by the old rate, and by the new one");
        changes.join().unwrap();
        assert!(!limiter.allow());
    });
}

#[test]
fn a_slower_rate_refuses_nobody() {
    model("I3: what is read belongs together").check(|| {
        let (limiter, _clock) = limiter(SECOND, 2);
        assert!(limiter.allow());
        let theirs = limiter.clone();
        let changes = thread::spawn_named("changes", move || theirs.set_rate(one_in(4 * SECOND)));
        assert!(limiter.allow(), "I3: a token is there by the old rate, and by the new one");
        changes.join().unwrap();
        assert!(!limiter.allow());
    });
}

#[test]
fn what_was_seen_before_a_change_is_not_taken_after_it() {
    model("I2: the word never comes back to a value that it had").check(|| {
        let (limiter, _clock) = limiter(4 * SECOND, 2);
        assert!(limiter.allow());
        let theirs = limiter.clone();
        let other = thread::spawn_named("other", move || u32::from(theirs.allow()));
        // Half as much is owed then, and after one more token as much as before.
        limiter.set_rate(one_in(2 * SECOND));
        let ours = u32::from(limiter.allow());
        assert_eq!(ours + other.join().unwrap(), 1, "I2: one token was left");
    });
}

#[test]
fn two_changes_at_once_give_no_token() {
    model("I4: one change comes after the other").check(|| {
        let (limiter, _clock) = limiter(2 * SECOND, 2);
        assert!(limiter.allow());
        let theirs = limiter.clone();
        let other = thread::spawn_named("other", move || theirs.set_rate(one_in(4 * SECOND)));
        limiter.set_rate(one_in(SECOND));
        other.join().unwrap();
        assert_eq!(limiter.available(), 1, "I4: one token was left");
    });
}

/// A clock that is moved by hand, and never comes to the end of its first minute.
struct Minute(ManualClock, Instant);

impl Clock for Minute {
    fn now(&self) -> Instant {
        self.0.now()
    }

    async fn sleep_until(&self, at: Instant) {
        if at > self.1 + 60 * SECOND {
            pending::<()>().await;
        }
        self.0.sleep_until(at).await;
    }
}

#[test]
fn who_waits_hears_of_a_faster_rate() {
    model("I6: the first in line sleeps by the rate that holds").check(|| {
        let clock = ManualClock::new();
        let minute = Minute(clock.clone(), clock.now());
        let slow = one_in(3_600 * SECOND);
        let limiter = Arc::new(RateLimiter::with_clock(slow, NonZeroU32::MIN, minute));
        assert!(limiter.allow());
        let theirs = limiter.clone();
        let changes = thread::spawn_named("changes", move || {
            theirs.set_rate(one_in(SECOND));
            clock.advance(SECOND);
        });
        // I6: by the slow rate it would sleep for ever.
        block_on(limiter.acquire());
        changes.join().unwrap();
    });
}

#[test]
fn those_in_line_are_served_in_order() {
    model("I5: nobody overtakes").check(|| {
        let (limiter, clock) = limiter(SECOND, 2);
        assert_eq!(limiter.allow_n(2), Ok(true));
        let turn = Arc::new(AtomicUsize::new(0));
        let mut first = Box::pin({
            let limiter = limiter.clone();
            async move { limiter.acquire().await }
        });
        assert!((&mut first).now_or_never().is_none());
        let (theirs, order) = (limiter.clone(), turn.clone());
        let second = thread::spawn_named("second", move || {
            block_on(theirs.acquire());
            assert_eq!(order.fetch_add(1, SeqCst), 1, "I5: the second was served first");
        });
        clock.advance(2 * SECOND);
        // Before it is polled it holds nothing; whoever is behind it cannot be done yet.
        assert_eq!(turn.fetch_add(1, SeqCst), 0, "I5: the second was served first");
        block_on(first);
        second.join().unwrap();
    });
}

#[test]
fn allow_takes_nothing_from_those_in_line() {
    model("I5: a token that comes is the first in line's").check(|| {
        let (limiter, clock) = limiter(SECOND, 1);
        assert!(limiter.allow());
        let theirs = limiter.clone();
        let mut waiter = Box::pin(async move { theirs.acquire().await });
        assert!((&mut waiter).now_or_never().is_none());
        let waiter = thread::spawn_named("waiter", move || block_on(waiter));
        clock.advance(SECOND);
        assert!(!limiter.allow(), "I5: the one token was the waiter's");
        waiter.join().unwrap();
    });
}

#[test]
fn a_token_that_comes_after_somebody_has_joined_is_not_for_allow() {
    model("I5: one joins, and then the token comes").check(|| {
        let (limiter, clock) = limiter(SECOND, 1);
        assert!(limiter.allow());
        let theirs = limiter.clone();
        let waiter = thread::spawn_named("waiter", move || {
            let mut waiter = Box::pin(async move { theirs.acquire().await });
            assert!((&mut waiter).now_or_never().is_none());
            clock.advance(SECOND);
            waiter
        });
        assert!(!limiter.allow(), "I5: the token came when the line was there");
        drop(waiter.join().unwrap());
    });
}

/// A clock that stands still, and that nobody has to lock.
struct Still(Instant);

impl Clock for Still {
    fn now(&self) -> Instant {
        self.0
    }
}

#[test]
fn who_is_refused_writes_nothing() {
    let model = || model("a refusal writes nothing");
    let body = || {
        let clock = Still(Instant::now());
        let limiter = RateLimiter::with_clock(one_in(SECOND), NonZeroU32::MIN, clock);
        let limiter = Arc::new(limiter);
        assert!(limiter.allow());
        let theirs = limiter.clone();
        let other = thread::spawn_named("other", move || theirs.allow());
        assert!(!limiter.allow() && !other.join().unwrap());
    };
    model().check(body);
    // Reads come out the same in every order, so there is one order to try. Any write makes more.
    let passes = model().run(body).passes;
    let most = passes.iter().map(|pass| pass.interleavings).max();
    assert_eq!(most, Some(1), "one who was refused could tell what the other did");
}

#[test]
fn who_gives_up_passes_the_turn_on() {
    model("I5: the first leaves while its time comes").check(|| {
        let (limiter, clock) = limiter(SECOND, 1);
        assert!(limiter.allow());
        let theirs = limiter.clone();
        let mut first = Box::pin(async move { theirs.acquire().await });
        assert!((&mut first).now_or_never().is_none());
        let gives_up = thread::spawn_named("gives up", move || drop(first));
        let theirs = limiter.clone();
        let second = thread::spawn_named("second", move || block_on(theirs.acquire()));
        clock.advance(SECOND);
        gives_up.join().unwrap();
        second.join().unwrap();
        assert_eq!((limiter.available(), limiter.waiting()), (0, 0));
    });
}

#[test]
fn a_new_key_is_known_once() {
    model("I7: two bring the same new key").check(|| {
        let capacity = NonZeroUsize::new(4).unwrap();
        let rate = one_in(SECOND);
        let limiter = KeyedLimiter::with_clock(rate, NonZeroU32::MIN, capacity, ManualClock::new());
        let limiter: Arc<KeyedLimiter<u64, _>> = Arc::new(limiter);
        let theirs = limiter.clone();
        let other = thread::spawn_named("other", move || theirs.allow(&1));
        let ours = limiter.allow(&1);
        assert!(ours ^ other.join().unwrap(), "I7: one key, one token, and one of two is allowed");
        assert_eq!(limiter.len(), 1);
    });
}

type Keyed = KeyedLimiter<Curious, ManualClock>;

/// A key that asks the limiter something when it is dropped.
#[derive(Clone)]
struct Curious(u64, Arc<OnceLock<Weak<Keyed>>>);

impl PartialEq for Curious {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Curious {}

impl Hash for Curious {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Drop for Curious {
    fn drop(&mut self) {
        if let Some(limiter) = self.1.get().and_then(Weak::upgrade) {
            assert!(limiter.len() <= 1);
        }
    }
}

#[test]
fn a_key_is_dropped_under_no_lock() {
    model("no key is dropped under a lock").check(|| {
        let (rate, clock) = (one_in(SECOND), ManualClock::new());
        let (burst, capacity) = (NonZeroU32::MIN, NonZeroUsize::MIN);
        let limiter = KeyedLimiter::with_clock(rate, burst, capacity, clock.clone());
        let limiter: Arc<Keyed> = Arc::new(limiter);
        let told = Arc::new(OnceLock::new());
        told.set(Arc::downgrade(&limiter)).expect("it is set once");
        assert!(limiter.allow(&Curious(1, told.clone())));
        clock.advance(SECOND);
        assert!(limiter.allow(&Curious(2, told)), "the first is idle, and makes room");
    });
}

/// A clock that asks the limiter something, the first time that it is read.
#[derive(Clone, Default)]
struct Nosy(Arc<OnceLock<Weak<KeyedLimiter<u64, Nosy>>>>, Arc<AtomicUsize>);

impl Clock for Nosy {
    fn now(&self) -> Instant {
        if let Some(limiter) = self.0.get().and_then(Weak::upgrade)
            && self.1.fetch_add(1, SeqCst) == 0
        {
            assert!(limiter.allow(&1));
        }
        Instant::now()
    }
}

#[test]
fn the_clock_is_read_under_no_lock() {
    model("no user code runs under a lock, and a clock may be the user's").check(|| {
        let (clock, burst) = (Nosy::default(), NonZeroU32::new(2).unwrap());
        let limiter =
            KeyedLimiter::with_clock(one_in(SECOND), burst, NonZeroUsize::MIN, clock.clone());
        let limiter = Arc::new(limiter);
        clock.0.set(Arc::downgrade(&limiter)).expect("it is set once");
        assert!(limiter.allow(&1), "the second of two");
        assert!(!limiter.allow(&1));
    });
}
