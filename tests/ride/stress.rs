//! Many riders on two threads, impatient ones among them.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

use futures::future::{Either, select};
use patterns::ride::Camp::{self, Crab, Gopher};
use patterns::ride::{Ride, Seat};
use tokio::task::yield_now;

use crate::support::run_on;

/// Every car has four, of the right camps, and one driver; and no number is left out.
fn check(seats: &[(Camp, Seat)]) {
    let mut cars = BTreeMap::<u64, Vec<(Camp, bool)>>::new();
    for (camp, seat) in seats {
        cars.entry(seat.car).or_default().push((*camp, seat.driver));
    }
    assert!(cars.keys().copied().eq(0..seats.len() as u64 / 4), "a number was left out");
    for (car, riders) in cars {
        let crabs = riders.iter().filter(|(camp, _)| *camp == Crab).count();
        assert_eq!(riders.len(), 4, "car {car}");
        assert!([0, 2, 4].contains(&crabs), "car {car} has left with {crabs} crabs");
        assert_eq!(riders.iter().filter(|(_, driver)| *driver).count(), 1, "car {car}");
    }
}

#[test]
fn all_leave_in_the_right_cars() {
    run_on(2, || async {
        let ride = Arc::new(Ride::new());
        // An even number of each camp, and a multiple of four in all: nobody is left over.
        let riders: Vec<_> = (0..2000)
            .map(|rider| {
                let (ride, camp) = (ride.clone(), if rider % 5 < 2 { Crab } else { Gopher });
                tokio::spawn(async move { (camp, ride.board(camp).await) })
            })
            .collect();
        let mut seats = Vec::new();
        for rider in riders {
            seats.push(rider.await.unwrap());
        }
        check(&seats);
    });
}

#[test]
fn nobody_is_stuck_where_many_give_up() {
    run_on(2, || async {
        let ride = Arc::new(Ride::new());
        let riders: Vec<_> = (0..800)
            .map(|rider| {
                let (ride, camp) = (ride.clone(), if rider % 4 < 2 { Crab } else { Gopher });
                tokio::spawn(async move {
                    for patience in 0..6 {
                        if let Some(seat) = board_within(&ride, camp, patience + rider % 3).await {
                            return Some((camp, seat));
                        }
                    }
                    None
                })
            })
            .collect();
        let mut seats = Vec::new();
        for rider in riders {
            seats.extend(rider.await.unwrap());
        }
        assert_eq!((ride.waiting(Crab), ride.waiting(Gopher)), (0, 0), "a ghost waits");
        let mut cars = BTreeMap::<u64, Vec<Seat>>::new();
        for (_, seat) in seats {
            cars.entry(seat.car).or_default().push(seat);
        }
        // Who gave up when the car had left has a seat in it that nobody has seen.
        assert!(cars.values().all(|seats| seats.len() <= 4));
        let drivers = |seats: &Vec<Seat>| seats.iter().filter(|seat| seat.driver).count();
        assert!(cars.values().all(|seats| drivers(seats) <= 1));
        // And the stand is as good as new.
        let four = [Crab, Gopher, Crab, Gopher].map(|camp| ride.board(camp));
        let seats = futures::future::join_all(four).await;
        assert!(seats.iter().all(|seat| seat.car == seats[0].car));
    });
}

/// Gives up after a few turns of the runtime.
async fn board_within(ride: &Ride, camp: Camp, patience: usize) -> Option<Seat> {
    let turns = pin!(async {
        for _ in 0..patience {
            yield_now().await;
        }
    });
    match select(ride.board(camp), turns).await {
        Either::Left((seat, _)) => Some(seat),
        Either::Right(((), _gives_up)) => None,
    }
}
