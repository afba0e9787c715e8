//! The tokens that take part, behind one trait.

use std::future::Future;

/// A cancellation token, as far as the workloads need one.
pub trait Token: Clone + Send + Sync + 'static {
    /// Waits for the cancellation.
    type Cancelled<'a>: Future + Send
    where
        Self: 'a;

    /// A token without a parent.
    fn root() -> Self;
    /// A token that is cancelled with this one.
    fn child(&self) -> Self;
    /// Cancels this token and those below it.
    fn cancel(&self);
    /// Whether it is cancelled.
    fn is_cancelled(&self) -> bool;
    /// Waits until it is.
    fn cancelled(&self) -> Self::Cancelled<'_>;
}

/// The bodies of the reference and of yours, which have one API.
macro_rules! workbook {
    ($workbook:ident) => {
        impl Token for $workbook::cancel::CancelToken {
            type Cancelled<'a> = $workbook::cancel::Cancelled<'a>;

            fn root() -> Self {
                Self::new()
            }

            fn child(&self) -> Self {
                Self::child(self)
            }

            fn cancel(&self) {
                Self::cancel(self);
            }

            fn is_cancelled(&self) -> bool {
                Self::is_cancelled(self)
            }

            fn cancelled(&self) -> Self::Cancelled<'_> {
                Self::cancelled(self)
            }
        }
    };
}

workbook!(reference);
#[cfg(feature = "yours-cancel")]
workbook!(yours);

impl Token for tokio_util::sync::CancellationToken {
    type Cancelled<'a> = tokio_util::sync::WaitForCancellationFuture<'a>;

    fn root() -> Self {
        Self::new()
    }

    fn child(&self) -> Self {
        self.child_token()
    }

    fn cancel(&self) {
        Self::cancel(self);
    }

    fn is_cancelled(&self) -> bool {
        Self::is_cancelled(self)
    }

    fn cancelled(&self) -> Self::Cancelled<'_> {
        Self::cancelled(self)
    }
}
