//! What one can see from outside, one poll at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};

use futures::FutureExt;
use patterns::ride::Camp::{self, Crab, Gopher};
use patterns::ride::{Board, Ride, Seat};

use crate::crowd::Crowd;
use crate::support::{Polled, run, within_deadline};

#[path = "behaviour/undone.rs"]
mod undone;

/// Cars that may leave: in the order in which their riders come.
const CARS: [[Camp; 4]; 5] = [
    [Crab, Crab, Crab, Crab],
    [Gopher, Gopher, Gopher, Gopher],
    [Crab, Crab, Gopher, Gopher],
    [Gopher, Crab, Gopher, Crab],
    [Crab, Gopher, Gopher, Crab],
];

// Cars

#[test]
fn four_leave_together() {
    within_deadline(|| {
        for camps in CARS {
            let ride = Ride::new();
            let mut crowd = Crowd::at(&ride);
            crowd.come(&camps);
            crowd.settle();
            assert_eq!(crowd.present(), [], "all of {camps:?} are gone");
            crowd.every_car_is_right();
            assert_eq!(crowd.cars().keys().collect::<Vec<_>>(), [&0]);
        }
    });
}

#[test]
fn three_and_one_wait() {
    within_deadline(|| {
        for (one, other) in [(Crab, Gopher), (Gopher, Crab)] {
            let ride = Ride::new();
            let mut crowd = Crowd::at(&ride);
            crowd.come(&[one, other, one, one]);
            crowd.settle();
            assert_eq!(crowd.present(), [0, 1, 2, 3], "no car leaves with three and one");
            assert_eq!((ride.waiting(one), ride.waiting(other)), (3, 1));
        }
    });
}

#[test]
fn nobody_is_left_whom_a_car_could_take() {
    within_deadline(|| {
        let ride = Ride::new();
        let mut crowd = Crowd::at(&ride);
        crowd.come(&[Crab, Crab, Crab, Gopher]);
        crowd.settle();
        assert_eq!(crowd.waiting(), (3, 1));
        crowd.comes(Gopher);
        crowd.settle();
        assert_eq!(crowd.waiting(), (1, 0), "two and two could leave");
        crowd.every_car_is_right();
        assert_eq!(crowd.present().len(), 1);
    });
}

#[test]
fn nobody_gets_off_before_all_four_are_in() {
    within_deadline(|| {
        for camps in CARS {
            // The fourth to come is in at once; of the others, one is late.
            for late in 0..3 {
                let ride = Ride::new();
                let mut crowd = Crowd::at(&ride);
                crowd.come(&camps);
                assert_eq!(crowd.waiting(), (0, 0), "all four have been called");
                for rider in (0..3).filter(|rider| *rider != late) {
                    assert!(!crowd.poll(rider), "rider {late} is not in yet");
                }
                assert!(!crowd.poll(3), "rider {late} is not in yet");
                assert!(crowd.poll(late), "all four are in");
                crowd.settle();
                assert_eq!(crowd.present(), [], "who was in is told that the car leaves");
                crowd.every_car_is_right();
            }
        }
    });
}

#[test]
fn one_of_the_four_drives() {
    within_deadline(|| {
        for camps in CARS {
            let ride = Ride::new();
            let mut crowd = Crowd::at(&ride);
            crowd.come(&camps);
            crowd.settle();
            let drivers = crowd.seats.values().filter(|seat| seat.driver).count();
            assert_eq!(drivers, 1, "drivers of {camps:?}");
        }
    });
}

#[test]
fn cars_are_numbered_as_they_leave() {
    within_deadline(|| {
        let ride = Ride::new();
        let mut crowd = Crowd::at(&ride);
        crowd.come(&[Crab; 4]);
        crowd.come(&[Gopher; 4]);
        for late_to_come in [4, 5, 6] {
            crowd.poll(late_to_come);
        }
        crowd.settle();
        let cars: Vec<_> = crowd.cars().into_values().collect();
        assert_eq!(cars, [[4, 5, 6, 7], [0, 1, 2, 3]], "the second to be called left first");
        crowd.come(&[Gopher; 4]);
        crowd.settle();
        assert_eq!(crowd.cars()[&2], [8, 9, 10, 11]);
    });
}

