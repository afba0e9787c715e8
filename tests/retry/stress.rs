//! Real threads, which share a policy and a budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use futures::FutureExt;
use patterns::retry::{CancelToken, Retry, RetryBudget, RetryError, retry};
use tokio::sync::Barrier;

use crate::clock::Jumping;
use crate::support::{run_on, together, within_deadline};
use crate::{SECOND, steady, times};

#[test]
fn threads_share_one_policy() {
    within_deadline(|| {
        const THREADS: u32 = 4;
        const CALLS: u32 = 2_000;
        let budget = RetryBudget::new(0, times(1000));
        let policy = steady().with_clock(Jumping::new()).budget(budget.clone());
        let (token, attempts) = (CancelToken::new(), AtomicU32::new(0));
        together(THREADS as usize, |_| {
            for _ in 0..CALLS {
                let call = retry(&policy, &token, async |_| {
                    attempts.fetch_add(1, Relaxed);
                    Err::<(), _>(Retry::Transient(()))
                });
                assert!(call.now_or_never().is_some());
            }
        });
        assert_eq!(budget.available(), 0);
        assert_eq!(attempts.into_inner(), THREADS * CALLS + 1000, "a reserve of 1000, and no more");
    });
}

#[test]
fn everybody_hears_of_the_cancellation() {
    run_on(2, || async {
        let (token, begun) = (CancelToken::new(), Arc::new(Barrier::new(65)));
        let calls: Vec<_> = (0..64)
            .map(|call| {
                let (token, begun) = (token.clone(), begun.clone());
                tokio::spawn(async move {
                    let policy = steady();
                    let answer = retry(&policy, &token, async |_| {
                        begun.wait().await;
                        match call % 2 {
                            0 => std::future::pending().await,
                            _ => Err::<(), _>(Retry::After((), 3600 * SECOND)),
                        }
                    });
                    answer.await
                })
            })
            .collect();
        begun.wait().await;
        token.cancel();
        for call in calls {
            let end = call.await.unwrap();
            assert!(matches!(end, Err(RetryError::Cancelled { attempts: 1, .. })), "{end:?}");
        }
    });
}
