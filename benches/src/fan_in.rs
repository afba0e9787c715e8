//! The merges that take part, behind one trait.

use futures::stream::{SelectAll, select_all};
use futures::{Stream, StreamExt};
use tokio_stream::StreamMap;

/// A way to make one stream of many.
pub trait Merge {
    /// The one stream.
    type Merged<S: Input>: Stream<Item = S::Item> + Unpin + Send + 'static;

    /// Merges the inputs.
    fn merge<S: Input>(inputs: Vec<S>) -> Self::Merged<S>;
}

/// What can be merged by everyone: the peers ask for `Unpin`, the reference does not.
pub trait Input: Stream<Item: Send> + Unpin + Send + 'static {}

impl<S: Stream<Item: Send> + Unpin + Send + 'static> Input for S {}

/// The reference, and yours.
macro_rules! workbook {
    ($name:ident, $workbook:ident) => {
        #[doc = concat!("The `fan_in` of `", stringify!($workbook), "`.")]
        pub struct $name;

        impl Merge for $name {
            type Merged<S: Input> = $workbook::fan_in::FanIn<S>;

            fn merge<S: Input>(inputs: Vec<S>) -> Self::Merged<S> {
                $workbook::fan_in::fan_in(inputs)
            }
        }
    };
}

workbook!(Reference, reference);
#[cfg(feature = "yours-fan_in")]
workbook!(Yours, yours);

/// tokio-stream's: inputs by key, polled in turn from a random one on.
pub struct ByKey;

impl Merge for ByKey {
    // It gives the key along, which the workloads do not want.
    type Merged<S: Input> =
        futures::stream::Map<StreamMap<usize, S>, fn((usize, S::Item)) -> S::Item>;

    fn merge<S: Input>(inputs: Vec<S>) -> Self::Merged<S> {
        inputs.into_iter().enumerate().collect::<StreamMap<_, _>>().map(|(_, item)| item)
    }
}

/// futures' `select_all`: a `FuturesUnordered` of streams.
pub struct All;

impl Merge for All {
    type Merged<S: Input> = SelectAll<S>;

    fn merge<S: Input>(inputs: Vec<S>) -> Self::Merged<S> {
        select_all(inputs)
    }
}
