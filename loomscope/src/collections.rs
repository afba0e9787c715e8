//! Maps and sets with a fixed hasher, so that a run repeats; make them with `default()`.

use std::hash::{BuildHasherDefault, DefaultHasher};

/// A map whose order of iteration is the same in every run.
pub type HashMap<K, V, S = BuildHasherDefault<DefaultHasher>> = std::collections::HashMap<K, V, S>;

/// A set whose order of iteration is the same in every run.
pub type HashSet<T, S = BuildHasherDefault<DefaultHasher>> = std::collections::HashSet<T, S>;
