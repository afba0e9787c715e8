//! Ctrl-C: once, and what was found is still fetched; twice, and it is given up.

use axum::Router;
use axum::routing::get;
use futures::future::join;
use futures::{Stream, stream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::http::site::Site;
use super::scrape::progress::{Bar, message};
use super::scrape::{Ended, Plan, crawl};
use super::support::{Gate, Reply, drill, persistence, scripted};
use super::{begun, linked, plan};

/// Whoever presses Ctrl-C here knows when it has been heard.
struct Keyboard {
    press: UnboundedSender<()>,
    /// A message whenever the next one is waited for: what came before has had its effect.
    waits: UnboundedReceiver<()>,
}

impl Keyboard {
    fn new() -> (Self, impl Stream<Item = ()> + Unpin) {
        let ((press, pressed), (wait, waits)) = (unbounded_channel(), unbounded_channel());
        let interrupts = stream::unfold((pressed, wait), async |(mut pressed, wait)| {
            wait.send(()).ok()?;
            pressed.recv().await?;
            Some(((), (pressed, wait)))
        });
        (Self { press, waits }, Box::pin(interrupts))
    }

    async fn ctrl_c(&mut self) {
        self.waits.recv().await.unwrap();
        self.press.send(()).unwrap();
    }

    async fn heard(&mut self) {
        self.waits.recv().await.unwrap();
    }
}

/// Every page waits at the gate, and has links.
fn gated() -> (Site, Gate) {
    let gate = Gate::default();
    let at_the_site = gate.clone();
    let page = get(async move || {
        let _visit = at_the_site.pass().await;
        linked(["/more", "/and/more"])
    });
    (Site::start(Router::new().fallback(page)), gate)
}

#[test]
fn the_first_lets_no_link_be_followed_and_waits_for_what_was_found() {
    drill(async {
        let (site, gate) = gated();
        let (mut keyboard, interrupts) = Keyboard::new();
        let pages = begun(plan(), [site.url("/"), site.url("/waits")]);
        let bar = Bar::hidden();
        let (report, ()) = join(crawl(pages, interrupts, &bar), async {
            gate.arrived(1).await;
            keyboard.ctrl_c().await;
            keyboard.heard().await;
            gate.open(2);
        })
        .await;
        assert_eq!(report.ended, Ended::Drained);
        let fetched = report.scraped.iter().map(|page| page.target.url.path());
        assert!(fetched.eq(["/", "/waits"]), "what was found is fetched");
        assert_eq!((report.stats.processed, report.left_out), (2, 2));
        gate.arrived(1).await;
        assert_eq!(gate.unexpected(), 0, "and nothing else");
    });
}

#[test]
fn the_second_gives_up_what_is_left() {
    drill(async {
        let (site, gate) = gated();
        let (mut keyboard, interrupts) = Keyboard::new();
        let pages = begun(plan(), [site.url("/"), site.url("/waits")]);
        let bar = Bar::hidden();
        let (report, ()) = join(crawl(pages, interrupts, &bar), async {
            gate.arrived(1).await;
            keyboard.ctrl_c().await;
            keyboard.ctrl_c().await;
        })
        .await;
        assert_eq!(report.ended, Ended::Aborted);
        assert_eq!((report.stats.aborted, report.scraped.len()), (2, 2));
        gate.left(1).await;
        assert_eq!(gate.unexpected(), 0, "the one that waited was never asked for");
    });
}

#[test]
fn the_bar_says_what_is_in_progress_and_with_which_attempt() {
    drill(async {
        let (site, _, silent) = scripted(&[Reply::Status(503), Reply::Silence]);
        let mut pages = begun(Plan { again: persistence(2), ..plan() }, [site.url("/")]);
        tokio::select! {
            page = pages.next() => panic!("nobody answers: {page:?}"),
            () = silent.arrived(1) => {}
        }
        let domain = site.address();
        assert_eq!(message(&pages, Ended::Done), format!("{domain}/ (attempt 2)"));
        assert_eq!(message(&pages, Ended::Drained), format!("stopping: {domain}/ (attempt 2)"));
    });
}
