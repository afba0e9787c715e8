//! What is left when a call has ended, and what it asked for: nothing.

use std::future::ready;

use futures::FutureExt;
use patterns::retry::{CancelToken, Retry, RetryBudget, retry};

use crate::allocations;
use crate::clock::Jumping;
use crate::support::{Census, within_deadline};
use crate::{steady, times};

#[test]
fn a_failure_is_gone_when_the_next_has_come() {
    within_deadline(|| {
        let (token, census, mut most) = (CancelToken::new(), Census::default(), 0);
        let policy = steady().attempts(times(10)).with_clock(Jumping::new());
        let answer = retry(&policy, &token, |_| {
            most = most.max(census.alive());
            ready(Err::<(), _>(Retry::Transient(census.payload(1))))
        });
        let end = answer.now_or_never().unwrap();
        assert_eq!(
            (most, census.alive()),
            (1, 1),
            "failures that are kept during and after the call"
        );
        drop(end);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_call_that_need_not_wait_allocates_nothing() {
    within_deadline(|| {
        let (token, clock, budget) =
            (CancelToken::new(), Jumping::new(), RetryBudget::new(10, times(10)));
        let policy = steady().with_clock(clock).budget(budget);
        let made = allocations::during(|| {
            for _ in 0..100 {
                let call = retry(&policy, &token, |attempt| ready(Ok::<_, Retry<()>>(attempt)));
                assert_eq!(call.now_or_never(), Some(Ok(1)));
            }
            let op =
                |attempt| ready(if attempt < 4 { Err(Retry::Transient(())) } else { Ok(attempt) });
            assert_eq!(retry(&policy, &token, op).now_or_never(), Some(Ok(4)));
        });
        assert_eq!(made, 0, "a hundred calls, and one with three retries, allocated {made} times");
    });
}
