//! A small town of sites on this machine: slow ones, busy ones, one that is down, and all linked to each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use reqwest::{Client, Url};
use tokio::time::sleep;

use crate::http::site::{Site, hang_up};
use crate::http::{Limits, builder};

/// Its sites run until it is dropped.
pub struct Town {
    sites: Vec<(&'static str, Site)>,
}

impl Town {
    /// Builds it.
    pub fn build() -> Self {
        let routers = [
            ("news.test", news as fn(Links) -> Router),
            ("shop.test", shop),
            ("docs.test", docs),
            ("down.test", |_| down()),
        ];
        // A page has links to other sites, whose addresses nobody knows before they run.
        let links = Links::default();
        let sites = routers.map(|(name, router)| (name, Site::start(router(links.clone()))));
        let homes = sites.iter().map(|(name, site)| home(name, site));
        let set = links.0.set(homes.map(|url| link(url.as_str())).collect());
        set.expect("nobody else sets it");
        Self { sites: sites.into() }
    }

    /// A client that knows where the sites are.
    pub fn client(&self, limits: Limits) -> reqwest::Result<Client> {
        let sites = self.sites.iter();
        sites
            .fold(builder(limits), |builder, (name, site)| builder.resolve(name, site.address()))
            .build()
    }

    /// Where to begin.
    pub fn seeds(&self) -> Vec<Url> {
        self.sites.iter().map(|(name, site)| home(name, site)).collect()
    }
}

fn home(name: &str, site: &Site) -> Url {
    let url = format!("http://{name}:{}/", site.address().port());
    Url::parse(&url).expect("a name and a port make a URL")
}

/// To the front page of every site.
#[derive(Clone, Default)]
struct Links(Arc<std::sync::OnceLock<String>>);

impl Links {
    /// A page with these links of its own, and with those to all sites.
    fn page(&self, title: &str, own: impl IntoIterator<Item = String>) -> Html<String> {
        let own: String = own.into_iter().map(|path| link(&path)).collect();
        let all = self.0.get().map_or("", String::as_str);
        Html(format!("<title>{title}</title>\n{own}{all}"))
    }
}

fn link(url: &str) -> String {
    format!("<a href=\"{url}\">{url}</a>\n")
}

/// Takes its time; one article is gone.
fn news(links: Links) -> Router {
    let front = links.clone();
    let front = async move || front.page("News", (1..=8).map(|id| format!("/articles/{id}")));
    let article = async move |Path(id): Path<u64>| {
        sleep(Duration::from_millis(30 * (id % 4 + 1))).await;
        if id == 4 {
            return (StatusCode::GONE, "withdrawn").into_response();
        }
        links.page(&format!("Article {id}"), [format!("/articles/{}", id % 8 + 1)]).into_response()
    };
    Router::new().route("/", get(front)).route("/articles/{id}", get(article))
}

/// Busy at first; one page hangs up on the first two who ask.
fn shop(links: Links) -> Router {
    let (front, sale, flaky) = (links.clone(), links.clone(), links);
    let (sales, flakes) = (AtomicU32::new(0), AtomicU32::new(0));
    let (sales, flakes) = (Arc::new(sales), Arc::new(flakes));
    Router::new()
        .route("/", get(async move || front.page("Shop", ["/sale", "/flaky"].map(str::to_owned))))
        .route("/sale", get(async move || on_sale(&sales, &sale)))
        .route("/flaky", get(async move || on_a_whim(&flakes, &flaky)))
}

fn on_sale(asked: &AtomicU32, links: &Links) -> Response {
    match asked.fetch_add(1, Relaxed) {
        0 => (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "1")], "one second").into_response(),
        _ => links.page("Sale", []).into_response(),
    }
}

fn on_a_whim(asked: &AtomicU32, links: &Links) -> Response {
    match asked.fetch_add(1, Relaxed) {
        0 | 1 => hang_up(),
        _ => links.page("At last", []).into_response(),
    }
}

/// A book of many short pages, each with a link to the next two.
fn docs(links: Links) -> Router {
    let front = links.clone();
    let page = async move |Path(id): Path<u64>| {
        let next = (id + 1..=id + 2).filter(|&next| next <= 20);
        links.page(&format!("Page {id}"), next.map(|next| format!("/pages/{next}")))
    };
    Router::new()
        .route("/", get(async move || front.page("Docs", ["/pages/1".to_owned()])))
        .route("/pages/{id}", get(page))
}

/// The front page is from a cache, and has links; behind it nobody is at home.
fn down() -> Router {
    let links: String = (1..=12).map(|id| link(&format!("/{id}"))).collect();
    let gone = async || (StatusCode::SERVICE_UNAVAILABLE, "out of order");
    Router::new().route("/", get(async move || Html(links))).fallback(gone)
}
