//! Maps and sets. In models their hasher is fixed, so that a run repeats; make them with `default()`.

pub use std::collections::{HashMap, HashSet};
