//! Traced atomics. Under loom a load may be stale, as far as its ordering allows.
//!
//! loom takes `SeqCst` for little more than `AcqRel`: a `SeqCst` load may return what no machine
//! would. A read-modify-write always sees the newest value. So a `SeqCst` store is a swap here, and
//! a `SeqCst` load, once there was such a store, is a read-modify-write that changes nothing. That is
//! right as long as every store to the atomic is a swap: loom leaves a weaker store unordered to a
//! read-modify-write beside it, and the store would get lost. Where a program mixes all three, its
//! weaker stores are swaps as well, of their own ordering: what they publish is the same, but they
//! come in one order.

use std::fmt;
use std::panic::Location;

use std::sync::atomic::AtomicBool as AtomicFlag;
pub use std::sync::atomic::Ordering;

use crate::engine::{Engine, Readers, current, enter};
use crate::event::{Op, Place};
use crate::record::{self, Traced};

/// Orders the memory operations before and after it.
#[track_caller]
pub fn fence(order: Ordering) {
    enter(|| match current() {
        Engine::Loom => loom::sync::atomic::fence(order),
        Engine::Shuttle => shuttle::sync::atomic::fence(order),
    });
    record::emit(Op::Fence, None, Location::caller());
}

/// Which orderings an atomic has seen.
///
/// `Relaxed`, since the threads of a model are coroutines on one OS thread.
#[derive(Debug, Default)]
struct Orderings {
    loaded_in_order: AtomicFlag,
    stored_in_order: AtomicFlag,
    stored_weakly: AtomicFlag,
}

impl Orderings {
    /// Whether a load sees the newest value.
    fn load_is_exact(&self, order: Ordering) -> bool {
        if order != Ordering::SeqCst {
            return false;
        }
        self.loaded_in_order.store(true, Ordering::Relaxed);
        self.check();
        self.stored_in_order.load(Ordering::Relaxed)
    }

    /// Whether a store comes after every other.
    fn store_is_exact(&self, order: Ordering) -> bool {
        if order != Ordering::SeqCst {
            self.stored_weakly.store(true, Ordering::Relaxed);
            self.check();
        }
        self.updates(order);
        order == Ordering::SeqCst || record::mode().mixed_orderings
    }

    /// Says that a read-modify-write is about to be made.
    fn updates(&self, order: Ordering) {
        if order == Ordering::SeqCst {
            self.stored_in_order.store(true, Ordering::Relaxed);
            self.check();
        }
    }

    fn check(&self) {
        let mode = record::mode();
        let seen = [&self.loaded_in_order, &self.stored_in_order, &self.stored_weakly];
        let is_mixed = seen.iter().all(|flag| flag.load(Ordering::Relaxed));
        if is_mixed && current() == Engine::Loom && !mode.mixed_orderings {
            record::need(record::Mode { mixed_orderings: true, ..mode });
        }
    }
}

/// A value as the log keeps it.
trait Shown {
    fn shown(self) -> i128;
}

