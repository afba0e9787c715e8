//! Bad arguments are told in words, and links are found as people write them.

use std::ffi::OsString;

use reqwest::Url;

use super::scrape::arguments::urls;
use super::scrape::content::links;

fn told(argument: &str) -> String {
    urls([OsString::from("http://example.org"), OsString::from(argument)]).unwrap_err()
}

#[test]
fn what_is_no_url_is_told_in_words() {
    assert_eq!(told("example.org"), "`example.org` is no URL: relative URL without a base");
    assert_eq!(told("http://"), "`http://` is no URL: empty host");
    assert_eq!(told("ftp://example.org"), "`ftp://example.org`: ftp is not http");
    assert_eq!(told("--pages"), "`--pages`: there are no options, only URLs to begin at");
}

#[test]
fn https_needs_a_build_that_speaks_it() {
    let https = urls([OsString::from("https://example.org")]);
    match cfg!(feature = "https") {
        true => assert_eq!(https.unwrap().len(), 1),
        false => assert_eq!(
            https.unwrap_err(),
            "`https://example.org`: https needs a build with `--features https`"
        ),
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_text_is_told_in_words() {
    use std::os::unix::ffi::OsStringExt;
    let told = urls([OsString::from_vec(vec![b'h', 0xff])]).unwrap_err();
    assert_eq!(told, r#""h\xFF" is no text"#);
}

#[test]
fn links_are_found_as_people_write_them() {
    let base = Url::parse("http://here.test/dir/page?x=1").unwrap();
    let found = |html: &str| -> Vec<String> {
        links(&base, html).into_iter().map(|url| url.as_str().to_owned()).collect()
    };
    let here = |path: &str| vec![format!("http://here.test{path}")];
    assert_eq!(found("<a href=\"/x\">x</a>"), here("/x"));
    assert_eq!(found("<A\n class='a b' HREF = 'y' hidden>"), here("/dir/y"));
    assert_eq!(found("<a hidden href=../z>"), here("/z"));
    assert_eq!(found("<a href='?a=1&amp;b=2#part'>"), here("/dir/page?a=1&b=2"));
    assert_eq!(found("<a data-href='/no' href='/yes'>"), here("/yes"));
    assert_eq!(found("<a href='//there.test'>"), ["http://there.test/"]);
    assert_eq!(found("<a href='/1'><a href='/2'>").len(), 2);
    let none =
        ["", "<a", "<a href", "<a href=", "<a href='x", "<a>", "<abbr href='/x'>", "a href='/x'"];
    for html in none.into_iter().chain(["<a href='mailto:x@y'>", "<a href='http://'>", "<a href=>"])
    {
        assert_eq!(found(html), [""; 0], "{html}");
    }
}
