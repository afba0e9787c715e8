//! Counting allocations: a test binary with one test, since the count is the whole process's.

use benches::{Counted, count_allocations};
use std::hint::black_box;
use std::thread;

#[test]
fn every_thread_s_allocations_are_counted_and_only_within_the_body() {
    let nothing = Counted { allocations: 0, bytes: 0 };
    drop(black_box(vec![0_u8; 32]));
    assert_eq!(count_allocations(|| ()), nothing);

    let two_blocks = count_allocations(|| {
        drop(black_box(Vec::<u8>::with_capacity(64)));
        drop(black_box(vec![0_u8; 36]));
    });
    assert_eq!(two_blocks, Counted { allocations: 2, bytes: 100 });

    let grown = count_allocations(|| {
        let mut block = black_box(Vec::<u8>::with_capacity(10));
        block.reserve_exact(30);
        drop(black_box(block));
    });
    assert_eq!(grown, Counted { allocations: 2, bytes: 40 });

    let elsewhere = count_allocations(|| {
        let worker = thread::spawn(|| drop(black_box(vec![0_u8; 1 << 20])));
        worker.join().unwrap();
    });
    assert!(elsewhere.bytes >= 1 << 20, "the thread's block is missing: {elsewhere:?}");
}
