//! A site on this machine to try a client on: real sockets, and pages that misbehave.
//!
//! It runs on a thread and a runtime of its own, so that every task in the client's runtime is the client's.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::serve::ListenerExt;
use tokio::sync::oneshot;

/// A server that runs until it is dropped.
pub struct Site {
    address: SocketAddr,
    /// How many connections it has accepted.
    connections: Arc<AtomicUsize>,
    /// Tells the thread to end; `None` once it has been told.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    /// Starts to serve, on a port that is free.
    ///
    /// # Panics
    ///
    /// If this machine has no port or no thread left.
    pub fn start(router: Router) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        listener.set_nonblocking(true).expect("a socket can be non-blocking");
        let address = listener.local_addr().expect("a bound socket has an address");
        let connections = Arc::<AtomicUsize>::default();
        let (stop, stopped) = oneshot::channel();
        let accepted = connections.clone();
        let thread = thread::spawn(move || serve(listener, router, &accepted, stopped));
        Self { address, connections, stop: Some(stop), thread: Some(thread) }
    }

    /// The URL of a path, which begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it has accepted so far.
    pub fn connections(&self) -> usize {
        // A count, which publishes nothing else.
        self.connections.load(Relaxed)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
            && !thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Serves until it is told to stop; the runtime's end takes all connections along.
fn serve(
    listener: TcpListener,
    router: Router,
    accepted: &Arc<AtomicUsize>,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let accepted = accepted.clone();
    runtime.expect("a thread can have a runtime").block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener).expect("it is non-blocking");
        let listener = listener.tap_io(move |_| _ = accepted.fetch_add(1, Relaxed));
        tokio::select! {
            served = axum::serve(listener, router) => served.expect("it never ends by itself"),
            _ = stopped => {}
        }
    });
}

/// Closes the connection without an answer, as a server does that dies.
///
/// A panic ends the task of its connection and no other; resumed, it prints nothing.
pub fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new("the connection is closed"))
}
