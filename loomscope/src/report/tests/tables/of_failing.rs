//! Everybody could go on.

use super::super::failing;
use super::check;
use crate::event::Failure;
use std::time::Duration;

#[test]
fn a_panic_ends_its_threads_column() {
    check(
        &failing::check_then_act(),
        r#"
check then act
✗ panic: worker-a: assertion `left == right` failed: I1: two holders of one permit — «zwei», 二人
    left: 1
   right: 0
  found by loom in interleaving 3 · at most 1 preemption
────┬──────┬───────────────────────────────────────────┬────────────────┬────────────────┬──────────────────────────────
    │ main │ worker-a                                  │ worker-b       │ where          │ source
────┼──────┼───────────────────────────────────────────┼────────────────┼────────────────┼──────────────────────────────
  1 │      │ load free = 1                             │                │ semaphore.rs:2 │ let free = self.free.load(Se…
  2 │      │                                           │ load free = 1  │ semaphore.rs:2 │ let free = self.free.load(Se…
  3 │      │                                           │ store free = 0 │ semaphore.rs:4 │ self.free.store(free - 1, Se…
  4 │      │                                           │ in_use: 0 → 1  │ semaphore.rs:8 │ let others = in_use.fetch_ad…
  5 │      │ store free = 0                            │                │ semaphore.rs:4 │ self.free.store(free - 1, Se…
  6 │      │ locks log                                 │                │ semaphore.rs:8 │ let others = in_use.fetch_ad…
  7 │      │ in_use: 1 → 2                             │                │ semaphore.rs:8 │ let others = in_use.fetch_ad…
  8 │      │ PANIC: assertion `left == right` failed:  │                │ semaphore.rs:9 │ assert_eq!(others, 0, "I1: t…
    │      │ I1: two holders of one permit — «zwei»,   │                │                │
    │      │ 二人                                      │                │                │
────┴──────┴───────────────────────────────────────────┴────────────────┴────────────────┴──────────────────────────────
"#,
    );
}

#[test]
fn a_stale_load_says_what_is_newer() {
    check(
        &failing::stale_publish(),
        r#"
publish
✗ panic: reader: assertion `left == right` failed
  found by loom in interleaving 3 · at most 1 preemption
────┬──────────────────────────────────────────┬────────────────────┬──────────────┬────────────────────────────────────
    │ reader                                   │ writer             │ where        │ source
────┼──────────────────────────────────────────┼────────────────────┼──────────────┼────────────────────────────────────
  1 │ load ready = false                       │                    │ publish.rs:3 │ while !ready.load(Acquire) { threa…
  2 │ yields                                   │                    │ publish.rs:3 │ while !ready.load(Acquire) { threa…
  3 │                                          │ store data = 42    │ publish.rs:1 │ data.store(42, Relaxed);
  4 │                                          │ store ready = true │ publish.rs:2 │ ready.store(true, Relaxed);
  5 │ load ready = true                        │                    │ publish.rs:3 │ while !ready.load(Acquire) { threa…
  6 │ load data = 0  STALE: is 42 since step 3 │                    │ publish.rs:4 │ assert_eq!(data.load(Relaxed), 42);
  7 │ PANIC: assertion `left == right` failed  │                    │ publish.rs:4 │ assert_eq!(data.load(Relaxed), 42);
────┴──────────────────────────────────────────┴────────────────────┴──────────────┴────────────────────────────────────
"#,
    );
}

#[test]
fn a_task_panic_nobody_looked_at_is_a_panic() {
    check(
        &failing::task_panic(),
        r#"
task
✗ panic: worker, a task that nobody joined: <b>out</b> of "permits" & luck
  found by loom in interleaving 3 · at most 1 preemption
────┬──────┬───────────────────────────────────────┬──────────────┬────────────────────────────────────────────────────
    │ main │ worker                                │ where        │ source
────┼──────┼───────────────────────────────────────┼──────────────┼────────────────────────────────────────────────────
  1 │      │ locks state                           │ publish.rs:1 │ data.store(42, Relaxed);
  2 │      │ PANIC: <b>out</b> of "permits" & luck │ publish.rs:4 │ assert_eq!(data.load(Relaxed), 42);
  3 │      │ first ends in a panic                 │ publish.rs:3 │ while !ready.load(Acquire) { thread::yield_now(); }
  4 │      │ ends                                  │ publish.rs:4 │ assert_eq!(data.load(Relaxed), 42);
────┴──────┴───────────────────────────────────────┴──────────────┴────────────────────────────────────────────────────
"#,
    );
}

#[test]
fn a_loop_is_shown_once() {
    check(
        &failing::livelock(40),
        r#"
spin
✗ livelock: spinner goes round and round: no end after 80 steps
  found by loom in interleaving 3 · at most 1 preemption
────┬────────────────────┬──────────────┬────────────────────────────────────────────────────
    │ spinner            │ where        │ source
────┼────────────────────┼──────────────┼────────────────────────────────────────────────────
  1 │ locks state        │ publish.rs:1 │ data.store(42, Relaxed);
  2 │ load ready = false │ publish.rs:3 │ while !ready.load(Acquire) { thread::yield_now(); }
  3 │ yields             │ publish.rs:3 │ while !ready.load(Acquire) { thread::yield_now(); }
      ↻ these 2 rows, 40 times in all
────┴────────────────────┴──────────────┴────────────────────────────────────────────────────
"#,
    );
}

#[test]
fn equal_rows_become_one_and_the_bar_beside_them_goes_on() {
    check(
        &failing::repeated_load(),
        r#"
twelve
✗ data race: engine's words
  found by loom in interleaving 3 · at most 1 preemption
────┬───────────────┬─────────────────────────┬──────────────┬────────────────────────────────────────────────────
    │ main          │ other                   │ where        │ source
────┼───────────────┼─────────────────────────┼──────────────┼────────────────────────────────────────────────────
  1 │ locks state   │                         │ publish.rs:1 │ data.store(42, Relaxed);
  2 │ ┃             │ load ready = false  ×12 │ publish.rs:3 │ while !ready.load(Acquire) { thread::yield_now(); }
 14 │ ┃             │ » zwölf·[31m mal        │ publish.rs:3 │ while !ready.load(Acquire) { thread::yield_now(); }
 15 │ unlocks state │                         │ publish.rs:2 │ ready.store(true, Relaxed);
────┴───────────────┴─────────────────────────┴──────────────┴────────────────────────────────────────────────────
  ┃ holds a lock
"#,
    );
}

#[test]
fn a_race_names_both_accesses() {
    check(
        &failing::race(),
        r#"
cell
✗ data race on slot: main writes at step 1 and other reads at step 2
  found by loom in interleaving 3 · at most 1 preemption
────┬─────────────┬────────────┬──────────────┬────────────────────────────────────
    │ main        │ other      │ where        │ source
────┼─────────────┼────────────┼──────────────┼────────────────────────────────────
  1 │ writes slot │            │ publish.rs:1 │ data.store(42, Relaxed);
  2 │             │ reads slot │ publish.rs:4 │ assert_eq!(data.load(Relaxed), 42);
────┴─────────────┴────────────┴──────────────┴────────────────────────────────────
"#,
    );
}

#[test]
fn nothing_to_explore_has_no_table() {
    check(
        &failing::empty(Failure::NothingToExplore),
        r#"
empty
✗ nothing to explore: no traced operation came from the code under test
  found by loom in interleaving 3 · at most 1 preemption
"#,
    );
}

#[test]
fn a_stuck_thread_has_no_table() {
    check(
        &failing::empty(Failure::Stuck(Duration::from_secs(5))),
        r#"
empty
✗ stuck: a thread ran for 5s without a single schedule point
  found by loom
"#,
    );
}

#[test]
fn a_deadlock_without_a_log_is_one_all_the_same() {
    check(
        &failing::empty(Failure::Deadlock),
        r#"
empty
✗ deadlock: no thread can take a step
  found by loom in interleaving 3 · at most 1 preemption
"#,
    );
}

#[test]
fn every_kind_of_step_has_its_words() {
    check(
        &failing::every_step(),
        r#"
all
✗ data race: (no message)
  found by loom in interleaving 3 · at most 1 preemption
────┬────────────────────────────────────┬────────────────────────────────────┬──────────────┬─────────────────────────
    │ main                               │ other                              │ where        │ source
────┼────────────────────────────────────┼────────────────────────────────────┼──────────────┼─────────────────────────
  1 │ read-locks map                     │                                    │ publish.rs:1 │ data.store(42, Relaxed);
  2 │ ┃                                  │ read-locks and unlocks map         │ publish.rs:1 │ data.store(42, Relaxed);
  3 │ ┃                                  │ wants map (held by main)           │ publish.rs:1 │ data.store(42, Relaxed);
  4 │ read-unlocks map                   │ ┆                                  │ publish.rs:1 │ data.store(42, Relaxed);
  5 │                                    │ locks map                          │ publish.rs:1 │ data.store(42, Relaxed);
  6 │ try_lock map fails (held by other) │ ┃                                  │ publish.rs:1 │ data.store(42, Relaxed);
  7 │                                    │ unlocks map                        │ publish.rs:1 │ data.store(42, Relaxed);
  8 │ load head = null                   │                                    │ publish.rs:1 │ data.store(42, Relaxed);
  9 │ store head = ptr#1                 │                                    │ publish.rs:1 │ data.store(42, Relaxed);
 10 │                                    │ cas head fails: is ptr#1, not null │ publish.rs:1 │ data.store(42, Relaxed);
 11 │                                    │ cas head: ptr#1 → ptr#2            │ publish.rs:1 │ data.store(42, Relaxed);
 12 │                                    │ open: false → true                 │ publish.rs:1 │ data.store(42, Relaxed);
 13 │ fence                              │                                    │ publish.rs:1 │ data.store(42, Relaxed);
 14 │ locks lock                         │                                    │ publish.rs:1 │ data.store(42, Relaxed);
 15 │ waits on cv, unlocks lock          │                                    │ publish.rs:1 │ data.store(42, Relaxed);
 16 │ ┆                                  │ sets a deadline at 10 ms           │ publish.rs:1 │ data.store(42, Relaxed);
 17 │ ┆                                  │ the deadline at 10 ms fires        │ publish.rs:1 │ data.store(42, Relaxed);
 18 │ wait on cv timed out, locks lock   │                                    │ publish.rs:1 │ data.store(42, Relaxed);
 19 │ unlocks lock                       │                                    │ publish.rs:1 │ data.store(42, Relaxed);
 20 │ notify_all cv: nobody waits        │                                    │ publish.rs:1 │ data.store(42, Relaxed);
 21 │ parks                              │                                    │ publish.rs:1 │ data.store(42, Relaxed);
 22 │ ┆                                  │ unparks main                       │ publish.rs:1 │ data.store(42, Relaxed);
 23 │ unparked, goes on                  │                                    │ publish.rs:1 │ data.store(42, Relaxed);
 24 │ parks                              │                                    │ publish.rs:1 │ data.store(42, Relaxed);
 25 │ ┆                                  │ yields                             │ publish.rs:1 │ data.store(42, Relaxed);
 26 │ park timed out                     │                                    │ publish.rs:1 │ data.store(42, Relaxed);
 27 │ waits at door                      │                                    │ publish.rs:1 │ data.store(42, Relaxed);
 28 │ ┆                                  │ passes door                        │ publish.rs:1 │ data.store(42, Relaxed);
 29 │ passes door                        │                                    │ publish.rs:1 │ data.store(42, Relaxed);
 30 │ job is Pending, sleeps             │                                    │ publish.rs:1 │ data.store(42, Relaxed);
 31 │ ┆                                  │ wakes job                          │ publish.rs:1 │ data.store(42, Relaxed);
 32 │ job is polled again                │                                    │ publish.rs:1 │ data.store(42, Relaxed);
 33 │ job is done                        │                                    │ publish.rs:1 │ data.store(42, Relaxed);
 34 │                                    │ ends                               │ publish.rs:1 │ data.store(42, Relaxed);
 35 │ joins other                        │                                    │ publish.rs:1 │ data.store(42, Relaxed);
────┴────────────────────────────────────┴────────────────────────────────────┴──────────────┴─────────────────────────
  ┃ holds a lock   ┆ waits
"#,
    );
}

#[test]
fn holds_that_overlap_stay_apart() {
    check(
        &failing::hand_over_hand(),
        r#"
hand over hand
✗ panic: main: at once
  found by loom in interleaving 3 · at most 1 preemption
────┬────────────────┬────────────────┬──────────────┬────────────────────────────────────────────────────
    │ main           │ other          │ where        │ source
────┼────────────────┼────────────────┼──────────────┼────────────────────────────────────────────────────
  1 │                │ locks left     │ publish.rs:1 │ data.store(42, Relaxed);
  2 │                │ locks right    │ publish.rs:2 │ ready.store(true, Relaxed);
  3 │                │ unlocks left   │ publish.rs:4 │ assert_eq!(data.load(Relaxed), 42);
  4 │                │ unlocks right  │ publish.rs:4 │ assert_eq!(data.load(Relaxed), 42);
  5 │                │ read-locks map │ publish.rs:3 │ while !ready.load(Acquire) { thread::yield_now(); }
  6 │                │ read-locks map │ publish.rs:3 │ while !ready.load(Acquire) { thread::yield_now(); }
  7 │                │ read-locks map │ publish.rs:3 │ while !ready.load(Acquire) { thread::yield_now(); }
  8 │                │ count: 0 → 1   │ publish.rs:1 │ data.store(42, Relaxed);
  9 │ PANIC: at once │ ┃              │ publish.rs:4 │ assert_eq!(data.load(Relaxed), 42);
────┴────────────────┴────────────────┴──────────────┴────────────────────────────────────────────────────
  ┃ holds a lock
"#,
    );
}
