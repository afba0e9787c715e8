//! Somebody waits for ever.

use super::super::blocked;
use super::check;

#[test]
fn a_notify_before_the_wait_is_a_lost_wakeup() {
    check(
        &blocked::lost_wakeup(),
        r#"
gate
✗ lost wake-up: main waits for ever at step 7; the only notify came at step 5
  found by loom in interleaving 3 · at most 1 preemption
────┬───────────────────────────┬─────────────────────────────┬────────────┬────────────────────────────────────────────
    │ main                      │ opener                      │ where      │ source
────┼───────────────────────────┼─────────────────────────────┼────────────┼────────────────────────────────────────────
  1 │ spawns opener             │                             │ gate.rs:17 │ let opener = thread::spawn_named("opener",…
  2 │ load open = false         │                             │ gate.rs:8  │ if !self.open.load(SeqCst) {
  3 │ locks lock                │                             │ gate.rs:9  │ let guard = self.lock.lock().unwrap();
  4 │ ┃                         │ store open = true           │ gate.rs:3  │ self.open.store(true, SeqCst);
  5 │ ┃                         │ notify_one cv: nobody waits │ gate.rs:4  │ self.cv.notify_one();
  6 │ ┃                         │ ends                        │ gate.rs:17 │ let opener = thread::spawn_named("opener",…
  7 │ waits on cv, unlocks lock │                             │ gate.rs:10 │ let _guard = self.cv.wait(guard).unwrap();
────┴───────────────────────────┴─────────────────────────────┴────────────┴────────────────────────────────────────────
✗ main  waits for ever for a notify of `cv`, since step 7 (exercises/src/gate.rs:10)
  ┃ holds a lock
"#,
    );
}

#[test]
fn two_orders_of_locking_are_a_deadlock_with_its_cycle() {
    check(
        &blocked::lock_order(),
        r#"
lock order
✗ deadlock: pay -> refund -> pay
  found by loom in interleaving 3 · at most 1 preemption
────┬──────────────────────┬───────────────────────┬───────────────────────┬────────────┬───────────────────────────────
    │ main                 │ pay                   │ refund                │ where      │ source
────┼──────────────────────┼───────────────────────┼───────────────────────┼────────────┼───────────────────────────────
  1 │ spawns pay           │                       │                       │ bank.rs:1  │ let pay = thread::spawn_named…
  2 │ spawns refund        │                       │                       │ bank.rs:7  │ let refund = thread::spawn_na…
  3 │ waits for pay to end │                       │                       │ bank.rs:13 │ pay.join().unwrap();
  4 │ ┆                    │ locks from            │                       │ bank.rs:2  │ let mut from = accounts.from.…
  5 │ ┆                    │ ┃                     │ locks to              │ bank.rs:8  │ let mut into = accounts.to.lo…
  6 │ ┆                    │ ┃                     │ wants from (held by   │ bank.rs:9  │ let mut back = accounts.from.…
    │ ┆                    │ ┃                     │ pay)                  │            │
  7 │ ┆                    │ wants to (held by     │ ┃┆                    │ bank.rs:3  │ let mut to = accounts.to.lock…
    │ ┆                    │ refund)               │ ┃┆                    │            │
────┴──────────────────────┴───────────────────────┴───────────────────────┴────────────┴───────────────────────────────
✗ main    waits for ever for the end of pay, since step 3 (exercises/src/bank.rs:13)
✗ pay     waits for ever for `to`, since step 7 (exercises/src/bank.rs:3); refund holds it since step 5 (exercises/src/bank.rs:8)
✗ refund  waits for ever for `from`, since step 6 (exercises/src/bank.rs:9); pay holds it since step 4 (exercises/src/bank.rs:2)
  ┃ holds a lock   ┆ waits
"#,
    );
}

#[test]
fn a_lock_taken_twice_is_a_deadlock_of_one() {
    check(
        &blocked::self_deadlock(),
        r#"
again
✗ deadlock: main -> main
  found by loom in interleaving 3 · at most 1 preemption
────┬─────────────────────────────┬────────────┬────────────────────────────────────────────
    │ main                        │ where      │ source
────┼─────────────────────────────┼────────────┼────────────────────────────────────────────
  1 │ locks items                 │ queue.rs:1 │ let mut items = self.items.lock().unwrap();
  2 │ wants items, which it holds │ queue.rs:5 │ self.items.lock().unwrap().push_back(item);
────┴─────────────────────────────┴────────────┴────────────────────────────────────────────
✗ main  waits for ever for `items`, since step 2 (src/queue.rs:5); it holds it itself since step 1 (src/queue.rs:1)
"#,
    );
}

#[test]
fn a_guard_that_was_forgotten_is_a_deadlock_with_the_dead() {
    check(
        &blocked::forgotten_guard(),
        r#"
forgotten
✗ deadlock: main -> thief, which has ended with items
  found by loom in interleaving 3 · at most 1 preemption
────┬─────────────────────────────┬─────────────┬────────────┬────────────────────────────────────────────
    │ main                        │ thief       │ where      │ source
────┼─────────────────────────────┼─────────────┼────────────┼────────────────────────────────────────────
  1 │ spawns thief                │             │ queue.rs:8 │ thread::spawn_named("consumer", consume);
  2 │                             │ locks items │ queue.rs:1 │ let mut items = self.items.lock().unwrap();
  3 │                             │ ends        │ queue.rs:8 │ thread::spawn_named("consumer", consume);
  4 │ wants items (held by thief) │ ┃           │ queue.rs:5 │ self.items.lock().unwrap().push_back(item);
────┴─────────────────────────────┴─────────────┴────────────┴────────────────────────────────────────────
✗ main  waits for ever for `items`, since step 4 (src/queue.rs:5); thief holds it since step 2 (src/queue.rs:1)
  ┃ holds a lock
"#,
    );
}

#[test]
fn a_waiter_with_the_notifiers_lock_is_a_deadlock() {
    check(
        &blocked::nested_monitor(),
        r#"
nested
✗ deadlock: consumer -> producer -> consumer
  found by loom in interleaving 3 · at most 1 preemption
────┬───────────────────────────────┬────────────────────────────────┬────────────┬─────────────────────────────────────
    │ consumer                      │ producer                       │ where      │ source
────┼───────────────────────────────┼────────────────────────────────┼────────────┼─────────────────────────────────────
  1 │ locks outer                   │                                │ queue.rs:1 │ let mut items = self.items.lock().u…
  2 │ locks items                   │                                │ queue.rs:1 │ let mut items = self.items.lock().u…
  3 │ waits on ready, unlocks items │                                │ queue.rs:3 │ items = self.ready.wait(items).unwr…
  4 │ ┃┆                            │ wants outer (held by consumer) │ queue.rs:5 │ self.items.lock().unwrap().push_bac…
────┴───────────────────────────────┴────────────────────────────────┴────────────┴─────────────────────────────────────
✗ consumer  waits for ever for a notify of `ready`, since step 3 (src/queue.rs:3)
✗ producer  waits for ever for `outer`, since step 4 (src/queue.rs:5); consumer holds it since step 1 (src/queue.rs:1)
  ┃ holds a lock   ┆ waits
"#,
    );
}

#[test]
fn a_used_up_token_is_a_lost_wakeup() {
    check(
        &blocked::parked(),
        r#"
park
✗ lost wake-up: main waits for ever at step 3; the only unpark came at step 1
  found by loom in interleaving 3 · at most 1 preemption
────┬───────────────────────────┬──────────────┬────────────┬─────────────────────────────────────────
    │ main                      │ waker        │ where      │ source
────┼───────────────────────────┼──────────────┼────────────┼─────────────────────────────────────────
  1 │                           │ unparks main │ queue.rs:6 │ self.ready.notify_one();
  2 │ park: was unparked before │              │ queue.rs:3 │ items = self.ready.wait(items).unwrap();
  3 │ parks                     │              │ queue.rs:2 │ while items.is_empty() {
────┴───────────────────────────┴──────────────┴────────────┴─────────────────────────────────────────
✗ main  waits for ever for an unpark, since step 3 (src/queue.rs:2)
"#,
    );
}

#[test]
fn a_wake_of_an_aborted_task_is_a_lost_wakeup() {
    check(
        &blocked::cancelled_waiter(),
        r#"
a cancelled waiter keeps no permit
✗ lost wake-up: main waits for ever at step 7; the only wake came at step 9 and went to first, which had ended
  found by loom in interleaving 3 · at most 1 preemption
────┬───────────────────────────┬────────────────────────────┬─────────────────┬────────────────────────────────────────
    │ main                      │ holder                     │ where           │ source
────┼───────────────────────────┼────────────────────────────┼─────────────────┼────────────────────────────────────────
  1 │ spawns holder             │                            │ semaphore.rs:16 │ let first = task::spawn(acquire()); dr…
  2 │ locks and unlocks state   │                            │ semaphore.rs:3  │ let mut state = self.semaphore.state.l…
  3 │ first is aborted          │                            │ semaphore.rs:16 │ let first = task::spawn(acquire()); dr…
  4 │ locks state               │                            │ semaphore.rs:3  │ let mut state = self.semaphore.state.l…
  5 │ ┃                         │ wants state (held by main) │ semaphore.rs:3  │ let mut state = self.semaphore.state.l…
  6 │ unlocks state             │ ┆                          │ semaphore.rs:5  │ drop(state);
  7 │ second is Pending, sleeps │ ┆                          │ semaphore.rs:17 │ task::block_on(acquire());
  8 │ ┆                         │ locks state                │ semaphore.rs:3  │ let mut state = self.semaphore.state.l…
  9 │ ┆                         │ wakes first                │ semaphore.rs:13 │ next.map(Waker::wake);
 10 │ ┆                         │ unlocks state              │ semaphore.rs:5  │ drop(state);
 11 │ ┆                         │ ends                       │ semaphore.rs:9  │ fn drop(&mut self) {
────┴───────────────────────────┴────────────────────────────┴─────────────────┴────────────────────────────────────────
✗ main  waits for ever for a wake of `second`, since step 7 (exercises/src/semaphore.rs:17)
  ┃ holds a lock   ┆ waits
"#,
    );
}

#[test]
fn a_notify_of_one_of_four_names_who_got_it() {
    check(
        &blocked::five_threads(),
        r#"
one notify, four consumers
✗ lost wake-up: consumer-1 waits for ever at step 3; the only notify came at step 14 and went to consumer-2
  found by loom in interleaving 3 · at most 1 preemption
────┬──────────────┬──────────────┬──────────────┬──────────────┬──────────────┬───────────────────┬────────────────────
    │ producer     │ consumer-1   │ consumer-2   │ consumer-3   │ consumer-4   │ where             │ source
────┼──────────────┼──────────────┼──────────────┼──────────────┼──────────────┼───────────────────┼────────────────────
  1 │ spawns       │              │              │              │              │ …g_file_name.rs:8 │ thread::spawn_name…
    │ consumer-1   │              │              │              │              │                   │
  2 │              │ locks items  │              │              │              │ …g_file_name.rs:1 │ let mut items = se…
  3 │              │ waits on     │              │              │              │ …g_file_name.rs:3 │ items = self.ready…
    │              │ ready,       │              │              │              │                   │
    │              │ unlocks      │              │              │              │                   │
    │              │ items        │              │              │              │                   │
  4 │ spawns       │ ┆            │              │              │              │ …g_file_name.rs:8 │ thread::spawn_name…
    │ consumer-2   │ ┆            │              │              │              │                   │
  5 │              │ ┆            │ locks items  │              │              │ …g_file_name.rs:1 │ let mut items = se…
  6 │              │ ┆            │ waits on     │              │              │ …g_file_name.rs:3 │ items = self.ready…
    │              │ ┆            │ ready,       │              │              │                   │
    │              │ ┆            │ unlocks      │              │              │                   │
    │              │ ┆            │ items        │              │              │                   │
  7 │ spawns       │ ┆            │ ┆            │              │              │ …g_file_name.rs:8 │ thread::spawn_name…
    │ consumer-3   │ ┆            │ ┆            │              │              │                   │
  8 │              │ ┆            │ ┆            │ locks items  │              │ …g_file_name.rs:1 │ let mut items = se…
  9 │              │ ┆            │ ┆            │ waits on     │              │ …g_file_name.rs:3 │ items = self.ready…
    │              │ ┆            │ ┆            │ ready,       │              │                   │
    │              │ ┆            │ ┆            │ unlocks      │              │                   │
    │              │ ┆            │ ┆            │ items        │              │                   │
 10 │ spawns       │ ┆            │ ┆            │ ┆            │              │ …g_file_name.rs:8 │ thread::spawn_name…
    │ consumer-4   │ ┆            │ ┆            │ ┆            │              │                   │
 11 │              │ ┆            │ ┆            │ ┆            │ locks items  │ …g_file_name.rs:1 │ let mut items = se…
 12 │              │ ┆            │ ┆            │ ┆            │ waits on     │ …g_file_name.rs:3 │ items = self.ready…
    │              │ ┆            │ ┆            │ ┆            │ ready,       │                   │
    │              │ ┆            │ ┆            │ ┆            │ unlocks      │                   │
    │              │ ┆            │ ┆            │ ┆            │ items        │                   │
 13 │ locks and    │ ┆            │ ┆            │ ┆            │ ┆            │ …g_file_name.rs:5 │ self.items.lock().…
    │ unlocks      │ ┆            │ ┆            │ ┆            │ ┆            │                   │
    │ items        │ ┆            │ ┆            │ ┆            │ ┆            │                   │
 14 │ notify_one   │ ┆            │ ┆            │ ┆            │ ┆            │ …g_file_name.rs:6 │ self.ready.notify_…
    │ ready: wakes │ ┆            │ ┆            │ ┆            │ ┆            │                   │
    │ one of 4     │ ┆            │ ┆            │ ┆            │ ┆            │                   │
 15 │ waits for    │ ┆            │ ┆            │ ┆            │ ┆            │ …g_file_name.rs:8 │ thread::spawn_name…
    │ consumer-1   │ ┆            │ ┆            │ ┆            │ ┆            │                   │
    │ to end       │ ┆            │ ┆            │ ┆            │ ┆            │                   │
 16 │ ┆            │ ┆            │ woken from   │ ┆            │ ┆            │ …g_file_name.rs:3 │ items = self.ready…
    │ ┆            │ ┆            │ ready, locks │ ┆            │ ┆            │                   │
    │ ┆            │ ┆            │ items        │ ┆            │ ┆            │                   │
 17 │ ┆            │ ┆            │ unlocks      │ ┆            │ ┆            │ …g_file_name.rs:7 │ drop(items);
    │ ┆            │ ┆            │ items        │ ┆            │ ┆            │                   │
 18 │ ┆            │ ┆            │ ends         │ ┆            │ ┆            │ …g_file_name.rs:8 │ thread::spawn_name…
────┴──────────────┴──────────────┴──────────────┴──────────────┴──────────────┴───────────────────┴────────────────────
✗ producer    waits for ever for the end of consumer-1, since step 15 (exercises/src/a_rather_long_file_name.rs:8)
✗ consumer-1  waits for ever for a notify of `ready`, since step 3 (exercises/src/a_rather_long_file_name.rs:3)
✗ consumer-3  waits for ever for a notify of `ready`, since step 9 (exercises/src/a_rather_long_file_name.rs:3)
✗ consumer-4  waits for ever for a notify of `ready`, since step 12 (exercises/src/a_rather_long_file_name.rs:3)
  ┆ waits
"#,
    );
}

#[test]
fn a_notify_for_one_is_claimed_by_one() {
    check(
        &blocked::two_notifies(),
        r#"
two
✗ lost wake-up: a waits for ever at step 16; a notify came at step 7
  found by loom in interleaving 3 · at most 1 preemption
────┬───────────────────────┬───────────────────────┬──────────────────────┬────────────┬───────────────────────────────
    │ main                  │ a                     │ b                    │ where      │ source
────┼───────────────────────┼───────────────────────┼──────────────────────┼────────────┼───────────────────────────────
  1 │                       │ locks items           │                      │ queue.rs:1 │ let mut items = self.items.lo…
  2 │                       │ waits on ready,       │                      │ queue.rs:3 │ items = self.ready.wait(items…
    │                       │ unlocks items         │                      │            │
  3 │                       │ ┆                     │ locks items          │ queue.rs:1 │ let mut items = self.items.lo…
  4 │                       │ ┆                     │ waits on ready,      │ queue.rs:3 │ items = self.ready.wait(items…
    │                       │ ┆                     │ unlocks items        │            │
  5 │ notify_one ready:     │ ┆                     │ ┆                    │ queue.rs:6 │ self.ready.notify_one();
    │ wakes one of 2  ×2    │ ┆                     │ ┆                    │            │
  7 │ notify_one ready:     │ ┆                     │ ┆                    │ queue.rs:6 │ self.ready.notify_one();
    │ nobody waits          │ ┆                     │ ┆                    │            │
  8 │                       │ ┆                     │ woken from ready,    │ queue.rs:3 │ items = self.ready.wait(items…
    │                       │ ┆                     │ locks items          │            │
  9 │                       │ ┆                     │ unlocks items        │ queue.rs:7 │ drop(items);
 10 │                       │ woken from ready,     │                      │ queue.rs:3 │ items = self.ready.wait(items…
    │                       │ locks items           │                      │            │
 11 │                       │ unlocks items         │                      │ queue.rs:7 │ drop(items);
 12 │                       │ locks items           │                      │ queue.rs:1 │ let mut items = self.items.lo…
 13 │                       │ waits on ready,       │                      │ queue.rs:3 │ items = self.ready.wait(items…
    │                       │ unlocks items         │                      │            │
 14 │ notify_one ready:     │ ┆                     │                      │ queue.rs:6 │ self.ready.notify_one();
    │ wakes a               │ ┆                     │                      │            │
 15 │                       │ woken from ready,     │                      │ queue.rs:3 │ items = self.ready.wait(items…
    │                       │ locks items           │                      │            │
 16 │                       │ waits on ready,       │                      │ queue.rs:3 │ items = self.ready.wait(items…
    │                       │ unlocks items         │                      │            │
────┴───────────────────────┴───────────────────────┴──────────────────────┴────────────┴───────────────────────────────
✗ a  waits for ever for a notify of `ready`, since step 16 (src/queue.rs:3)
  ┆ waits
"#,
    );
}

#[test]
fn a_woken_thread_waits_for_its_mutex() {
    check(
        &blocked::woken_into_a_taken_mutex(),
        r#"
taken
✗ deadlock: main -> thief, which has ended with items
  found by loom in interleaving 3 · at most 1 preemption
────┬───────────────────────────────┬──────────────────────────────┬────────────┬───────────────────────────────────────
    │ main                          │ thief                        │ where      │ source
────┼───────────────────────────────┼──────────────────────────────┼────────────┼───────────────────────────────────────
  1 │ locks items                   │                              │ queue.rs:1 │ let mut items = self.items.lock().unw…
  2 │ waits on ready, unlocks items │                              │ queue.rs:3 │ items = self.ready.wait(items).unwrap…
  3 │ ┆                             │ locks items                  │ queue.rs:5 │ self.items.lock().unwrap().push_back(…
  4 │ ┆                             │ notify_one ready: wakes main │ queue.rs:6 │ self.ready.notify_one();
  5 │ ┆                             │ ends                         │ queue.rs:8 │ thread::spawn_named("consumer", consu…
────┴───────────────────────────────┴──────────────────────────────┴────────────┴───────────────────────────────────────
✗ main  waits for ever for `items`, since step 2 (src/queue.rs:3); thief holds it since step 3 (src/queue.rs:5)
  ┆ waits
"#,
    );
}

#[test]
fn two_readers_who_want_to_write_are_a_deadlock() {
    check(
        &blocked::upgrade(),
        r#"
upgrade
✗ deadlock: a -> b -> a
  found by loom in interleaving 3 · at most 1 preemption
────┬────────────────────────────┬────────────────────────────┬────────────┬────────────────────────────────────────────
    │ a                          │ b                          │ where      │ source
────┼────────────────────────────┼────────────────────────────┼────────────┼────────────────────────────────────────────
  1 │ read-locks items           │                            │ queue.rs:1 │ let mut items = self.items.lock().unwrap();
  2 │ ┃                          │ read-locks items           │ queue.rs:1 │ let mut items = self.items.lock().unwrap();
  3 │ wants items (held by a, b) │ ┃                          │ queue.rs:5 │ self.items.lock().unwrap().push_back(item);
  4 │ ┃┆                         │ wants items (held by a, b) │ queue.rs:5 │ self.items.lock().unwrap().push_back(item);
────┴────────────────────────────┴────────────────────────────┴────────────┴────────────────────────────────────────────
✗ a  waits for ever for `items`, since step 3 (src/queue.rs:5); b holds it since step 2 (src/queue.rs:1)
✗ b  waits for ever for `items`, since step 4 (src/queue.rs:5); a holds it since step 1 (src/queue.rs:1)
  ┃ holds a lock   ┆ waits
"#,
    );
}
