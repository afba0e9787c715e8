//! `if` around a wait: between the notification and the waking, another thread took the item.

use loomscope::sync::{Arc, Condvar, Mutex};
use loomscope::thread;

struct Slot {
    items: Mutex<Vec<u32>>,
    filled: Condvar,
}

impl Slot {
    fn new() -> Self {
        Self { items: Mutex::new(Vec::new()), filled: Condvar::new() }
    }

    fn put(&self, item: u32) {
        self.items.lock().unwrap().push(item);
        self.filled.notify_all();
    }

    fn take_wrongly(&self) -> u32 {
        let mut items = self.items.lock().unwrap();
        if items.is_empty() {
            items = self.filled.wait(items).unwrap();
        }
        items.pop().expect("woken, so there is an item")
    }

    fn take(&self) -> u32 {
        let mut items = self.items.lock().unwrap();
        while items.is_empty() {
            items = self.filled.wait(items).unwrap();
        }
        items.pop().expect("there is an item")
    }
}

fn two_takers(take: fn(&Slot) -> u32) {
    let slot = Arc::new(Slot::new());
    let (first, second) = (slot.clone(), slot.clone());
    let first = thread::spawn_named("taker-a", move || take(&first));
    let second = thread::spawn_named("taker-b", move || take(&second));
    slot.put(1);
    slot.put(2);
    assert_eq!(first.join().unwrap() + second.join().unwrap(), 3);
}

pub(crate) fn wrong() {
    two_takers(Slot::take_wrongly);
}

pub(crate) fn right() {
    two_takers(Slot::take);
}
