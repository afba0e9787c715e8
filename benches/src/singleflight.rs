//! The groups that take part, behind one trait.

use std::future::Future;

/// A group for keys and values that are numbers.
pub trait Singleflight: Send + Sync + 'static {
    /// A group in which nothing is under way.
    fn new() -> Self;
    /// The value of this work, or of the one that is under way for the key.
    fn run<F, Fut>(&self, key: u64, work: F) -> impl Future<Output = u64> + Send
    where
        F: FnOnce() -> Fut + Send,
        Fut: Future<Output = u64> + Send + 'static;
}

/// The bodies of the reference and of yours, which have one API.
macro_rules! workbook {
    ($workbook:ident) => {
        impl Singleflight for $workbook::singleflight::Group<u64, u64> {
            fn new() -> Self {
                Self::new()
            }

            async fn run<F, Fut>(&self, key: u64, work: F) -> u64
            where
                F: FnOnce() -> Fut + Send,
                Fut: Future<Output = u64> + Send + 'static,
            {
                self.run(key, work).await.value
            }
        }
    };
}

workbook!(reference);
#[cfg(feature = "yours-singleflight")]
workbook!(yours);

impl Singleflight for asyncband::singleflight::Group<u64, u64> {
    fn new() -> Self {
        Self::new()
    }

    fn run<F, Fut>(&self, key: u64, work: F) -> impl Future<Output = u64> + Send
    where
        F: FnOnce() -> Fut + Send,
        Fut: Future<Output = u64> + Send + 'static,
    {
        self.work(key, async move || work().await)
    }
}

impl Singleflight for singleflight_async::SingleFlight<u64, u64> {
    fn new() -> Self {
        Self::new()
    }

    fn run<F, Fut>(&self, key: u64, work: F) -> impl Future<Output = u64> + Send
    where
        F: FnOnce() -> Fut + Send,
        Fut: Future<Output = u64> + Send + 'static,
    {
        self.work(key, work)
    }
}
