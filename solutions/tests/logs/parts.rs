//! The parts of the program, one by one.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::channel::mpsc::unbounded;
use futures::{FutureExt, SinkExt, StreamExt};
use solutions::pipeline::{CancelToken, End, Enriched, Level, LogEntry, OnError, Order};
use tokio::io::{AsyncReadExt, duplex};

use super::logs::LogsError;
use super::logs::line::{Line, NoEntry, kind, pairs, parse};
use super::logs::lines::{LONGEST, lines};
use super::logs::process::{Output, Plan, Source, pipeline};
use super::logs::writer::Writer;

fn read(text: &str) -> Vec<Result<LogEntry, String>> {
    let text = io::Cursor::new(text.to_owned().into_bytes());
    let entries = lines("t.log".into(), async { Ok(text) });
    // Nothing here has to be waited for.
    let entries = entries.collect::<Vec<_>>().now_or_never().unwrap();
    entries.into_iter().map(|entry| entry.map_err(|error| error.to_string())).collect()
}

#[test]
fn a_line_is_a_time_a_level_and_a_message() {
    let source: Arc<str> = "t.log".into();
    let entry = parse(&source, "1970-01-01T01:00:02+01:00  warn \t two words \r\n").unwrap();
    assert_eq!(entry.timestamp, SystemTime::UNIX_EPOCH + Duration::from_secs(2));
    assert_eq!((entry.level, entry.message.as_str()), (Level::Warn, "two words"));
    for line in ["", "x", "WARN 1970-01-01T00:00:00Z x"] {
        assert!(matches!(parse(&source, line), Err(NoEntry::Time(_))), "{line:?}");
    }
}

#[test]
fn the_last_line_needs_no_end_and_what_is_no_text_is_read_all_the_same() {
    let entries = read("1970-01-01T00:00:00Z INFO a\n\n1970-01-01T00:00:00Z INFO b");
    let messages: Vec<_> = entries.iter().map(|entry| &entry.as_ref().unwrap().message).collect();
    assert_eq!(messages, ["a", "b"]);
    let bytes = &b"1970-01-01T00:00:00Z INFO \xff"[..];
    let mut entries = lines("t.log".into(), async { Ok(bytes) }).boxed();
    let entry = entries.next().now_or_never().unwrap();
    assert_eq!(entry.unwrap().unwrap().message, "\u{fffd}");
}

#[test]
fn a_line_that_is_too_long_is_one_error_and_the_next_is_read() {
    for over in [0, 1, LONGEST, 3 * LONGEST] {
        let long = "x".repeat(LONGEST + over);
        let entries = read(&format!("{long}\n1970-01-01T00:00:00Z INFO {over}\nno"));
        let told = [0, 2].map(|at| entries[at].as_ref().unwrap_err().as_str());
        assert_eq!(told[0], format!("t.log:1: a line of more than {LONGEST} bytes"));
        assert!(told[1].starts_with("t.log:3: \"no\" is no time"), "{}", told[1]);
        assert_eq!(entries[1].as_ref().unwrap().message, over.to_string());
        assert_eq!(entries.len(), 3);
    }
}

#[test]
fn a_file_that_cannot_be_opened_is_one_error() {
    let opened =
        async { Err::<tokio::io::Empty, _>(io::Error::from(io::ErrorKind::PermissionDenied)) };
    let mut entries = lines("t.log".into(), opened).boxed();
    let error = entries.next().now_or_never().unwrap().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "t.log: permission denied");
    assert!(entries.next().now_or_never().unwrap().is_none());
}

#[test]
fn messages_that_differ_in_their_digits_are_of_one_kind() {
    assert_eq!(kind("report 17 took 230 ms"), kind("report 42 took 999 ms"));
    assert_ne!(kind("report 17 took 230 ms"), kind("report 17 took 23 ms"));
    assert_ne!(kind("disk full"), kind("disk fool"));
}

#[test]
fn pairs_are_found_among_the_words() {
    let pairs = pairs("GET /?a=b ms=12 = key= =value url=http://x?y=z");
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    assert_eq!(pairs, ["/?a: b", "ms: 12", "url: http://x?y=z"]);
}

#[tokio::test]
async fn a_writer_writes_each_line_once_however_little_is_taken_at_a_time() {
    let (to, mut from) = duplex(7);
    let mut text = String::new();
    let write = async {
        let mut writer = Writer::new("pipe", to);
        for number in 0..500 {
            writer.feed(enriched(number)).await.unwrap();
        }
        writer.close().await.unwrap();
    };
    let (_, read) = tokio::join!(write, from.read_to_string(&mut text));
    let expected = (0..500).map(|number| Line(&enriched(number)).to_string() + "\n");
    assert!(read.unwrap() == text.len() && text == expected.collect::<String>());
}

#[tokio::test]
async fn a_writer_that_has_failed_takes_no_more() {
    let (to, from) = duplex(7);
    let mut writer = Writer::new("pipe", to);
    drop(from);
    let error = writer.send(enriched(1)).await.unwrap_err();
    assert!(error.is_hangup() && error.to_string().starts_with("pipe: "), "{error}");
    assert!(writer.feed(enriched(2)).await.unwrap_err().is_hangup());
    // What was said is not said again: no entry is lost by this.
    writer.close().await.unwrap();
}

fn enriched(number: u32) -> Arc<Enriched> {
    let line = format!("1970-01-01T00:00:00Z INFO number {number}");
    let entry = parse(&"t.log".into(), &line).unwrap();
    Arc::new(Enriched { entry, fields: pairs("a=b") })
}

#[tokio::test]
async fn entries_are_enriched_on_their_way_to_memory() {
    let sources = ["a.log", "b.log"].map(|name| -> Source {
        let text = "1970-01-01T00:00:00Z INFO read rows=7\nno\n1970-01-01T00:00:00Z DEBUG x\n";
        lines(name.into(), async { Ok(text.as_bytes()) }).boxed()
    });
    let (memory, written) = unbounded::<Arc<Enriched>>();
    let gone =
        |_| LogsError::Write { sink: "memory".into(), error: io::ErrorKind::BrokenPipe.into() };
    let output: Output = Box::pin(memory.sink_map_err(gone));
    let plan = Plan { level: Level::Info, workers: 2.try_into().unwrap(), order: Order::Free };
    let pipeline = pipeline(plan, sources.into(), vec![output], |_| OnError::Continue);
    let report = pipeline.run(CancelToken::new()).await;
    assert_eq!(report.end, End::Done);
    let totals = &report.totals;
    assert_eq!((totals.generated, totals.filtered, totals.failed), (4, 2, 2));

    let mut written: Vec<_> = written.map(|entry| Line(&entry).to_string()).collect().await;
    written.sort_unstable();
    let kind = kind("read rows=7");
    let expected = ["a.log", "b.log"].map(|name| {
        format!("1970-01-01T00:00:00Z INFO  read rows=7 | from={name} kind={kind:016x}")
    });
    assert_eq!(written, expected);
}
