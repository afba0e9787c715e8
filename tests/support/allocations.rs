//! How often the current thread has asked for memory, and how much it keeps. Taken in by the specs
//! that promise a number: `#[path = "support/allocations.rs"] mod allocations;`.

// Each spec uses the part it needs.
#![allow(dead_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: every call goes to the system's allocator as it came. Counting neither allocates nor
// panics: the cell is made without an initialiser, and a thread that is past its end is not counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        let _ = BYTES.try_with(|bytes| bytes.set(bytes.get() + layout.size() as isize));
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        let _ = BYTES.try_with(|bytes| bytes.set(bytes.get() - layout.size() as isize));
        // SAFETY: `memory` came from `alloc` above, and so from the system, with this layout.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// How many allocations `body` makes on this thread; a reallocation counts as one.
pub(crate) fn during(body: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    body();
    ALLOCATIONS.get() - before
}

/// The bytes that this thread has asked for and not given back; below zero where it freed another's.
pub(crate) fn live_bytes() -> isize {
    BYTES.get()
}

/// How many bytes this thread has asked for in `body`, less those that it has given back there.
pub(crate) fn kept_by(body: impl FnOnce()) -> isize {
    let before = live_bytes();
    body();
    live_bytes() - before
}
