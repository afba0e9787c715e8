//! Many streams into one, and one stream into many branches.
//!
//! # Problem
//!
//! A program listens to four hundred connections, of which three are talking. Whoever merges them
//! must hear the three without asking the four hundred, must not let the loudest drown the others,
//! and must end when all have ended. The way back has its own traps: several workers share one
//! source of jobs, each job must reach exactly one of them, and a worker that goes away must take
//! neither a job nor the wake-up for the next one with it.
//!
//! # From Go
//!
//! A goroutine an input and one more that closes; a channel is shared by whoever ranges over it:
//!
//! ```go
//! for _, in := range inputs {
//!     wg.Go(func() {
//!         for v := range in { out <- v } // a switch an item
//!     })
//! }
//! go func() { wg.Wait(); close(out) }()   // one goroutine more, only to close
//! for range 4 { go work(out) }           // fan-out: four receivers of one channel
//! ```
//!
//! The runtime gives fairness and wake-ups for free, at the price of a goroutine an input, which
//! leaks where the reader of `out` goes away.
//!
//! # In Rust
//!
//! [`fan_in`] needs no task: a [`FanIn`] owns its inputs and polls them where it is polled. Drop it,
//! and they are gone. What the runtime did in Go is left to us: a stream that has nothing keeps a
//! waker, and if all of them keep the same one, nobody knows who called. So every input has a waker
//! of its own, which sets one bit. [`fan_out`] needs no task either: the branches share the source,
//! and whoever is polled polls it. Then the source's waker is the hard part. It must not lead to a
//! branch that has gone, or that has what it wanted.
//!
//! # Invariants
//!
//! Of a merge:
//!
//! - I1: an input is polled only when it is new, has just given an item, or was woken since its
//!   last poll; and at most once in one poll of the merge.
//! - I2: an input's bit is taken before the input is polled. A wake-up that comes during the poll
//!   sets it again.
//! - I3: a waker sets its bit before it looks for the task; the merge leaves the task's waker before
//!   it looks at the bits for the last time. Whoever comes second sees the other.
//! - I4: the search for the next input starts behind the one that gave the last item. So at most
//!   one item of each *other* input comes between an input's wake-up and its own item.
//! - I5: it ends when every input has ended, and never before; an ended input is gone at once.
//!
//! Of the branches:
//!
//! - I6: an item is in one place: the source, the queue, or the hands of the one poll that returns
//!   it. A branch holds none while it waits, so none is lost with it.
//! - I7: what a branch asks for is taken at once; beyond that, at most `capacity` items are in the queue.
//! - I8: at most one branch polls the source at a time, with no lock held.
//! - I9: *work* is an item in the queue, or a source that may have one: it has not said since its
//!   last wake-up that it has none, and nobody polls it. While a branch waits and has not been
//!   called, at least as many have been called as there is work. So whatever adds work, or takes a
//!   called branch away, calls the next in line. (What is read ahead counts when its poll is over.)
//! - I10: when the source has ended or panicked it is gone before a branch hears of it; every branch
//!   is called, takes what is left in the queue, and ends.
//!
//! # Cancellation and panics
//!
//! A [`FanIn`] that is dropped drops its inputs. It loses no item, as it holds none. The wakers that
//! it has given to its inputs may live on: they set bits that nobody reads, and keep no task. An
//! input that panics is dropped, its panic goes on to whoever polled, and the merge goes on with the
//! others when it is polled again.
//!
//! A [`Branch`] that is dropped leaves the line; if it had been called, the call goes to the next.
//! The same holds for a [`Next`]. The last branch drops the source and the queue. A source that
//! panics does so in the branch that polled it; what had been read before is still delivered, then
//! all branches end.
//!
//! No waker and no user code runs under a lock. A waker that panics does so in whoever woke it,
//! after the others that were due; an item that this one had just taken is dropped with the panic.
//!
//! # Cost
//!
//! A merge: two allocations an input when it is made, none afterwards. An item of a ready input costs
//! no atomic write; a wake-up sets one bit, and the first of them wakes the task. The search reads one
//! word for 64 inputs. An idle input costs nothing else.
//!
//! Branches: one lock to ask for an item and one to take it; two more to poll the source. No
//! allocation an item but what the queue grows by. An item wakes one branch, and one more where it
//! is not yet known whether the source has another. To leave the line early takes time in proportion
//! to the number of branches. Those who wait are called in the order in which they came, but who is
//! awake and asks takes what is there: no item waits for a task that has yet to be scheduled. A
//! branch that comes too late waits first in line.
//!
//! Neither keeps its neighbours from running, however much is ready: a merge is pending once after
//! each 128 items at a stretch, and wakes itself; a branch takes from the task's budget.
//!
//! # See also
//!
//! 1. `tokio_stream::StreamMap`: inputs by key, to be added and removed. It polls every input, from
//!    a random one on, whichever was woken.
//! 2. `futures::stream::select_all`: inputs may be added; it polls only what woke, by a list of
//!    allocated nodes, at several times our cost an item.
//! 3. `futures::stream::select` for two; `select_with_strategy` where one of them goes first.
//! 4. For work that is sent rather than read: a channel with several receivers is a fan-out.
#![forbid(unsafe_code)]

mod branch;
mod desk;
mod merge;

pub use branch::{Branch, Next, fan_out};
pub use merge::{FanIn, fan_in};
