//! An allocator that counts, when it is asked to.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// Relaxed throughout: a count is read after the threads that made it were joined or awaited, and
// that hand-over publishes it.
static COUNTING: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// What all threads of the process asked of the allocator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// How often memory was asked for; growing a block counts as asking once more.
    pub allocations: u64,
    /// How much was asked for; a block that grew counts with its new size.
    pub bytes: u64,
}

/// Counts what is allocated while `body` runs, by whichever thread. One count at a time.
pub fn count_allocations(body: impl FnOnce()) -> Counted {
    let before = counted();
    COUNTING.store(true, Relaxed);
    body();
    COUNTING.store(false, Relaxed);
    let after = counted();
    Counted {
        allocations: after.allocations - before.allocations,
        bytes: after.bytes - before.bytes,
    }
}

fn counted() -> Counted {
    Counted { allocations: ALLOCATIONS.load(Relaxed), bytes: BYTES.load(Relaxed) }
}

struct Counting;

impl Counting {
    #[inline]
    fn note(size: usize) {
        if COUNTING.load(Relaxed) {
            ALLOCATIONS.fetch_add(1, Relaxed);
            BYTES.fetch_add(size as u64, Relaxed);
        }
    }
}

// SAFETY: every call is handed to the system's allocator as it came; counting touches only statics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::note(layout.size());
        // SAFETY: the caller's obligations are those of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::note(layout.size());
        // SAFETY: the caller's obligations are those of `System`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::note(size);
        // SAFETY: the caller's obligations are those of `System`, where the block came from.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's obligations are those of `System`, where the block came from.
        unsafe { System.dealloc(block, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn the_counters_stand_still_when_nobody_counts() {
        count_allocations(|| ());
        let before = counted();
        drop(black_box(vec![0_u8; 64]));
        assert_eq!(counted(), before);
    }
}
