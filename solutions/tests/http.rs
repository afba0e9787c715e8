//! The HTTP drills on real sockets: a client on the runtime of the test, a site on its own.
//!
//! Time is real here, since sockets know no other. It decides nothing but what is promised about time: every
//! wait for somebody else is for a message.

#[path = "../examples/http/mod.rs"]
mod http;

#[path = "http/fetch.rs"]
mod fetch;
#[path = "http/fetch_all.rs"]
mod fetch_all;
#[path = "http/json.rs"]
mod json;
#[path = "http/limits.rs"]
mod limits;
#[path = "http/resend.rs"]
mod resend;
#[path = "http/shield.rs"]
mod shield;
#[path = "http/support.rs"]
mod support;
#[path = "http/users.rs"]
mod users;
