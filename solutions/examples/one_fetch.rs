//! Fifty callers want the same user, and one fetch serves them all; then, as it happens in a service,
//! some of them give up, and the fetch goes on all the same.
//!
//! `cargo run -p solutions --example one_fetch`

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use solutions::singleflight::Group;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// A database that takes its time, and counts what it is asked.
#[derive(Default)]
struct Database {
    asked: AtomicUsize,
    answered: AtomicUsize,
}

impl Database {
    async fn user(self: Arc<Self>, id: u64) -> Arc<str> {
        self.asked.fetch_add(1, SeqCst);
        sleep(Duration::from_millis(20)).await;
        self.answered.fetch_add(1, SeqCst);
        format!("user {id}").into()
    }
}

/// What became of so many calls.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Callers who got the value of their own fetch.
    pub(crate) own: usize,
    /// Callers who got the value of another's.
    pub(crate) shared: usize,
    pub(crate) gave_up: usize,
    /// How often the database was asked, and how often it came to an answer.
    pub(crate) asked: usize,
    pub(crate) answered: usize,
}

/// So many callers ask for one user at the same time; the first of them wait only for 5 ms.
pub(crate) async fn crowd(callers: usize, impatient: usize) -> Tally {
    let (users, database) = (Arc::new(Group::new()), Arc::new(Database::default()));
    let mut calls = JoinSet::new();
    for caller in 0..callers {
        let (users, database) = (users.clone(), database.clone());
        let patience = Duration::from_millis(if caller < impatient { 5 } else { 60_000 });
        calls.spawn(async move {
            let user = users.run(42, || database.user(42));
            timeout(patience, user).await
        });
    }
    let mut tally = Tally::default();
    for call in calls.join_all().await {
        match call {
            Ok(user) if user.shared => tally.shared += 1,
            Ok(_) => tally.own += 1,
            Err(_) => tally.gave_up += 1,
        }
    }
    assert_eq!(users.in_flight(), 0, "nothing is kept");
    tally.asked = database.asked.load(SeqCst);
    tally.answered = database.answered.load(SeqCst);
    tally
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("fifty callers, all patient:         {:?}", crowd(50, 0).await);
    println!("ten give up, the first among them:  {:?}", crowd(50, 10).await);
    println!("nobody waits for the answer:        {:?}", crowd(50, 50).await);
}
