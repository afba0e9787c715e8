//! Real threads, a common start, high counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use futures::FutureExt;
use tokio::task::yield_now;

use crate::scene::{SECOND, keyed, limiter, one_in};
use crate::support::{run_on, together, within_deadline};

#[test]
fn each_token_is_taken_once() {
    within_deadline(|| {
        let (limiter, taken) = (limiter(SECOND, 20_000).0, AtomicU32::new(0));
        let take = |calls: u32| {
            taken.fetch_add((0..calls).filter(|_| limiter.allow()).count() as u32, SeqCst);
        };
        together(4, |_| take(5_000));
        assert_eq!(taken.load(SeqCst), 20_000, "there was a token for each");
        together(4, |_| take(1_000));
        assert_eq!((taken.load(SeqCst), limiter.available()), (20_000, 0));
    });
}

#[test]
fn no_token_is_lost_while_the_clock_runs() {
    within_deadline(|| {
        let (limiter, clock) = limiter(Duration::from_micros(3), 5_000);
        let (taken, over) = (AtomicU32::new(0), AtomicBool::new(false));
        assert_eq!(limiter.allow_n(5_000), Ok(true));
        together(3, |i| {
            if i == 0 {
                (0..9_000).for_each(|_| clock.advance(Duration::from_micros(1)));
                over.store(true, SeqCst);
            } else {
                while !over.load(SeqCst) {
                    taken.fetch_add(u32::from(limiter.allow()), SeqCst);
                }
            }
        });
        let rest = (0..5_000).filter(|_| limiter.allow()).count() as u32;
        assert_eq!(taken.load(SeqCst) + rest, 3_000, "9 ms at one in 3 µs");
    });
}

#[test]
fn changes_of_the_rate_give_no_tokens() {
    within_deadline(|| {
        let (limiter, _clock) = limiter(SECOND, 10_000);
        let taken = AtomicU32::new(0);
        together(3, |i| {
            if i == 0 {
                // Each interval is twice the last or half of it: nothing is ever rounded.
                for round in 0..20_000_u32 {
                    limiter.set_rate(one_in(SECOND * (1 << (round % 3))));
                }
            } else {
                let mine = (0..8_000).filter(|_| limiter.allow()).count();
                taken.fetch_add(mine as u32, SeqCst);
            }
        });
        assert_eq!((taken.load(SeqCst), limiter.available()), (10_000, 0));
    });
}

#[test]
fn everybody_in_line_is_served() {
    run_on(2, || async {
        let (limiter, clock) = limiter(SECOND, 2);
        let limiter = Arc::new(limiter);
        let tasks = (0..300_u32).map(|i| {
            let limiter = limiter.clone();
            tokio::spawn(async move { limiter.acquire_n(1 + i % 2).await.unwrap() })
        });
        let tasks: Vec<_> = tasks.collect();
        let mut seconds = 0;
        while !tasks.iter().all(tokio::task::JoinHandle::is_finished) {
            clock.advance(SECOND);
            seconds += 1;
            yield_now().await;
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert!(seconds >= 448, "450 tokens, 2 at once and then one a second: {seconds}");
        assert_eq!(limiter.waiting(), 0);
    });
}

#[test]
fn those_who_give_up_hold_nobody_up() {
    run_on(2, || async {
        let (limiter, clock) = limiter(SECOND, 1);
        let limiter = Arc::new(limiter);
        assert!(limiter.allow());
        let tasks = (0..200_u32).map(|i| {
            let limiter = limiter.clone();
            tokio::spawn(async move {
                if i % 2 == 0 {
                    limiter.acquire().await;
                } else {
                    // Polled once or twice, and dropped wherever it stands.
                    let mut acquire = Box::pin(limiter.acquire());
                    if (&mut acquire).now_or_never().is_none() {
                        yield_now().await;
                        let _ = (&mut acquire).now_or_never();
                    }
                }
            })
        });
        let tasks: Vec<_> = tasks.collect();
        while !tasks.iter().all(tokio::task::JoinHandle::is_finished) {
            clock.advance(SECOND);
            yield_now().await;
        }
        assert_eq!(limiter.waiting(), 0);
    });
}

#[test]
fn no_key_is_served_twice() {
    within_deadline(|| {
        let (limiter, _clock) = keyed(SECOND, 100, 10_000);
        let taken = AtomicU32::new(0);
        together(4, |i| {
            for _ in 0..200 {
                // A key is known once, whoever brings it first.
                let mine = (0..16).filter(|key| limiter.allow(&((key + i as u64) % 16))).count();
                taken.fetch_add(mine as u32, SeqCst);
            }
        });
        assert_eq!((taken.load(SeqCst), limiter.len()), (16 * 100, 16));
    });
}
