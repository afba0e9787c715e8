//! What a counter promises: nothing that is added is lost, or counted twice.

mod support;

#[path = "support/allocations.rs"]
mod allocations;

mod behaviour {
    use std::io::{self, Read, Write};
    use std::sync::{Arc, Barrier};
    use std::thread;

    use patterns::counter::{Counter, OwnedCell};

    use crate::allocations;
    use crate::support::within_deadline;

    #[test]
    fn it_adds_up() {
        within_deadline(|| {
            let counter = Counter::new();
            assert_eq!(counter.sum(), 0, "nothing was added");
            counter.add(2);
            counter.add(3);
            assert_eq!(counter.sum(), 5);
            counter.add(0);
            assert_eq!(counter.sum(), 5, "a sum takes nothing away, and zero adds nothing");
            assert_eq!(Counter::default().sum(), 0, "another counter has a sum of its own");
        });
    }

    #[test]
    fn what_every_thread_adds_is_there() {
        within_deadline(|| {
            const THREADS: u64 = 24;
            let counter = Arc::new(Counter::new());
            // They meet, so that all of them are alive at the same time.
            let together = Arc::new(Barrier::new(THREADS as usize));
            let adders: Vec<_> = (0..THREADS)
                .map(|_| {
                    let (counter, together) = (counter.clone(), together.clone());
                    thread::spawn(move || {
                        together.wait();
                        counter.add(1);
                        together.wait();
                    })
                })
                .collect();
            adders.into_iter().for_each(|adder| adder.join().unwrap());
            assert_eq!(counter.sum(), THREADS, "each thread has added one");
        });
    }

    #[test]
    fn it_counts_the_bytes_that_are_written() {
        within_deadline(|| {
            let mut counter = Counter::new();
            assert_eq!(counter.write(b"hello").unwrap(), 5, "all of it was taken");
            assert_eq!(counter.sum(), 5);
            write!(counter, "{}-{}", 10, 20).unwrap();
            assert_eq!(counter.sum(), 10);
            assert_eq!(counter.write(b"").unwrap(), 0);
            counter.flush().unwrap();
            assert_eq!(counter.sum(), 10, "nothing more was written");
        });
    }

    #[test]
    fn a_shared_counter_can_be_written_to() {
        within_deadline(|| {
            let counter = Counter::new();
            assert_eq!((&counter).write(b"abc").unwrap(), 3, "all of it was taken");
            let copied = io::copy(&mut io::repeat(7).take(10_000), &mut &counter).unwrap();
            (&counter).flush().unwrap();
            assert_eq!((copied, counter.sum()), (10_000, 10_003));
        });
    }

    #[test]
    fn what_is_written_is_not_kept() {
        within_deadline(|| {
            let (counter, page) = (Counter::new(), [0; 4096]);
            let allocations = allocations::during(|| {
                for _ in 0..100 {
                    (&counter).write_all(&page).unwrap();
                    counter.add(1);
                }
            });
            assert_eq!(counter.sum(), 100 * 4097);
            assert_eq!(allocations, 0, "it counts, and has nothing to keep");
        });
    }

    #[test]
    fn a_cell_is_counted_while_it_lives() {
        within_deadline(|| {
            let counter = Counter::new();
            let mut cell = counter.cell();
            cell.add(1);
            assert_eq!(counter.sum(), 1, "the cell is still alive");
            cell.add(2);
            counter.add(4);
            assert_eq!(counter.sum(), 7);
        });
    }

    #[test]
    fn a_dropped_cell_has_lost_nothing() {
        within_deadline(|| {
            let counter = Counter::new();
            let mut cell = counter.cell();
            cell.add(5);
            drop(cell);
            assert_eq!(counter.sum(), 5, "what the cell has added stays");
            drop(counter.cell());
            assert_eq!(counter.sum(), 5, "a cell that adds nothing changes nothing");
        });
    }

    #[test]
    fn cells_that_live_together_count_apart() {
        within_deadline(|| {
            let counter = Counter::new();
            let [mut first, mut second] = [counter.cell(), counter.cell()];
            first.add(1);
            second.add(2);
            drop(first);
            let [mut third, mut fourth] = [counter.cell(), counter.cell()];
            second.add(4);
            third.add(8);
            fourth.add(16);
            assert_eq!(counter.sum(), 31, "every cell has added something else");
            drop((second, third, fourth));
            assert_eq!(counter.sum(), 31);
        });
    }

    #[test]
    fn the_sum_wraps_around() {
        within_deadline(|| {
            let counter = Counter::new();
            counter.add(u64::MAX);
            counter.add(2);
            assert_eq!(counter.sum(), 1, "one step beyond u64::MAX is zero");
            let [mut first, mut second] = [counter.cell(), counter.cell()];
            first.add(u64::MAX);
            assert_eq!(counter.sum(), 0);
            second.add(7);
            first.add(3);
            assert_eq!(counter.sum(), 10, "cells wrap around like everyone");
        });
    }

