//! Two nodes own each other: nobody else can reach them, and they are never dropped.

use loomscope::sync::{Arc, Mutex, Weak};

struct Node {
    next: Mutex<Option<Arc<Node>>>,
    previous: Mutex<Weak<Node>>,
}

impl Node {
    fn new() -> Self {
        Self { next: Mutex::new(None), previous: Mutex::new(Weak::new()) }
    }
}

pub(crate) fn wrong() {
    let first = Arc::new(Node::new());
    let second = Arc::new(Node::new());
    *first.next.lock().unwrap() = Some(second.clone());
    *second.next.lock().unwrap() = Some(first);
}

pub(crate) fn right() {
    let first = Arc::new(Node::new());
    let second = Arc::new(Node::new());
    *first.next.lock().unwrap() = Some(second.clone());
    *second.previous.lock().unwrap() = Arc::downgrade(&first);
}
