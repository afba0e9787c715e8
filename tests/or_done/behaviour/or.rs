//! What one can see of `or`.

use std::future::ready;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use patterns::or_done::{Or, or};
use tokio::task::yield_now;

use crate::script::{Control, Script, script};
use crate::support::{Polled, run, within_deadline};

/// So many signals, and the future of whichever comes first.
fn signals(n: usize) -> (Vec<Control<usize>>, Polled<Or<Script<usize>>>) {
    let (controls, scripts): (Vec<_>, Vec<_>) = (0..n).map(|_| script()).unzip();
    (controls, Polled::new(or(scripts)))
}

#[test]
fn one_signal_is_enough() {
    within_deadline(|| {
        for which in 0..3 {
            let (controls, any) = signals(3);
            let any = any.pending();
            controls[which].give(which);
            assert_eq!(any.wakes(), 1, "signal {which} wakes it");
            assert_eq!(any.ready(), which, "the others never come");
        }
    });
}

#[test]
fn a_signal_that_came_before_is_seen_at_the_first_poll() {
    run(|| async {
        assert_eq!(or([ready(7)]).await, 7);
    });
}

#[test]
fn without_a_signal_it_never_completes() {
    within_deadline(|| {
        let none = Polled::new(or(std::iter::empty::<std::future::Ready<()>>()));
        let none = none.pending().pending();
        assert_eq!(none.wakes(), 0);
    });
}

#[test]
fn of_several_that_are_ready_the_first_in_order_wins() {
    within_deadline(|| {
        let (controls, any) = signals(4);
        let any = any.pending();
        for late_to_early in [3, 2, 1] {
            controls[late_to_early].give(late_to_early);
        }
        assert_eq!(any.ready(), 1);
        let left: Vec<_> = controls.iter().map(Control::left).collect();
        assert_eq!(left, [0, 0, 1, 1], "what was not asked for has lost nothing");
    });
}

#[test]
fn the_losers_are_dropped_before_the_output_is_returned() {
    within_deadline(|| {
        let (controls, any) = signals(3);
        let mut any = any.pending();
        assert!(controls.iter().all(|control| !control.is_dropped()));
        controls[1].give(1);
        assert_eq!(any.poll(), Poll::Ready(1));
        let dropped: Vec<_> = controls.iter().map(Control::is_dropped).collect();
        assert_eq!(dropped, [true; 3], "the future is still there, and they are not");
    });
}

#[test]
fn no_waiting_signal_is_dropped_or_forgotten() {
    within_deadline(|| {
        let (controls, any) = signals(3);
        let _any = any.pending().pending().pending();
        for control in &controls {
            assert_eq!((control.is_dropped(), control.polls()), (false, 3));
        }
    });
}

#[test]
fn an_or_that_moves_to_another_task_is_woken_there() {
    within_deadline(|| {
        for which in 0..3 {
            let (controls, any) = signals(3);
            let mut any = any.pending();
            let old = any.move_to_another_task();
            let any = any.pending();
            controls[which].give(which);
            assert_eq!((any.wakes(), old.count()), (1, 0), "the last task is woken");
        }
    });
}

#[test]
fn a_panic_drops_every_signal() {
    within_deadline(|| {
        let (controls, any) = signals(3);
        let mut any = any.pending();
        controls[1].panic();
        let panic = catch_unwind(AssertUnwindSafe(|| any.poll()));
        assert!(panic.is_err(), "the panic goes to whoever polls");
        let dropped: Vec<_> = controls.iter().map(Control::is_dropped).collect();
        assert_eq!(dropped, [true; 3]);
        assert_eq!(controls[2].polls(), 1, "nobody behind it was polled");
    });
}

#[test]
#[should_panic(expected = "an `or` is not polled after it has ended")]
fn polled_after_its_end_it_panics() {
    within_deadline(|| {
        let mut any = Polled::new(or([ready(())]));
        assert!(any.poll().is_ready());
        let _ = any.poll();
    });
}

#[test]
fn signals_need_not_be_movable_and_it_always_is() {
    fn is_unpin<T: Unpin>(value: T) -> T {
        value
    }
    run(|| async {
        let counts = |turns| async move {
            for _ in 0..turns {
                yield_now().await;
            }
            turns
        };
        assert_eq!(is_unpin(or([9, 5, 7].map(counts))).await, 5);
    });
}
