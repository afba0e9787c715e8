//! What the HTTP drills share: one client, with three limits of time.
//!
//! [`fetch`] reads a page up to a cap, [`json`] decodes one, [`fetch_all`] takes what it can get, [`fetch_users`]
//! wants all or nothing, [`resend`] knows what may be sent twice, and [`shield`] spares a site. [`site`] is a server to try them on.

// Each example and each test uses its part, and there is no crate to export the rest from.
#![allow(dead_code, unreachable_pub)]

pub mod again;
pub mod fetch;
pub mod fetch_all;
pub mod fetch_users;
pub mod json;
pub mod pages;
pub mod resend;
pub mod shield;
pub mod site;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use reqwest::{Client, ClientBuilder};

// ANCHOR: client
/// How long the client waits, and for what.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a connection to stand.
    pub connect: Duration,
    /// For the next bytes: ends the wait for a server that has fallen silent.
    pub idle: Duration,
    /// For everything, redirects and body included: ends the wait for a server that drips.
    pub total: Duration,
}

/// Makes the client. One is enough for a program: its clones share the pool of connections.
///
/// # Errors
///
/// If the TLS of the system is of no use.
pub fn client(limits: Limits) -> reqwest::Result<Client> {
    builder(limits).build()
}

/// The same, for who has more to say about it.
pub fn builder(limits: Limits) -> ClientBuilder {
    #[cfg(feature = "https")]
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .connect_timeout(limits.connect)
        .read_timeout(limits.idle)
        .timeout(limits.total)
        // Less than servers keep an idle connection: to reuse one that is being closed is an error.
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(32)
        // A proxy of the environment would not find the site, which is on this machine.
        .no_proxy()
}
// ANCHOR_END: client

/// Ends an example, with what went wrong in words.
pub fn end(outcome: Result<(), Box<dyn Error>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let [connect, idle, total] = [5, 10, 30].map(Duration::from_secs);
        Self { connect, idle, total }
    }
}
