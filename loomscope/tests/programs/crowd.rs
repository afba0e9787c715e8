//! Seven writers and a lost update: too many threads to be exhaustive, so the schedules are random.

use loomscope::sync::{Arc, Mutex};
use loomscope::thread;

fn crowd(add_one: fn(&Mutex<u32>)) {
    let count = Arc::new(Mutex::new(0));
    let writers = [(); 7].map(|()| {
        let count = count.clone();
        thread::spawn(move || add_one(&count))
    });
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    assert_eq!(*count.lock().unwrap(), 7, "every writer counts");
}

pub(crate) fn wrong() {
    crowd(|count| {
        let now = *count.lock().unwrap();
        *count.lock().unwrap() = now + 1;
    });
}

pub(crate) fn right() {
    crowd(|count| *count.lock().unwrap() += 1);
}
