//! A document of a known shape, or what is wrong with it.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use serde::Deserialize;

use super::http::fetch_users::User;
use super::http::json::{JsonError, Problem, get_json};
use super::support::{drill, patient, site_of};

/// What becomes of this text, which says that it is of this type.
async fn decoded<T>(status: u16, kind: &'static str, text: &'static str) -> Result<T, String>
where
    T: for<'de> Deserialize<'de>,
{
    let status = StatusCode::from_u16(status).unwrap();
    let site = site_of(move || async move { (status, [(CONTENT_TYPE, kind)], text) });
    let url = site.url("/");
    let result = get_json(&patient(), &url, 60).await;
    result.map_err(|error: JsonError| {
        assert_eq!(error.url, url);
        let said = error.to_string();
        said.strip_prefix(&format!("{url}: ")).expect("an error says where").to_owned()
    })
}

/// What is said of a text that is no user.
async fn complaint(text: &'static str) -> String {
    decoded::<User>(200, "application/json", text).await.unwrap_err()
}

#[test]
fn a_document_is_decoded_whatever_its_type_is_called_in() {
    drill(async {
        for kind in ["application/json", "Application/JSON; charset=utf-8", "application/user+json"]
        {
            let user = decoded::<User>(200, kind, r#" {"id": 7, "name": "Ada"} "#).await.unwrap();
            assert_eq!(user, User { id: 7, name: "Ada".to_owned() });
        }
    });
}

#[test]
fn what_is_wrong_with_a_document_is_said_with_its_place() {
    drill(async {
        for (text, complaint_is) in [
            (r#"{"id": 7}"#, "missing field `name` at line 1 column 9, near `{\"id\": 7}`"),
            (
                r#"{"id": 7, "nick": "Ada"}"#,
                "unknown field `nick`, expected `id` or `name` at line 1 column 16",
            ),
            (r#"{"id": "7", "name": "Ada"}"#, "invalid type: string \"7\", expected u64"),
            ("{\"id\": 7,\n\"name\": 1}", "invalid type: integer `1`, expected a string at line 2"),
            (r#"{"id": 7, "name": "Ada"} {}"#, "trailing characters at line 1 column 26"),
            (r#"{"id": 7, "na"#, "EOF while parsing a string at line 1 column 13"),
            ("", "EOF while parsing a value"),
        ] {
            let said = complaint(text).await;
            assert!(said.starts_with(&format!("200 OK, but {complaint_is}")), "{text}: {said}");
        }
    });
}

#[test]
fn the_text_around_a_mistake_is_cut_to_its_surroundings() {
    drill(async {
        let said = complaint(r#"[{"some": "text", "that": "is"}, {"äöü": "long"}, {"and": "on"}]"#);
        assert_eq!(
            said.await,
            "200 OK, but more than 60 bytes",
            "what is too large is not decoded"
        );
        let said = complaint("{\"name\": \"a name of some length\", \"id\": x, \"more\": 1}").await;
        assert!(said.ends_with("near `ome length\", \"id\": x, \"more\": 1}`"), "{said}");
    });
}

#[test]
fn what_does_not_say_that_it_is_json_is_not_decoded() {
    drill(async {
        let said = decoded::<u32>(203, "text/html", "7").await.unwrap_err();
        assert_eq!(said, "203 Non Authoritative Information, but text/html, not JSON");
        let site = site_of(|| async { axum::body::Body::from("7") });
        let error = get_json::<u32>(&patient(), &site.url("/"), 60).await.unwrap_err();
        assert!(matches!(error.problem, Problem::NotJson(StatusCode::OK, None)), "{error}");
    });
}

#[test]
fn a_refusal_in_json_is_a_refusal() {
    drill(async {
        let said = decoded::<User>(404, "application/json", r#"{"id": 7, "name": "Ada"}"#).await;
        assert_eq!(said.unwrap_err(), r#"404 Not Found: {"id": 7, "name": "Ada"}"#);
    });
}
