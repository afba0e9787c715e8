//! Money goes from one account to the other and back, and each transfer locks its own end first.

use loomscope::sync::{Arc, Mutex};
use loomscope::{named, thread};

fn transfers(back_locks_first: [usize; 2]) {
    let rent = named("rent", || Arc::new(Mutex::new(100)));
    let wages = named("wages", || Arc::new(Mutex::new(100)));
    let accounts = [rent, wages];
    let theirs = accounts.clone();
    let pay = thread::spawn_named("pay", move || {
        let mut from = theirs[0].lock().unwrap();
        let mut to = theirs[1].lock().unwrap();
        *from -= 10;
        *to += 10;
    });
    let refund = thread::spawn_named("refund", move || {
        let mut first = accounts[back_locks_first[0]].lock().unwrap();
        let mut second = accounts[back_locks_first[1]].lock().unwrap();
        *first += 5;
        *second -= 5;
    });
    pay.join().unwrap();
    refund.join().unwrap();
}

pub(crate) fn wrong() {
    transfers([1, 0]);
}

pub(crate) fn right() {
    transfers([0, 1]);
}
