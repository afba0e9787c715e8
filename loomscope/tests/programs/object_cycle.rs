//! Two nodes own each other: nobody else can reach them, and they are never dropped.

use loomscope::sync::{Arc, Mutex, Weak};

#[derive(Default)]
struct Node {
    next: Mutex<Option<Arc<Node>>>,
    previous: Mutex<Weak<Node>>,
}

pub(crate) fn wrong() {
    let first = Arc::new(Node::default());
    let second = Arc::new(Node::default());
    *first.next.lock().unwrap() = Some(second.clone());
    *second.next.lock().unwrap() = Some(first);
}

pub(crate) fn right() {
    let first = Arc::new(Node::default());
    let second = Arc::new(Node::default());
    *first.next.lock().unwrap() = Some(second.clone());
    *second.previous.lock().unwrap() = Arc::downgrade(&first);
}
