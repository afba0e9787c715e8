//! A thread that reads and then writes must not hide the reads of the others from the search.

use loomscope::sync::Arc;
use loomscope::sync::atomic::{AtomicUsize, Ordering};
use loomscope::{Model, thread};

#[test]
fn a_read_before_a_write_hides_no_other_read() {
    let outcome = Model::new("grant").run(|| {
        let free = Arc::new(AtomicUsize::new(1));
        let granted = Arc::new(AtomicUsize::new(0));
        let (their_free, their_granted) = (free.clone(), granted.clone());
        let grants = thread::spawn_named("grants", move || {
            let round = their_granted.load(Ordering::Relaxed);
            their_granted.store(round + 1, Ordering::Release);
            their_free.fetch_sub(1, Ordering::Relaxed); // too late: it was told already
        });
        if granted.load(Ordering::Acquire) == 1 {
            assert_eq!(free.load(Ordering::Relaxed), 0, "granted, and free as well");
        }
        grants.join().unwrap();
    });
    let report = outcome.report.expect("the main thread can see the grant before the count");
    assert!(report.text(false).contains("granted, and free as well"), "{}", report.text(false));
}
