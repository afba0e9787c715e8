//! What does the plain face of the facade cost against bare std? Nothing: every ratio is about 1.
//!
//! `cargo bench -p benches --bench facade -- --table`

use benches::{Bench, timed};
use std::hint::black_box;
use std::sync::atomic::Ordering::Relaxed;

/// Compiles only where the two names mean one type, which then can't cost anything.
macro_rules! one_type {
    ($($bare:ty => $face:ty),* $(,)?) => { $(const _: fn($bare) -> $face = |same| same;)* };
}

one_type! {
    std::sync::Mutex<u8> => loomscope::sync::Mutex<u8>,
    std::sync::MutexGuard<'static, u8> => loomscope::sync::MutexGuard<'static, u8>,
    std::sync::RwLock<u8> => loomscope::sync::RwLock<u8>,
    std::sync::Condvar => loomscope::sync::Condvar,
    std::sync::Once => loomscope::sync::Once,
    std::sync::OnceLock<u8> => loomscope::sync::OnceLock<u8>,
    std::sync::Barrier => loomscope::sync::Barrier,
    std::sync::Arc<u8> => loomscope::sync::Arc<u8>,
    std::sync::atomic::AtomicBool => loomscope::sync::atomic::AtomicBool,
    std::sync::atomic::AtomicU32 => loomscope::sync::atomic::AtomicU32,
    std::sync::atomic::AtomicU64 => loomscope::sync::atomic::AtomicU64,
    std::sync::atomic::AtomicUsize => loomscope::sync::atomic::AtomicUsize,
    std::sync::atomic::AtomicPtr<u8> => loomscope::sync::atomic::AtomicPtr<u8>,
    std::thread::JoinHandle<u8> => loomscope::thread::JoinHandle<u8>,
    std::collections::HashMap<u8, u8> => loomscope::collections::HashMap<u8, u8>,
    tokio::task::JoinHandle<u8> => loomscope::task::JoinHandle<u8>,
    tokio::time::Instant => loomscope::time::Instant,
    futures::task::AtomicWaker => loomscope::task::AtomicWaker,
}

// The one type that is not std's own is no larger than std's.
const _: () = assert!(
    size_of::<loomscope::cell::UnsafeCell<u64>>() == size_of::<std::cell::UnsafeCell<u64>>()
);

fn main() {
    benches::run("What does the plain face cost against bare std?", |bench| {
        mutex(bench);
        atomic(bench);
        condvar(bench);
        cell(bench);
        note(bench);
        spawn(bench);
    });
}

/// A re-export: the same type, measured anyway.
fn mutex(bench: &mut Bench) {
    let (face, bare) = (loomscope::sync::Mutex::new(0_u64), std::sync::Mutex::new(0_u64));
    let whole = "no holder panics";
    bench
        .one_thread("Mutex: lock and unlock")
        .contestant("facade", |times| {
            timed(|| (0..times).for_each(|_| *black_box(&face).lock().expect(whole) += 1))
        })
        .contestant("std", |times| {
            timed(|| (0..times).for_each(|_| *black_box(&bare).lock().expect(whole) += 1))
        })
        .run();
}

/// A re-export.
fn atomic(bench: &mut Bench) {
    let face = loomscope::sync::atomic::AtomicU64::new(0);
    let bare = std::sync::atomic::AtomicU64::new(0);
    // Relaxed: one thread.
    let add_to_face = || _ = black_box(black_box(&face).fetch_add(1, Relaxed));
    let add_to_bare = || _ = black_box(black_box(&bare).fetch_add(1, Relaxed));
    bench
        .one_thread("AtomicU64: fetch_add")
        .contestant("facade", |times| timed(|| (0..times).for_each(|_| add_to_face())))
        .contestant("std", |times| timed(|| (0..times).for_each(|_| add_to_bare())))
        .run();
}

/// A re-export.
fn condvar(bench: &mut Bench) {
    let (face, bare) = (loomscope::sync::Condvar::new(), std::sync::Condvar::new());
    bench
        .one_thread("Condvar: notify_one, nobody waits")
        .contestant("facade", |times| {
            timed(|| (0..times).for_each(|_| black_box(&face).notify_one()))
        })
        .contestant("std", |times| timed(|| (0..times).for_each(|_| black_box(&bare).notify_one())))
        .run();
}

/// A newtype, with the pointer lent to a closure.
fn cell(bench: &mut Bench) {
    let face = loomscope::cell::UnsafeCell::new(0_u64);
    let bare = std::cell::UnsafeCell::new(0_u64);
    let add_to_face = || {
        // SAFETY: the cell never leaves this thread, and the pointer dies with the closure.
        black_box(&face).with_mut(|value| unsafe { *value += 1 });
    };
    let add_to_bare = || {
        // SAFETY: as above.
        unsafe { *black_box(&bare).get() += 1 };
    };
    bench
        .one_thread("UnsafeCell: with_mut")
        .contestant("facade", |times| timed(|| (0..times).for_each(|_| add_to_face())))
        .contestant("std", |times| timed(|| (0..times).for_each(|_| add_to_bare())))
        .run();
}

/// A remark for the timeline, which is not even formatted here.
fn note(bench: &mut Bench) {
    let plain = |step: u64| _ = black_box(step);
    let remarking = |step: u64| {
        loomscope::note(format_args!("step {step}"));
        plain(step);
    };
    bench
        .one_thread("note, in a loop that does next to nothing")
        .contestant("facade", |times| timed(|| (0..times).for_each(remarking)))
        .contestant("without", |times| timed(|| (0..times).for_each(plain)))
        .run();
}

/// A function of its own, which names the thread as std's builder does.
fn spawn(bench: &mut Bench) {
    let (starts, ends) = ("the system can start another thread", "the thread does nothing");
    let of_face = || loomscope::thread::spawn_named("worker", || ()).join().expect(ends);
    let of_std = || {
        let named = std::thread::Builder::new().name("worker".to_owned());
        named.spawn(|| ()).expect(starts).join().expect(ends);
    };
    bench
        .two_threads("spawn_named and join")
        .contestant("facade", |times| timed(|| (0..times).for_each(|_| of_face())))
        .contestant("std", |times| timed(|| (0..times).for_each(|_| of_std())))
        .run();
}
