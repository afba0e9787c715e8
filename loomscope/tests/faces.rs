//! The two faces of the facade offer the same names with the same meaning: one body uses every item,
//! and is compiled and run on each.

macro_rules! uses_every_item {
    ($face:ident) => {
        use std::future::{Future, pending};
        use std::pin::pin;
        use std::sync::mpsc::channel;
        use std::task::{Context, Poll, Waker};

        use $face::cell::UnsafeCell;
        use $face::collections::{HashMap, HashSet};
        use $face::sync::atomic::{
            AtomicBool, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16,
            AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
        };
        use $face::sync::{
            Arc, Barrier, BarrierWaitResult, Condvar, LockResult, Mutex, MutexGuard, Once,
            OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError,
            TryLockResult, WaitTimeoutResult, Weak,
        };
        use $face::task::{
            AbortHandle, AtomicWaker, JoinError, JoinHandle, block_on, coop, spawn, yield_now,
        };
        use $face::thread::{self, Thread, ThreadId};
        use $face::time::{
            Clock, Duration, Instant, ManualClock, Sleep, SystemClock, sleep, sleep_until,
        };
        use $face::{MODEL, Model, model, named, note};

        const SECOND: Duration = Duration::from_secs(1);

        fn locks() {
            let mutex = Mutex::new(1);
            let guard: LockResult<MutexGuard<'_, i32>> = mutex.lock();
            let refused: TryLockResult<MutexGuard<'_, i32>> = mutex.try_lock();
            assert!(matches!(refused, Err(TryLockError::WouldBlock)));
            drop((refused, guard));
            *mutex.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            assert!(!mutex.is_poisoned());
            mutex.clear_poison();
            let mut mutex = mutex;
            *mutex.get_mut().unwrap() += 1;
            assert_eq!(mutex.into_inner().unwrap(), 3);
            assert_eq!(*Mutex::<u8>::default().lock().unwrap(), *Mutex::from(0).lock().unwrap());

            let lock = RwLock::new(1);
            let reader: RwLockReadGuard<'_, i32> = lock.read().unwrap();
            assert_eq!(*lock.try_read().unwrap(), *reader);
            assert!(matches!(lock.try_write(), Err(TryLockError::WouldBlock)));
            drop(reader);
            let mut writer: RwLockWriteGuard<'_, i32> = lock.write().unwrap();
            *writer += 1;
            drop(writer);
            let mut lock = lock;
            *lock.get_mut().unwrap() += 1;
            assert!(!lock.is_poisoned());
            assert_eq!(lock.into_inner().unwrap(), 3);
        }

        fn waiting() {
            let pair = Arc::new((Mutex::new(false), Condvar::new()));
            let theirs = pair.clone();
            let setter = thread::spawn(move || {
                *theirs.0.lock().unwrap() = true;
                theirs.1.notify_one();
                theirs.1.notify_all();
            });
            drop(pair.1.wait_while(pair.0.lock().unwrap(), |set| !*set).unwrap());
            setter.join().unwrap();
            let brief = Duration::from_millis(1);
            let (guard, result): (_, WaitTimeoutResult) =
                pair.1.wait_timeout_while(pair.0.lock().unwrap(), brief, |set| *set).unwrap();
            assert!(result.timed_out());
            drop(guard);
            drop(pair.1.wait_timeout(pair.0.lock().unwrap(), brief).unwrap());

            let barrier = Arc::new(Barrier::new(2));
            let theirs = barrier.clone();
            let other = thread::spawn(move || theirs.wait().is_leader());
            let here: BarrierWaitResult = barrier.wait();
            assert_ne!(here.is_leader(), other.join().unwrap());

            let once = Once::new();
            once.call_once(|| {});
            assert!(once.is_completed());
            let mut cell = OnceLock::new();
            assert_eq!(cell.get(), None);
            assert_eq!(cell.get_or_init(|| 1), &1);
            assert_eq!(cell.set(2), Err(2));
            assert_eq!(cell.get_mut(), Some(&mut 1));
            assert_eq!(cell.into_inner(), Some(1));
        }

        macro_rules! integer {
            ($atomic:ident) => {
                let atomic = $atomic::new(1);
                assert_eq!(atomic.load(Ordering::Acquire), 1);
                atomic.store(2, Ordering::Release);
                assert_eq!(atomic.swap(3, Ordering::AcqRel), 2);
                assert_eq!(atomic.fetch_add(4, Ordering::Relaxed), 3);
                assert_eq!(atomic.fetch_sub(1, Ordering::Relaxed), 7);
                assert_eq!(atomic.fetch_and(3, Ordering::Relaxed), 6);
                assert_eq!(atomic.fetch_or(5, Ordering::Relaxed), 2);
                assert_eq!(atomic.fetch_xor(1, Ordering::Relaxed), 7);
                assert_eq!(atomic.fetch_max(9, Ordering::Relaxed), 6);
                assert_eq!(atomic.fetch_min(5, Ordering::Relaxed), 9);
                let (ok, failed) = (Ordering::AcqRel, Ordering::Acquire);
                assert_eq!(atomic.compare_exchange(5, 6, ok, failed), Ok(5));
                assert_eq!(atomic.compare_exchange_weak(5, 7, ok, failed), Err(6));
                assert_eq!(atomic.fetch_update(ok, failed, |value| Some(value + 1)), Ok(6));
                assert_eq!(atomic.into_inner(), 7);
                assert_eq!($atomic::default().into_inner(), 0);
            };
        }

        fn atomics() {
            integer!(AtomicU8);
            integer!(AtomicU16);
            integer!(AtomicU32);
            integer!(AtomicU64);
            integer!(AtomicUsize);
            integer!(AtomicI32);
            integer!(AtomicI64);
            integer!(AtomicIsize);
            let flag = AtomicBool::default();
            assert!(!flag.fetch_or(true, Ordering::SeqCst));
            assert!(flag.fetch_and(true, Ordering::SeqCst));
            assert!(flag.fetch_xor(true, Ordering::SeqCst));
            let mut value = 1;
            let pointer = AtomicPtr::new(&raw mut value);
            assert!(!pointer.swap(std::ptr::null_mut(), Ordering::SeqCst).is_null());
            assert!(pointer.load(Ordering::SeqCst).is_null());
            fence(Ordering::SeqCst);
        }

        fn cells() {
            let mut cell = UnsafeCell::new(1);
            // SAFETY: nobody else has the cell.
            cell.with_mut(|value| unsafe { *value += 1 });
            *cell.get_mut() += 1;
            // SAFETY: as above.
            assert_eq!(cell.with(|value| unsafe { *value }), 3);
            assert_eq!(cell.into_inner(), 3);
            let map: HashMap<u8, u8> = HashMap::default();
            let set: HashSet<u8> = HashSet::default();
            assert_eq!(map.len(), set.len());
        }

        fn threads() {
            let (send, receive) = channel();
            let parked = thread::spawn_named("parked", move || {
                let this: Thread = thread::current();
                send.send(this).unwrap();
                thread::park();
                7
            });
            let id: ThreadId = parked.thread().id();
            while receive.try_recv().map(|thread| thread.unpark()).is_err() {
                $face::hint::spin_loop();
                thread::yield_now();
            }
            assert_eq!(parked.thread().name(), Some("parked"));
            assert_ne!(id, thread::current().id());
            assert_eq!(parked.join().unwrap(), 7);
            thread::park_timeout(Duration::from_millis(1));
            let mut borrowed = 0;
            thread::scope(|scope| {
                let adder = scope.spawn(|| borrowed += 1);
                adder.join().unwrap();
            });
            assert_eq!(borrowed, 1);
            assert!(!thread::panicking());
        }

        async fn tasks() {
            let handle: JoinHandle<i32> = spawn(async {
                yield_now().await;
                1
            });
            assert_eq!(handle.await.unwrap(), 1);
            let endless = spawn(pending::<()>());
            let abort: AbortHandle = endless.abort_handle();
            abort.abort();
            let error: JoinError = endless.await.unwrap_err();
            assert!(error.is_cancelled() && !error.is_panic());
            assert!(abort.is_finished());
        }

        fn wakers() {
            let waker = AtomicWaker::new();
            waker.register(Waker::noop());
            assert!(waker.take().is_some());
            waker.wake();
            let mut context = Context::from_waker(Waker::noop());
            let Poll::Ready(budget) = coop::poll_proceed(&mut context) else {
                panic!("a fresh budget has room")
            };
            budget.made_progress();
        }

        async fn clocks() {
            let start = Instant::now();
            let brief = Duration::from_millis(1);
            let nap: Sleep = sleep(brief);
            assert!(nap.deadline() >= start + brief);
            nap.await;
            assert!(start.elapsed() >= brief);
            sleep_until(start).await;
            assert_eq!((start + SECOND).duration_since(start), SECOND);
            assert_eq!(start.checked_duration_since(start + SECOND), None);
            assert_eq!(start.checked_add(SECOND), Some(start + SECOND));
            assert!(SystemClock.now() >= start);
            let clock = ManualClock::new();
            let before = clock.now();
            clock.clone().advance(SECOND);
            assert_eq!(clock.now() - before, SECOND);
            let mut asleep = pin!(clock.sleep_until(clock.now() + SECOND));
            let mut context = Context::from_waker(Waker::noop());
            assert!(asleep.as_mut().poll(&mut context).is_pending());
            let hand = clock.clone();
            let moved = spawn(async move { hand.advance(SECOND) });
            asleep.await;
            moved.await.unwrap();
            SystemClock.sleep_until(start).await;
            assert!(
                pin!(sleep(SECOND))
                    .as_mut()
                    .poll(&mut Context::from_waker(Waker::noop()))
                    .is_pending()
            );
        }

        /// Everything but what needs tasks and timers, which are a runtime's on the plain face.
        pub(crate) fn without_a_runtime() {
            for body in [locks, waiting, atomics, cells, threads, wakers] {
                body();
            }
            assert_eq!(block_on(async { 1 }), 1);
            let weak: Weak<u8> = Arc::downgrade(&Arc::new(1));
            assert!(weak.upgrade().is_none());
            assert_eq!(named("x", || Mutex::new(1)).into_inner().unwrap(), 1);
            note(format_args!("a remark"));
        }

        pub(crate) async fn on_a_runtime() {
            tasks().await;
            clocks().await;
        }

        /// `model` and the builder exist on both; each calls the body at least once.
        pub(crate) fn the_model_itself() {
            let runs = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
            let counted = |runs: &std::sync::Arc<std::sync::atomic::AtomicU32>| {
                let runs = runs.clone();
                move || {
                    let shared = Arc::new(Mutex::new(0));
                    let theirs = shared.clone();
                    let other = thread::spawn(move || *theirs.lock().unwrap() += 1);
                    *shared.lock().unwrap() += 1;
                    other.join().unwrap();
                    runs.fetch_add(1, Ordering::SeqCst);
                }
            };
            model(counted(&runs));
            Model::new("settings")
                .preemptions(1)
                .interleavings(10)
                .steps(100)
                .budget(SECOND)
                .random(1)
                .check(counted(&runs));
            assert!(runs.load(Ordering::SeqCst) >= 2);
            assert_eq!(MODEL, stringify!($face) == "loomscope");
        }
    };
}

mod plain_face {
    uses_every_item!(plain);
}

mod explorer {
    uses_every_item!(loomscope);
}

#[tokio::test]
async fn the_plain_face_has_every_item() {
    plain_face::without_a_runtime();
    plain_face::on_a_runtime().await;
    plain_face::the_model_itself();
}

#[test]
fn the_explorer_has_every_item() {
    loomscope::Model::new("every item").preemptions(0).random(1).interleavings(20).check(|| {
        explorer::without_a_runtime();
        loomscope::task::block_on(explorer::on_a_runtime());
    });
    explorer::the_model_itself();
}
