//! Riders by number, polled only when they were woken, as a runtime does; and what a car may be.

use std::collections::BTreeMap;
use std::task::Poll;

use patterns::ride::{Board, Camp, Ride, Seat};

use crate::support::Polled;

/// Riders by number, in the order in which they came.
pub(crate) struct Crowd<'a> {
    ride: &'a Ride,
    pub(crate) camps: Vec<Camp>,
    /// None when they have left, with a car or without.
    pub(crate) riders: Vec<Option<Rider<'a>>>,
    pub(crate) seats: BTreeMap<usize, Seat>,
}

pub(crate) struct Rider<'a> {
    pub(crate) board: Polled<Board<'a>>,
    /// How many of the wake-ups have been answered by a poll.
    answered: usize,
}

impl<'a> Crowd<'a> {
    pub(crate) fn at(ride: &'a Ride) -> Self {
        Self { ride, camps: Vec::new(), riders: Vec::new(), seats: BTreeMap::new() }
    }

    /// One comes, and is polled once.
    pub(crate) fn comes(&mut self, camp: Camp) -> usize {
        let rider = self.camps.len();
        self.camps.push(camp);
        let board = Polled::new(self.ride.board(camp));
        self.riders.push(Some(Rider { board, answered: 0 }));
        self.poll(rider);
        rider
    }

    /// They come one by one, and each is polled once.
    pub(crate) fn come(&mut self, camps: &[Camp]) {
        for camp in camps {
            self.comes(*camp);
        }
    }

    /// Polls a rider; says whether their ride is over.
    pub(crate) fn poll(&mut self, rider: usize) -> bool {
        let Some(Rider { board, answered }) = &mut self.riders[rider] else { return true };
        *answered = board.wakes();
        let Poll::Ready(seat) = board.poll() else { return false };
        self.riders[rider] = None;
        assert!(self.seats.insert(rider, seat).is_none());
        true
    }

    /// Drops a rider's future, wherever they are.
    pub(crate) fn gives_up(&mut self, rider: usize) {
        self.riders[rider] = None;
    }

    /// Whether a rider was woken since the last poll.
    pub(crate) fn is_woken(&self, rider: usize) -> bool {
        self.riders[rider].as_ref().is_some_and(|rider| rider.board.wakes() > rider.answered)
    }

    /// Polls whoever was woken, until nobody is.
    pub(crate) fn settle(&mut self) {
        while let Some(rider) = (0..self.riders.len()).find(|rider| self.is_woken(*rider)) {
            self.poll(rider);
        }
    }

    /// Those who are still there.
    pub(crate) fn present(&self) -> Vec<usize> {
        (0..self.riders.len()).filter(|rider| self.riders[*rider].is_some()).collect()
    }

    /// The riders of each car that has left, as far as they know it.
    pub(crate) fn cars(&self) -> BTreeMap<u64, Vec<usize>> {
        let mut cars = BTreeMap::<u64, Vec<usize>>::new();
        for (rider, seat) in &self.seats {
            cars.entry(seat.car).or_default().push(*rider);
        }
        cars
    }

    /// Every car that left has four seats taken, of the right camps, and one driver.
    #[track_caller]
    pub(crate) fn every_car_is_right(&self) {
        for (car, riders) in self.cars() {
            assert_eq!(riders.len(), 4, "car {car} has left with {riders:?}");
            let crabs = riders.iter().filter(|rider| self.camps[**rider] == Camp::Crab).count();
            assert!([0, 2, 4].contains(&crabs), "car {car} has left with {crabs} crabs");
            let drivers = riders.iter().filter(|rider| self.seats[*rider].driver).count();
            assert_eq!(drivers, 1, "drivers of car {car}");
        }
    }

    /// How many wait, by what the ride says: crabs, gophers.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        (self.ride.waiting(Camp::Crab), self.ride.waiting(Camp::Gopher))
    }
}

/// Whether so many of each camp fill a car.
pub(crate) fn fill_a_car((crabs, gophers): (usize, usize)) -> bool {
    crabs >= 4 || gophers >= 4 || (crabs >= 2 && gophers >= 2)
}
