//! What is left out.

use std::sync::{Arc, Mutex};

use patterns::pipeline::{CancelToken, Order, Pipeline};

use crate::parts::{entries, number, same, tray};
use crate::support::run;

#[test]
fn what_the_filter_refuses_costs_no_work() {
    run(|| async {
        let (tray, sink) = tray();
        let worked = Arc::new(Mutex::new(Vec::new()));
        let work = worked.clone();
        let pipeline = Pipeline::builder()
            .source(entries(0..10_u64))
            .filter(|n| n % 3 == 0)
            .enrich(number(1), Order::Free, move |n| {
                work.lock().unwrap().push(n);
                same(n)
            })
            .sink(sink)
            .build();
        let totals = pipeline.run(CancelToken::new()).await.totals;
        assert_eq!(tray.entries(), [0, 3, 6, 9]);
        assert_eq!(*worked.lock().unwrap(), [0, 3, 6, 9], "an entry is filtered when it is done");
        assert_eq!((totals.generated, totals.filtered, totals.enriched), (10, 6, 4));
    });
}

#[test]
fn several_filters_have_to_agree() {
    run(|| async {
        let (tray, sink) = tray();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let second = asked.clone();
        let pipeline = Pipeline::builder()
            .source(entries(0..5_u64))
            .filter(|n| n % 2 == 0)
            .source(entries(5..10))
            .filter(move |n| {
                second.lock().unwrap().push(*n);
                n % 3 == 0
            })
            .enrich(number(1), Order::Free, same)
            .sink(sink)
            .build();
        let totals = pipeline.run(CancelToken::new()).await.totals;
        assert_eq!(tray.sorted(), [0, 6]);
        assert_eq!(totals.filtered, 8);
        let mut asked = asked.lock().unwrap().clone();
        asked.sort();
        assert_eq!(asked, [0, 2, 4, 6, 8], "the second is asked about what the first lets through");
    });
}

#[test]
fn a_filter_that_refuses_everything_leaves_an_orderly_end() {
    run(|| async {
        let (tray, sink) = tray();
        let pipeline = Pipeline::builder()
            .source(entries(0..1000_u64))
            .filter(|_| false)
            .enrich(number(2), Order::Kept, same)
            .sink(sink)
            .buffer(number(1))
            .build();
        let totals = pipeline.run(CancelToken::new()).await.totals;
        assert_eq!((totals.generated, totals.filtered), (1000, 1000));
        assert_eq!((tray.len(), tray.closed()), (0, 1));
    });
}
