//! From a hash to a place: a hash table of numbers, which knows nothing of keys.
//!
//! A *group* has places for seven numbers. A number lives in the first group that has a free place,
//! from the one that its hash names onwards, round and round. A group counts those that went past it
//! because it was full: a search ends at the first group that nobody went past. A number that leaves
//! takes its counts along, so that no marks of the dead pile up, and nobody is ever moved or hashed anew.
//!
//! It is tempting to take `hashbrown::HashTable<u32>`. But it leaves tombstones: full all the time, and
//! with an eviction for every insert, it sooner or later allocates twice the room and hashes every key
//! anew, in the middle of a `put` that was to do neither: `cargo test -p benches --test safety` counts.

/// Numbers, by the hash of what they stand for. A number takes nine bytes.
#[derive(Debug)]
pub(super) struct Table {
    groups: Box<[Group]>,
    /// For how many numbers it is made.
    room: usize,
}

// ANCHOR: group
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    /// For each place `TAKEN` and seven bits of the hash, or 0 where it is free. The last byte counts those who went
    /// past; at 255 it no longer knows, and stays.
    tags: [u8; PLACES + 1],
    numbers: [u32; PLACES],
}

const PLACES: usize = 7;
/// So many on average. With six it would be six bytes a number, and most searches would go on to another
/// group, as numbers that went far stay there while places before them become free.
const FILLED: usize = 4;
const TAKEN: u8 = 1 << 7;
/// A one for each place, and none for the byte that counts.
const ONES: u64 = 0x0001_0101_0101_0101;

impl Group {
    /// A bit for each place that has this tag. Above the lowest one there may be others, whose tags differ
    /// in the last bit, but none that is free.
    fn places_with(&self, tag: u8) -> u64 {
        let differs = u64::from_le_bytes(self.tags) ^ (ONES * u64::from(tag));
        // A byte that is zero borrows when one is taken from it: seven are compared at once.
        differs.wrapping_sub(ONES) & !differs & (ONES << 7)
    }
}
// ANCHOR_END: group

const _: () = assert!(size_of::<Group>() == 9 * FILLED, "nine bytes a number");

impl Table {
    /// A table for so many numbers, in which the n-th hash has the number n.
    pub(super) fn new(room: usize, hashes: impl Iterator<Item = u64>) -> Self {
        let groups = vec![Group::default(); room.div_ceil(FILLED)].into();
        let mut table = Self { groups, room };
        (0..).zip(hashes).for_each(|(number, hash)| table.insert(hash, number));
        table
    }

    pub(super) fn room(&self) -> usize {
        self.room
    }

    /// The number with this hash of which `is` says that it is the one.
    #[inline]
    pub(super) fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let (group, place) = self.search(hash, is)?;
        Some(self.groups[group].numbers[place])
    }

    // ANCHOR: search
    #[inline]
    fn search(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<(usize, usize)> {
        let (mut group, tag) = self.begin(hash);
        for _ in 0..self.groups.len() {
            let Group { tags, numbers } = &self.groups[group];
            let mut candidates = self.groups[group].places_with(tag);
            while candidates != 0 {
                let place = candidates.trailing_zeros() as usize / 8;
                if is(numbers[place]) {
                    return Some((group, place));
                }
                candidates &= candidates - 1;
            }
            if tags[PLACES] == 0 {
                return None;
            }
            group = self.after(group);
        }
        None
    }
    // ANCHOR_END: search

    /// Adds a number. There must be fewer than `room`.
    #[inline]
    pub(super) fn insert(&mut self, hash: u64, number: u32) {
        let (mut group, tag) = self.begin(hash);
        loop {
            let here = &mut self.groups[group];
            let free = here.places_with(0);
            if free != 0 {
                let place = free.trailing_zeros() as usize / 8;
                (here.tags[place], here.numbers[place]) = (tag, number);
                return;
            }
            here.tags[PLACES] = here.tags[PLACES].saturating_add(1);
            group = self.after(group);
        }
    }

    /// Removes a number, which was inserted with this hash.
    #[inline]
    pub(super) fn remove(&mut self, hash: u64, number: u32) {
        let (group, place) = self.place_of(hash, number);
        self.groups[group].tags[place] = 0;
        let (mut past, _) = self.begin(hash);
        while past != group {
            let count = &mut self.groups[past].tags[PLACES];
            *count -= u8::from(*count != u8::MAX);
            past = self.after(past);
        }
    }

    /// What was inserted as `old`, with this hash, is `new` from now on.
    pub(super) fn rename(&mut self, hash: u64, old: u32, new: u32) {
        let (group, place) = self.place_of(hash, old);
        self.groups[group].numbers[place] = new;
    }

    pub(super) fn clear(&mut self) {
        self.groups.fill(Group::default());
    }

    #[inline]
    fn place_of(&self, hash: u64, number: u32) -> (usize, usize) {
        let place = self.search(hash, |other| other == number);
        place.expect("the hash of a key does not change while it is in a cache")
    }

    /// In which group to begin, and the tag to look for.
    #[inline]
    fn begin(&self, hash: u64) -> (usize, u8) {
        // A hasher may be as plain as the number itself, and still all groups are used.
        let hash = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        // The upper half says how far along to begin, as a fraction: any number of groups will do.
        let group = ((hash >> 32) * self.groups.len() as u64) >> 32;
        (group as usize, (hash >> 24) as u8 | TAKEN)
    }

    #[inline]
    fn after(&self, group: usize) -> usize {
        if group + 1 == self.groups.len() { 0 } else { group + 1 }
    }
}
