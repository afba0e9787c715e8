//! A budget of retries: a token bucket that is filled by calls, and not by time.

use std::fmt;
use std::mem;
use std::num::NonZeroU32;

use loomscope::sync::Arc;
use loomscope::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a retry costs. A call pays `percent` of it.
const RETRY: u64 = 100;

/// A limit to how many retries come on so many calls, whoever makes them.
///
/// Each call deposits `percent` hundredths of a retry, and each retry withdraws a whole one. What is
/// not used is kept, up to `reserve` retries; that much is there at the start. So `n` calls make at
/// most `reserve + n × percent / 100` retries: where everything fails, the load is not a multiple of
/// what it was, but a few per cent more.
///
/// A budget is a handle: its clones share one account. It belongs to what is being called: one for
/// each server or service.
///
/// Source: Finagle's `RetryBudget`, without its clock; "Site Reliability Engineering", chapter 21, where
/// a client's retries are kept below a tenth of its requests.
///
/// # Examples
///
/// ```
/// # use solutions as patterns;
/// use patterns::retry::RetryBudget;
/// use std::num::NonZeroU32;
///
/// let budget = RetryBudget::new(20, NonZeroU32::MIN);
/// assert!(budget.withdraw(), "the reserve");
/// assert!(!budget.withdraw(), "nothing is left");
/// (0..5).for_each(|_| budget.deposit());
/// assert_eq!(budget.available(), 1);
/// ```
#[derive(Clone)]
pub struct RetryBudget {
    account: Arc<Account>,
}

struct Account {
    /// In hundredths of a retry, from 0 to `most`. A number and nothing else is at stake: no order
    /// between this and other memory is needed, so every access is `Relaxed`.
    balance: AtomicU64,
    most: u64,
    percent: u64,
}

impl RetryBudget {
    /// Makes a budget of `percent` retries for a hundred calls, with `reserve` retries in store.
    pub fn new(percent: u32, reserve: NonZeroU32) -> Self {
        let most = u64::from(reserve.get()) * RETRY;
        let balance = AtomicU64::new(most);
        Self { account: Arc::new(Account { balance, most, percent: percent.into() }) }
    }

    /// Pays in for one call. [`retry`](fn@super::retry) does so when its first attempt begins.
    pub fn deposit(&self) {
        self.account.add(self.account.percent);
    }

    /// Takes out one retry, or says that there is not a whole one. [`retry`](fn@super::retry) does so
    /// before it waits for one.
    #[must_use = "without a withdrawal there is no retry"]
    pub fn withdraw(&self) -> bool {
        let less = |balance: u64| balance.checked_sub(RETRY);
        self.account.balance.fetch_update(Relaxed, Relaxed, less).is_ok()
    }

    /// How many retries there are in store.
    pub fn available(&self) -> u32 {
        let whole = self.account.balance.load(Relaxed) / RETRY;
        u32::try_from(whole).unwrap_or(u32::MAX)
    }
}

impl Account {
    // ANCHOR: add
    /// Adds, up to the most there can be. A balance that is full is read, and not written: as long as
    /// nothing fails, callers do not take the word from each other.
    fn add(&self, amount: u64) {
        let more = |balance: u64| {
            let sum = balance.saturating_add(amount).min(self.most);
            (sum > balance).then_some(sum)
        };
        let _full = self.balance.fetch_update(Relaxed, Relaxed, more);
    }
    // ANCHOR_END: add
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget").field("available", &self.available()).finish_non_exhaustive()
    }
}

/// A retry that is paid for and has not begun: unless it is spent, it goes back when this is dropped.
pub(super) struct Withdrawal<'b>(Option<&'b RetryBudget>);

impl<'b> Withdrawal<'b> {
    /// Takes one retry out of the budget, if there is one and it has enough.
    pub(super) fn from(budget: Option<&'b RetryBudget>) -> Option<Self> {
        budget.is_none_or(RetryBudget::withdraw).then(|| Self(budget))
    }

    /// The retry begins.
    pub(super) fn spend(self) {
        mem::forget(self);
    }
}

impl Drop for Withdrawal<'_> {
    fn drop(&mut self) {
        if let Some(budget) = self.0 {
            budget.account.add(RETRY);
        }
    }
}
