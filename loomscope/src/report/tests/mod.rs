//! Every verdict and its picture, from executions written by hand.

mod programs;

#[test]
fn a_notify_before_the_wait_is_a_lost_wakeup() {
    let report = programs::lost_wakeup();
    assert_eq!(
        report.verdict().to_string(),
        "lost wake-up: main waits for ever at step 7; the only notify came at step 5"
    );
    assert!(
        report
            .text(false)
            .contains(" 5 │ ┃                         │ notify_one cv: nobody waits │")
    );
}

#[test]
fn two_orders_of_locking_are_a_deadlock_with_its_cycle() {
    let report = programs::lock_order();
    assert_eq!(report.verdict().to_string(), "deadlock: pay -> refund -> pay");
}