#[test]
fn who_came_first_is_called_first() {
    within_deadline(|| {
        for (one, other) in [(Crab, Gopher), (Gopher, Crab)] {
            let ride = Ride::new();
            let mut crowd = Crowd::at(&ride);
            crowd.come(&[one, one, one, other, other]);
            assert!(crowd.is_woken(0) && crowd.is_woken(1) && crowd.is_woken(3));
            assert!(!crowd.is_woken(2), "the third has to wait");
            crowd.settle();
            assert_eq!(crowd.cars()[&0], [0, 1, 3, 4]);
        }
    });
}

#[test]
fn a_rider_is_woken_to_get_in_and_to_go() {
    within_deadline(|| {
        let ride = Ride::new();
        let board = || Polled::new(ride.board(Crab));
        let (mut first, mut second, mut third) =
            (board().pending(), board().pending(), board().pending());
        let mut fourth = board().pending();
        let woken = |riders: [&Polled<Board<'_>>; 4]| riders.map(|rider| rider.wakes());
        assert_eq!(woken([&first, &second, &third, &fourth]), [1, 1, 1, 0], "there is a car");
        assert!(first.poll().is_pending() && second.poll().is_pending());
        assert_eq!(woken([&first, &second, &third, &fourth]), [1, 1, 1, 0], "nothing has changed");
        assert!(third.poll().is_ready());
        assert_eq!(woken([&first, &second, &third, &fourth]), [2, 2, 1, 1], "the car has left");
        first.ready();
        second.ready();
        assert!(fourth.poll().is_ready());
    });
}

#[test]
fn who_was_not_polled_has_not_come() {
    within_deadline(|| {
        let ride = Ride::new();
        let idle = [Crab; 3].map(|camp| ride.board(camp));
        assert_eq!(ride.waiting(Crab), 0);
        drop(idle);
        let first = Polled::new(ride.board(Crab)).pending();
        assert_eq!(ride.waiting(Crab), 1);
        drop(first);
    });
}

#[test]
#[should_panic(expected = "a boarding is not polled after it has ended")]
fn polled_after_its_end_it_panics() {
    within_deadline(|| {
        let ride = Ride::new();
        let mut riders = [Crab; 4].map(|camp| Polled::new(ride.board(camp)).pending());
        riders.iter_mut().for_each(|rider| _ = rider.poll());
        riders.iter_mut().for_each(|rider| _ = rider.poll());
    });
}

#[test]
fn who_is_polled_after_the_end_harms_nobody() {
    within_deadline(|| {
        let ride = Ride::new();
        let mut riders = [Crab; 4].map(|camp| Polled::new(ride.board(camp)).pending());
        while riders[0].poll().is_pending() {
            riders[1..].iter_mut().for_each(|rider| _ = rider.poll());
        }
        assert!(catch_unwind(AssertUnwindSafe(|| riders[0].poll())).is_err());
        drop(riders);
        let mut crowd = Crowd::at(&ride);
        crowd.come(&[Crab, Gopher, Crab, Gopher]);
        crowd.settle();
        assert_eq!(crowd.present(), []);
    });
}

// Wakers and panics

#[test]
fn a_rider_who_moves_to_another_task_is_woken_there() {
    within_deadline(|| {
        let ride = Ride::new();
        let [mut rider, mut second, mut third] =
            [(); 3].map(|()| Polled::new(ride.board(Crab)).pending());
        let in_line = rider.move_to_another_task();
        let mut rider = rider.pending();
        let fourth = Polled::new(ride.board(Crab)).pending();
        assert_eq!((rider.wakes(), in_line.count()), (1, 0), "called on the task of the last poll");
        let called = rider.move_to_another_task();
        let rider = rider.pending();
        assert!(second.poll().is_pending() && third.poll().is_ready());
        assert_eq!((rider.wakes(), called.count()), (1, 1), "told on the task of the last poll");
        rider.ready();
        fourth.ready();
        second.ready();
    });
}

/// Uses the ride whenever it is woken or dropped.
struct Curious(Arc<OnceLock<Ride>>, Arc<AtomicUsize>);

impl Curious {
    fn look(&self) {
        self.0.get().unwrap().waiting(Crab);
        self.1.fetch_add(1, SeqCst);
    }
}

impl Wake for Curious {
    fn wake(self: Arc<Self>) {
        self.look();
    }
}

impl Drop for Curious {
    fn drop(&mut self) {
        self.look();
    }
}

#[test]
fn a_waker_may_use_the_ride() {
    within_deadline(|| {
        let ride = Arc::new(OnceLock::from(Ride::new()));
        let looks = Arc::new(AtomicUsize::new(0));
        let here = ride.get().unwrap();
        let mut riders = [Crab; 4].map(|camp| here.board(camp));
        for _ in 0..3 {
            for rider in &mut riders {
                let waker = Waker::from(Arc::new(Curious(ride.clone(), looks.clone())));
                let _ = rider.poll_unpin(&mut Context::from_waker(&waker));
            }
            if here.waiting(Crab) == 0 {
                break;
            }
        }
        drop(riders);
        assert!(looks.load(SeqCst) > 4, "every waker was dropped, and some were woken");
    });
}

#[test]
fn a_waker_may_use_the_ride_when_a_rider_gives_up() {
    within_deadline(|| {
        let ride = Arc::new(OnceLock::from(Ride::new()));
        let looks = Arc::new(AtomicUsize::new(0));
        let here = ride.get().unwrap();
        let poll = |rider: &mut Board<'_>| {
            let waker = Waker::from(Arc::new(Curious(ride.clone(), looks.clone())));
            assert!(rider.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
        };
        let mut riders = [Crab, Crab, Gopher, Gopher, Crab, Crab].map(|camp| here.board(camp));
        riders.iter_mut().for_each(poll);
        let [first, second, gopher, _other, third, fourth] = riders;
        // The crabs are called anew: some of them are woken by the drop.
        drop(gopher);
        assert_eq!((here.waiting(Crab), here.waiting(Gopher)), (0, 1));
        drop((first, second, third, fourth));
    });
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("the waker's own");
    }
}

