//! Work under a token and a limit.

use std::future::{pending, ready};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use futures::channel::oneshot;
use patterns::cancel::{CancelToken, Reason, with_timeout};
use tokio::time::{Instant, advance, sleep, timeout};

use crate::support::{Census, Polled, run, within_deadline};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn work_that_is_done_in_time_gives_its_output() {
    run(|| async {
        let token = CancelToken::new();
        let work = async {
            sleep(SECOND).await;
            "done"
        };
        assert_eq!(with_timeout(&token, 2 * SECOND, work).await, Ok("done"));
        assert_eq!(token.reason(), None);
    });
}

#[test]
fn work_that_takes_too_long_is_dropped() {
    run(|| async {
        let (token, census, start) = (CancelToken::new(), Census::default(), Instant::now());
        let payload = census.payload(1);
        let work = async move {
            pending::<()>().await;
            drop(payload);
        };
        let end = timeout(9 * SECOND, with_timeout(&token, 2 * SECOND, work)).await.unwrap();
        assert_eq!((end, start.elapsed()), (Err(Reason::DeadlineExceeded), 2 * SECOND));
        assert_eq!(census.alive(), 0, "the work is dropped before the error is given");
        assert_eq!(token.reason(), None, "the limit was the work's own");
    });
}

#[test]
fn work_is_dropped_at_once_when_its_token_is_cancelled() {
    run(|| async {
        let (token, census) = (CancelToken::new(), Census::default());
        let payload = census.payload(1);
        let work = async move {
            pending::<()>().await;
            drop(payload);
        };
        let mut run = Box::pin(with_timeout(&token, 9 * SECOND, work));
        assert!((&mut run).now_or_never().is_none());
        assert_eq!(census.alive(), 1);
        token.cancel();
        assert_eq!((&mut run).now_or_never(), Some(Err(Reason::Cancelled)));
        assert_eq!(census.alive(), 0, "the future is still there, but not the work");
    });
}

#[test]
fn work_hears_of_its_tokens_deadline() {
    run(|| async {
        let (token, start) = (CancelToken::new().with_timeout(SECOND), Instant::now());
        let work = with_timeout(&token, 5 * SECOND, pending::<()>());
        let end = timeout(9 * SECOND, work).await.unwrap();
        assert_eq!((end, start.elapsed()), (Err(Reason::DeadlineExceeded), SECOND));
    });
}

#[test]
fn work_may_have_less_time_than_its_token() {
    run(|| async {
        let (token, start) = (CancelToken::new().with_timeout(5 * SECOND), Instant::now());
        let end = with_timeout(&token, SECOND, pending::<()>()).await;
        assert_eq!((end, start.elapsed()), (Err(Reason::DeadlineExceeded), SECOND));
        assert_eq!(token.reason(), None, "the token has time left");
        let inner = with_timeout(&token, SECOND, pending::<()>());
        let end = with_timeout(&token, 2 * SECOND, inner).await;
        assert_eq!((end, start.elapsed()), (Ok(Err(Reason::DeadlineExceeded)), 2 * SECOND));
    });
}

#[test]
fn finished_work_is_never_thrown_away() {
    within_deadline(|| {
        let token = CancelToken::new();
        let (send, receive) = oneshot::channel();
        let mut run = Polled::new(with_timeout(&token, Duration::MAX, receive)).pending();
        // Both at the same time: the token is cancelled, and the work is done.
        token.cancel();
        send.send(7).unwrap();
        assert_eq!(run.poll().map(|end| end.map(Result::unwrap)), std::task::Poll::Ready(Ok(7)));
        let at_once = with_timeout(&token, Duration::MAX, ready(8)).now_or_never();
        assert_eq!(at_once, Some(Ok(8)), "also under a token that was cancelled before");
    });
}

#[test]
fn work_that_has_to_wait_does_not_wait_under_a_cancelled_token() {
    within_deadline(|| {
        let token = CancelToken::new();
        token.cancel();
        let end = with_timeout(&token, Duration::MAX, pending::<()>()).now_or_never();
        assert_eq!(end, Some(Err(Reason::Cancelled)));
    });
}

#[test]
fn the_limit_counts_from_the_first_poll() {
    run(|| async {
        let token = CancelToken::new();
        let work = with_timeout(&token, 2 * SECOND, async { sleep(SECOND).await });
        advance(5 * SECOND).await;
        assert_eq!(work.await, Ok(()));
    });
}

#[test]
fn a_panic_of_the_work_is_the_callers() {
    run(|| async {
        let (token, census) = (CancelToken::new(), Census::default());
        let payload = census.payload(1);
        let work = async move {
            let _payload = payload;
            sleep(SECOND).await;
            panic!("the work fails");
        };
        let end = AssertUnwindSafe(with_timeout(&token, 5 * SECOND, work)).catch_unwind().await;
        let cause = end.unwrap_err();
        assert_eq!(cause.downcast_ref::<&str>(), Some(&"the work fails"));
        assert_eq!((census.alive(), token.reason()), (0, None), "the token is as it was");
    });
}

#[test]
fn work_is_dropped_with_the_future_that_runs_it() {
    run(|| async {
        let (token, census) = (CancelToken::new(), Census::default());
        let payload = census.payload(1);
        let work = async move {
            pending::<()>().await;
            drop(payload);
        };
        drop(Polled::new(with_timeout(&token, SECOND, work)).pending());
        assert_eq!((census.alive(), token.reason()), (0, None));
    });
}
