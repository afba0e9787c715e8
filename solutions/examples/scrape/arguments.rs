//! The URLs to begin at.

use std::ffi::OsString;

use reqwest::Url;

/// Reads them from the command line.
///
/// # Errors
///
/// In words, where one of them is no URL of a page that could be fetched.
pub fn urls(arguments: impl IntoIterator<Item = OsString>) -> Result<Vec<Url>, String> {
    arguments.into_iter().map(url).collect()
}

fn url(argument: OsString) -> Result<Url, String> {
    let text = argument.into_string().map_err(|bytes| format!("{bytes:?} is no text"))?;
    if text.starts_with('-') {
        return Err(format!("`{text}`: there are no options, only URLs to begin at"));
    }
    let url = Url::parse(&text).map_err(|error| format!("`{text}` is no URL: {error}"))?;
    match url.scheme() {
        "http" => Ok(url),
        "https" if cfg!(feature = "https") => Ok(url),
        "https" => Err(format!("`{text}`: https needs a build with `--features https`")),
        scheme => Err(format!("`{text}`: {scheme} is not http")),
    }
}
