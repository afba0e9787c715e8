//! The semaphores that take part, behind one trait.

use std::future::Future;

/// A counting semaphore, as far as the workloads need one.
pub trait Semaphore: Send + Sync + 'static {
    /// Returns its permit when it is dropped.
    type Permit<'a>: Send
    where
        Self: 'a;

    /// A semaphore with so many permits.
    fn with_permits(permits: usize) -> Self;
    /// Waits for a permit.
    fn acquire(&self) -> impl Future<Output = Self::Permit<'_>> + Send;
    /// Takes a permit where one is free.
    fn try_acquire(&self) -> Option<Self::Permit<'_>>;
}

/// The bodies of the reference and of yours, which have one API.
macro_rules! workbook {
    ($workbook:ident) => {
        impl Semaphore for $workbook::semaphore::Semaphore {
            type Permit<'a> = $workbook::semaphore::Permit<'a>;

            fn with_permits(permits: usize) -> Self {
                Self::new(permits)
            }

            async fn acquire(&self) -> Self::Permit<'_> {
                Self::acquire(self).await.expect("no workload closes its semaphore")
            }

            fn try_acquire(&self) -> Option<Self::Permit<'_>> {
                Self::try_acquire(self).ok()
            }
        }
    };
}

workbook!(reference);
#[cfg(feature = "yours-semaphore")]
workbook!(yours);

impl Semaphore for tokio::sync::Semaphore {
    type Permit<'a> = tokio::sync::SemaphorePermit<'a>;

    fn with_permits(permits: usize) -> Self {
        Self::new(permits)
    }

    async fn acquire(&self) -> Self::Permit<'_> {
        Self::acquire(self).await.expect("no workload closes its semaphore")
    }

    fn try_acquire(&self) -> Option<Self::Permit<'_>> {
        Self::try_acquire(self).ok()
    }
}

impl Semaphore for async_lock::Semaphore {
    type Permit<'a> = async_lock::SemaphoreGuard<'a>;

    fn with_permits(permits: usize) -> Self {
        Self::new(permits)
    }

    async fn acquire(&self) -> Self::Permit<'_> {
        Self::acquire(self).await
    }

    fn try_acquire(&self) -> Option<Self::Permit<'_>> {
        Self::try_acquire(self)
    }
}

impl Semaphore for asyncband::semaphore::Semaphore {
    type Permit<'a> = asyncband::semaphore::SemaphorePermit<'a>;

    fn with_permits(permits: usize) -> Self {
        Self::new(permits)
    }

    async fn acquire(&self) -> Self::Permit<'_> {
        Self::acquire(self, 1).await
    }

    fn try_acquire(&self) -> Option<Self::Permit<'_>> {
        Self::try_acquire(self, 1)
    }
}