/// What every atomic has.
macro_rules! atomic {
    ($(#[$doc:meta])* $name:ident $(<$t:ident>)?, $value:ty) => {
        $(#[$doc])*
        pub struct $name $(<$t>)? {
            traced: Traced,
            orderings: Orderings,
            readers: Readers,
            raw: raw::$name $(<$t>)?,
        }

        impl $(<$t>)? $name $(<$t>)? {
            /// An atomic with a first value.
            #[track_caller]
            pub fn new(value: $value) -> Self {
                let traced = Traced::new(stringify!($name), Location::caller());
                let (orderings, readers) = (Orderings::default(), Readers::default());
                Self { traced, orderings, readers, raw: raw::$name::new(value) }
            }

            /// The value, as new or as old as `order` allows.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                let value = if self.orderings.load_is_exact(order) {
                    self.raw.newest(order)
                } else {
                    self.readers.read();
                    self.raw.load(order)
                };
                self.traced.emit(Op::Load(value.shown()), Location::caller());
                value
            }

            /// Writes `value`.
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                self.readers.write();
                if self.orderings.store_is_exact(order) {
                    self.raw.swap(value, order);
                } else {
                    self.raw.store(value, order);
                }
                self.traced.emit(Op::Store(value.shown()), Location::caller());
            }

            /// Writes `value`, and gives what was there.
            #[track_caller]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                self.readers.write();
                self.orderings.updates(order);
                let from = self.raw.swap(value, order);
                self.updated(from, value, Location::caller())
            }

            /// Writes `new` if `expected` is there.
            ///
            /// # Errors
            ///
            /// What was there instead.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                expected: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.readers.write();
                self.orderings.updates(success);
                let result = self.raw.compare_exchange(expected, new, success, failure);
                let (expected, new) = (expected.shown(), new.shown());
                let op = match result {
                    Ok(_) => Op::CasOk { from: expected, to: new },
                    Err(found) => Op::CasFailed { expected, found: found.shown() },
                };
                self.traced.emit(op, Location::caller());
                result
            }

            /// Like `compare_exchange`; here it never fails for no reason.
            ///
            /// # Errors
            ///
            /// What was there instead.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                expected: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(expected, new, success, failure)
            }

            /// Loads, and tries to write what `change` makes of it, until that succeeds.
            ///
            /// # Errors
            ///
            /// What was there when `change` gave `None`.
            #[track_caller]
            pub fn fetch_update(
                &self,
                set: Ordering,
                fetch: Ordering,
                mut change: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                let mut before = self.load(fetch);
                while let Some(after) = change(before) {
                    match self.compare_exchange(before, after, set, fetch) {
                        Ok(_) => return Ok(before),
                        Err(found) => before = found,
                    }
                }
                Err(before)
            }

            /// The value, through an exclusive borrow or not at all.
            pub fn into_inner(self) -> $value {
                self.raw.newest(Ordering::SeqCst)
            }

            fn updated(&self, from: $value, to: $value, place: Place) -> $value {
                self.traced.emit(Op::Update { from: from.shown(), to: to.shown() }, place);
                from
            }
        }

        impl $(<$t>)? fmt::Debug for $name $(<$t>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

/// One read-modify-write: its name, and what it makes of the value before and the argument.
macro_rules! fetch {
    ($name:ident, $value:ty, $(#[$doc:meta])* $method:ident, $change:expr) => {
        impl $name {
            $(#[$doc])*
            #[track_caller]
            pub fn $method(&self, value: $value, order: Ordering) -> $value {
                self.readers.write();
                self.orderings.updates(order);
                let from = self.raw.$method(value, order);
                let change: fn($value, $value) -> $value = $change;
                self.updated(from, change(from, value), Location::caller())
            }
        }
    };
}

macro_rules! integer {
    ($name:ident, $value:ty) => {
        atomic!(
            #[doc = concat!("A traced `std::sync::atomic::", stringify!($name), "`.")]
            $name,
            $value
        );
        fetch!($name, $value, /// Adds, wrapping around; gives the value before.
            fetch_add, |from, value| from.wrapping_add(value));
        fetch!($name, $value, /// Subtracts, wrapping around; gives the value before.
            fetch_sub, |from, value| from.wrapping_sub(value));
        fetch!($name, $value, /// Bitwise and; gives the value before.
            fetch_and, |from, value| from & value);
        fetch!($name, $value, /// Bitwise or; gives the value before.
            fetch_or, |from, value| from | value);
        fetch!($name, $value, /// Bitwise exclusive or; gives the value before.
            fetch_xor, |from, value| from ^ value);
        fetch!($name, $value, /// The greater of the two; gives the value before.
            fetch_max, |from, value| from.max(value));
        fetch!($name, $value, /// The lesser of the two; gives the value before.
            fetch_min, |from, value| from.min(value));

        impl Shown for $value {
            fn shown(self) -> i128 {
                i128::try_from(self).unwrap_or(i128::MAX)
            }
        }

        impl Default for $name {
            #[track_caller]
            fn default() -> Self {
                Self::new(0)
            }
        }
    };
}

integer!(AtomicUsize, usize);
integer!(AtomicIsize, isize);
integer!(AtomicU64, u64);
integer!(AtomicI64, i64);
integer!(AtomicU32, u32);
integer!(AtomicI32, i32);
integer!(AtomicU16, u16);
integer!(AtomicU8, u8);

atomic!(
    /// A traced `std::sync::atomic::AtomicBool`.
    AtomicBool,
    bool
);
fetch!(AtomicBool, bool, /// Logical and; gives the value before.
    fetch_and, |from, value| from & value);
fetch!(AtomicBool, bool, /// Logical or; gives the value before.
    fetch_or, |from, value| from | value);
fetch!(AtomicBool, bool, /// Logical exclusive or; gives the value before.
    fetch_xor, |from, value| from ^ value);

impl Shown for bool {
    fn shown(self) -> i128 {
        self.into()
    }
}

impl Default for AtomicBool {
    #[track_caller]
    fn default() -> Self {
        Self::new(false)
    }
}

atomic!(
    /// A traced `std::sync::atomic::AtomicPtr`.
    AtomicPtr<T>,
    *mut T
);

impl<T> Shown for *mut T {
    fn shown(self) -> i128 {
        i128::try_from(self.addr()).unwrap_or(i128::MAX)
    }
}

/// The engines' atomics, one enum each.
mod raw {
    use super::{Engine, Ordering, current, enter};

    macro_rules! raw {
        ($name:ident $(<$t:ident>)?, $value:ty, $nothing:expr) => {
            pub(super) enum $name $(<$t>)? {
                Loom(loom::sync::atomic::$name $(<$t>)?),
                Shuttle(shuttle::sync::atomic::$name $(<$t>)?),
            }

            impl $(<$t>)? $name $(<$t>)? {
                pub(super) fn new(value: $value) -> Self {
                    match current() {
                        Engine::Loom => Self::Loom(loom::sync::atomic::$name::new(value)),
                        Engine::Shuttle => Self::Shuttle(shuttle::sync::atomic::$name::new(value)),
                    }
                }

                pub(super) fn load(&self, order: Ordering) -> $value {
                    enter(|| match self {
                        Self::Loom(atomic) => atomic.load(order),
                        Self::Shuttle(atomic) => atomic.load(order),
                    })
                }

                /// The newest value: a compare-exchange of a value with itself changes nothing.
                pub(super) fn newest(&self, order: Ordering) -> $value {
                    enter(|| match self {
                        Self::Loom(atomic) => atomic
                            .compare_exchange($nothing, $nothing, order, order)
                            .unwrap_or_else(|found| found),
                        Self::Shuttle(atomic) => atomic.load(order),
                    })
                }

                pub(super) fn store(&self, value: $value, order: Ordering) {
                    enter(|| match self {
                        Self::Loom(atomic) => atomic.store(value, order),
                        Self::Shuttle(atomic) => atomic.store(value, order),
                    })
                }

                pub(super) fn swap(&self, value: $value, order: Ordering) -> $value {
                    enter(|| match self {
                        Self::Loom(atomic) => atomic.swap(value, order),
                        Self::Shuttle(atomic) => atomic.swap(value, order),
                    })
                }

                pub(super) fn compare_exchange(
                    &self,
                    expected: $value,
                    new: $value,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$value, $value> {
                    enter(|| match self {
                        Self::Loom(atomic) => {
                            atomic.compare_exchange(expected, new, success, failure)
                        }
                        Self::Shuttle(atomic) => {
                            atomic.compare_exchange(expected, new, success, failure)
                        }
                    })
                }
            }
        };
    }

    macro_rules! fetch {
        ($name:ident, $value:ty, $($method:ident),+) => {
            impl $name {
                $(pub(super) fn $method(&self, value: $value, order: Ordering) -> $value {
                    enter(|| match self {
                        Self::Loom(atomic) => atomic.$method(value, order),
                        Self::Shuttle(atomic) => atomic.$method(value, order),
                    })
                })+
            }
        };
    }

    macro_rules! integer {
        ($name:ident, $value:ty) => {
            raw!($name, $value, 0);
            fetch!($name, $value, fetch_add, fetch_sub, fetch_and, fetch_or);
            fetch!($name, $value, fetch_xor, fetch_max, fetch_min);
        };
    }

    integer!(AtomicUsize, usize);
    integer!(AtomicIsize, isize);
    integer!(AtomicU64, u64);
    integer!(AtomicI64, i64);
    integer!(AtomicU32, u32);
    integer!(AtomicI32, i32);
    integer!(AtomicU16, u16);
    integer!(AtomicU8, u8);

    raw!(AtomicBool, bool, false);
    fetch!(AtomicBool, bool, fetch_and, fetch_or, fetch_xor);

    raw!(AtomicPtr<T>, *mut T, std::ptr::null_mut());
}
