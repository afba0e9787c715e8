//! Many callers before a site: a page is fetched once for all of them, and a host that is down not at all.

use std::sync::Arc;

use reqwest::{Client, Url};
use solutions::circuit_breaker::{Builder, CallError, CircuitBreaker, Clock, SystemClock};
use solutions::keyed_map::KeyedMap;
use solutions::singleflight::Group;

use super::again::may_pass;
use super::fetch::{FetchError, Page, fetch};

/// What all callers of a page get: the same page, or the same error.
pub type Shared = Result<Arc<Page>, Arc<CallError<FetchError>>>;

/// Fetches pages on behalf of many.
pub struct Shield<C: Clock = SystemClock> {
    client: Client,
    /// How much of a page is read, in bytes.
    cap: usize,
    /// How the breaker of a host is made.
    builder: Builder<C>,
    /// One for each host that was ever asked: who takes URLs from strangers bounds it.
    breakers: KeyedMap<String, Arc<CircuitBreaker<C>>>,
    flights: Group<String, Shared>,
}

impl<C: Clock + Clone> Shield<C> {
    /// Makes one that has asked nobody yet.
    pub fn new(client: Client, cap: usize, builder: Builder<C>) -> Self {
        Self { client, cap, builder, breakers: KeyedMap::new(), flights: Group::new() }
    }

    // ANCHOR: get
    /// Fetches a page, or shares in the fetch that is under way.
    ///
    /// # Errors
    ///
    /// [`CallError::Open`] where its host has failed too often to be asked now, and the error of
    /// [`fetch`] otherwise.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it leaves the fetch to the other callers; the last of them takes it along.
    pub async fn get(&self, url: &str) -> Shared {
        let flight = self.flights.run(url.to_owned(), || {
            let (breaker, client, cap) = (self.breaker(url), self.client.clone(), self.cap);
            let url = url.to_owned();
            async move {
                let call = breaker.call_with(|| fetch(&client, &url, cap), speaks_against_the_host);
                call.await.map(Arc::new).map_err(Arc::new)
            }
        });
        flight.await.value
    }
    // ANCHOR_END: get

    /// The breaker of a URL's host, which is made at the first call. What is no URL has no host.
    fn breaker(&self, url: &str) -> Arc<CircuitBreaker<C>> {
        let host = Url::parse(url).map_or(String::new(), |url| url.origin().ascii_serialization());
        let mut breaker = None;
        self.breakers.update(host, |known| {
            let known = known.unwrap_or_else(|| Arc::new(self.builder.clone().build()));
            breaker = Some(known.clone());
            Some(known)
        });
        breaker.expect("an update calls its closure")
    }
}

/// A page that is missing has been answered for: its host is well.
fn speaks_against_the_host(fetched: &Result<Page, FetchError>) -> bool {
    fetched.as_ref().is_err_and(may_pass)
}
