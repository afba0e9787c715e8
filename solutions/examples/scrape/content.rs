//! What is made of a page: its title, its text and its links.

use reqwest::Url;

use crate::http::fetch::Page;

/// A page that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub title: Option<String>,
    pub text: String,
    /// Whether there was more of it than was asked for.
    pub truncated: bool,
    /// Where it leads, without the places within a page.
    pub links: Vec<Url>,
}

/// Reads a page. Only HTML has a title and links.
pub fn read(page: &Page) -> Content {
    let text = String::from_utf8_lossy(&page.bytes).into_owned();
    let is_html = page.content_type.as_ref().is_some_and(|kind| kind.starts_with("text/html"));
    let base = Url::parse(&page.url).ok().filter(|_| is_html);
    let title = if is_html { title(&text) } else { None };
    let links = base.map_or_else(Vec::new, |base| links(&base, &text));
    Content { title, text, truncated: page.truncated, links }
}

fn title(html: &str) -> Option<String> {
    let (_, rest) = html.split_once("<title>")?;
    Some(rest.split_once("</title>")?.0.trim().to_owned())
}

/// What the anchors of a page lead to. It is no parser: one that is commented out counts as well.
pub fn links(base: &Url, html: &str) -> Vec<Url> {
    let tags = html.split('<').filter_map(|tag| Some(tag.split_once('>')?.0));
    let anchors = tags.filter_map(|tag| {
        let (name, attributes) = tag.split_once(|c: char| c.is_ascii_whitespace())?;
        name.eq_ignore_ascii_case("a").then_some(attributes)
    });
    anchors.filter_map(href).filter_map(|href| link(base, href)).collect()
}

/// The value of the attribute `href`, in quotes or without.
fn href(mut attributes: &str) -> Option<&str> {
    loop {
        let (names, rest) = attributes.split_once('=')?;
        let rest = rest.trim_ascii_start();
        let value;
        (value, attributes) = match rest.chars().next()? {
            quote @ ('"' | '\'') => rest[1..].split_once(quote)?,
            _ => rest.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((rest, "")),
        };
        // Before it stand others that have no value.
        if names.split_ascii_whitespace().next_back()?.eq_ignore_ascii_case("href") {
            return Some(value);
        }
    }
}

fn link(base: &Url, href: &str) -> Option<Url> {
    let mut url = base.join(&href.replace("&amp;", "&")).ok()?;
    url.set_fragment(None);
    ["http", "https"].contains(&url.scheme()).then_some(url)
}