    #[test]
    fn the_types_may_cross_threads() {
        fn crosses<T: Send + Sync + Unpin>() {}
        crosses::<Counter>();
        crosses::<OwnedCell<'static>>();
        within_deadline(|| {
            let counter = Counter::new();
            let mut cell = counter.cell();
            cell.add(1);
            thread::scope(|scope| scope.spawn(move || cell.add(2)).join().unwrap());
            assert_eq!(counter.sum(), 3, "a cell may move");
        });
    }
}

mod properties {
    use patterns::counter::Counter;
    use proptest::prelude::*;
    use std::io::Write;

    use crate::support::{cases, within_deadline};

    #[derive(Debug, Clone)]
    enum Step {
        Add(u64),
        Write(usize),
        Make,
        AddToCell(usize, u64),
        Drop(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            any::<u64>().prop_map(Step::Add),
            (0..100usize).prop_map(Step::Write),
            Just(Step::Make),
            (any::<usize>(), any::<u64>()).prop_map(|(which, n)| Step::AddToCell(which, n)),
            any::<usize>().prop_map(Step::Drop),
        ]
    }

    /// After every step the sum is the one of a plain number.
    fn play(script: &[Step]) {
        let counter = Counter::new();
        let (mut cells, mut expected) = (Vec::new(), 0u64);
        for step in script {
            let cell = |which: usize| which.checked_rem(cells.len());
            let added = match *step {
                Step::Add(n) => {
                    counter.add(n);
                    n
                }
                Step::Write(length) => {
                    (&counter).write_all(&vec![0; length]).unwrap();
                    length as u64
                }
                Step::Make => {
                    cells.push(counter.cell());
                    0
                }
                Step::AddToCell(which, n) => cell(which).map_or(0, |which| {
                    cells[which].add(n);
                    n
                }),
                Step::Drop(which) => {
                    cell(which).map(|which| cells.swap_remove(which));
                    0
                }
            };
            expected = expected.wrapping_add(added);
            assert_eq!(counter.sum(), expected, "after {step:?}");
        }
    }

    #[test]
    fn on_one_thread_it_is_a_number() {
        within_deadline(|| {
            let config = cases(128, 1);
            let script = proptest::collection::vec(step(), 0..60);
            proptest!(config, |(script in script)| play(&script));
        });
    }
}

mod stress {
    use std::io::Write;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    use std::sync::{Arc, Barrier};
    use std::thread;

    use patterns::counter::Counter;

    use crate::support::within_deadline;

    const ROUNDS: u64 = 2_000;

    #[test]
    fn nothing_is_lost_between_threads() {
        within_deadline(|| {
            let (counter, start) = (Arc::new(Counter::new()), Arc::new(Barrier::new(4)));
            let adders: Vec<_> = (0..4)
                .map(|_| {
                    let (counter, start) = (counter.clone(), start.clone());
                    thread::spawn(move || {
                        start.wait();
                        for _ in 0..ROUNDS {
                            counter.add(1);
                            (&*counter).write_all(b"ab").unwrap();
                            counter.cell().add(3);
                        }
                    })
                })
                .collect();
            adders.into_iter().for_each(|adder| adder.join().unwrap());
            assert_eq!(counter.sum(), 4 * ROUNDS * 6);
        });
    }

    #[test]
    fn a_sum_never_goes_down() {
        within_deadline(|| {
            let (counter, over) = (Counter::new(), AtomicBool::new(false));
            let start = Barrier::new(3);
            thread::scope(|scope| {
                scope.spawn(|| {
                    start.wait();
                    (0..ROUNDS).for_each(|_| counter.cell().add(1));
                    over.store(true, SeqCst);
                });
                scope.spawn(|| {
                    start.wait();
                    (0..ROUNDS).for_each(|_| counter.add(1));
                });
                start.wait();
                let mut last = 0;
                while !over.load(SeqCst) {
                    let sum = counter.sum();
                    assert!(last <= sum && sum <= 2 * ROUNDS, "{sum} after {last}");
                    last = sum;
                }
            });
            assert_eq!(counter.sum(), 2 * ROUNDS);
        });
    }
}

mod leaks {
    use patterns::counter::Counter;

    use crate::allocations;
    use crate::support::within_deadline;

    #[test]
    fn cells_that_come_and_go_leave_no_memory_behind() {
        within_deadline(|| {
            let counter = Counter::new();
            drop([counter.cell(), counter.cell()]);
            let kept = allocations::kept_by(|| {
                for _ in 0..50_000 {
                    let [mut first, mut second] = [counter.cell(), counter.cell()];
                    first.add(1);
                    second.add(1);
                }
            });
            assert_eq!(counter.sum(), 100_000);
            assert!(kept <= 1024, "{kept} bytes are kept for cells that are gone");
        });
    }

    #[test]
    fn a_dropped_counter_leaves_no_memory_behind() {
        within_deadline(|| {
            let kept = allocations::kept_by(|| {
                let counter = Counter::new();
                let mut cells = [(); 8].map(|()| counter.cell());
                cells.iter_mut().for_each(|cell| cell.add(1));
                assert_eq!(counter.sum(), 8);
            });
            assert_eq!(kept, 0, "bytes are kept by nobody");
        });
    }
}