#[test]
fn a_waker_that_panics_strands_nobody() {
    within_deadline(|| {
        for which in 0..3 {
            let ride = Ride::new();
            let mut riders = [(); 3].map(|()| Polled::new(ride.board(Crab)));
            let mut panics = ride.board(Crab);
            for (place, rider) in riders[..2].iter_mut().enumerate() {
                if place == which {
                    assert!(poll_with(&mut panics, &Waker::from(Arc::new(Panics))).is_pending());
                }
                assert!(rider.poll().is_pending());
            }
            if which == 2 {
                assert!(poll_with(&mut panics, &Waker::from(Arc::new(Panics))).is_pending());
            }
            let called = catch_unwind(AssertUnwindSafe(|| riders[2].poll()));
            assert!(called.is_err(), "the panic goes to whoever called");
            assert_eq!((riders[0].wakes(), riders[1].wakes()), (1, 1), "the others are woken");
            // All four are still there, and leave.
            let [first, second, caller] = &mut riders;
            assert!(caller.poll().is_pending() && first.poll().is_pending());
            assert!(poll_with(&mut panics, Waker::noop()).is_pending());
            assert!(second.poll().is_ready(), "the last of the four is in");
            assert!(first.poll().is_ready() && caller.poll().is_ready());
            assert!(poll_with(&mut panics, Waker::noop()).is_ready());
        }
    });
}

fn poll_with(board: &mut Board<'_>, waker: &Waker) -> Poll<Seat> {
    board.poll_unpin(&mut Context::from_waker(waker))
}

#[test]
fn the_types_may_cross_threads_and_move_after_a_poll() {
    fn crosses<T: Send + Sync + Unpin>() {}
    crosses::<Ride>();
    crosses::<Board<'_>>();
    crosses::<Seat>();
    crosses::<Camp>();
    run(|| async {
        let ride = Arc::new(Ride::default());
        let riders = [Crab, Gopher, Crab, Gopher].map(|camp| {
            let ride = ride.clone();
            tokio::spawn(async move { ride.board(camp).await.car })
        });
        for rider in riders {
            assert_eq!(rider.await.unwrap(), 0);
        }
    });
}
