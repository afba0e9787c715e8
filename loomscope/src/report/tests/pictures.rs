//! SVG, HTML, and what all outputs share.

use super::{blocked, failing};
use crate::event::Failure;
use crate::report::width::columns;
use crate::report::{Report, Verdict, text};

fn every_report() -> Vec<Report> {
    vec![
        blocked::lost_wakeup(),
        blocked::lock_order(),
        blocked::cancelled_waiter(),
        blocked::five_threads(),
        blocked::long(),
        failing::check_then_act(),
        failing::stale_publish(),
        failing::livelock(3000),
        failing::repeated_load(),
        failing::leak(),
        failing::task_panic(),
        failing::empty(Failure::NothingToExplore),
    ]
}

#[test]
fn a_table_keeps_to_its_width() {
    for report in every_report() {
        for width in [100, 120, 160] {
            let table = text::render(&report, width, false);
            let rows = table.lines().filter(|line| line.contains('│') || line.contains('─'));
            for row in rows {
                assert!(columns(row) <= width, "{} of {width}:\n{row}", columns(row));
            }
        }
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    for report in every_report() {
        let mut coloured = report.text(true);
        while let Some(start) = coloured.find('\x1b') {
            let end = start + coloured[start..].find('m').expect("every command ends");
            coloured.replace_range(start..=end, "");
        }
        let trim = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        assert_eq!(trim(&coloured), trim(&report.text(false)));
    }
}

#[test]
fn a_long_log_keeps_its_end_and_the_steps_of_the_verdict() {
    let table = blocked::long().text(false);
    let rows = table.lines().filter(|line| line.contains(" │ ")).count();
    assert_eq!(rows, 1 + 61, "the head, the last sixty, and the lock's own:\n{table}");
    assert!(table.contains("   2 │ locks lock "), "{table}");
    assert!(table.contains("⋮ 42 rows are left out"), "{table}");
    assert!(table.contains(" 104 │ waits for other to end │ ┆ "), "{table}");
}

#[test]
fn what_comes_from_the_learner_is_escaped() {
    let report = failing::task_panic();
    for picture in [report.svg(), report.html()] {
        assert!(!picture.contains("<b>out"), "{picture}");
        assert!(picture.contains("&lt;b&gt;out&lt;/b&gt; of &quot;permits&quot; &amp; luck"));
    }
    let report = failing::repeated_load();
    for output in [report.text(false), report.svg(), report.html()] {
        assert!(!output.contains('\x1b'), "{output}");
    }
}

#[test]
fn every_element_is_closed() {
    for report in every_report() {
        well_formed(&report.svg());
        let page = report.html();
        let start = page.find("<header>").expect("a page has a header");
        let body = &page[start..page.find("<script>").expect("a page has a script")];
        well_formed(&body.replace("<br>", ""));
    }
}

/// Matches opening and closing tags; what is escaped has neither `<` nor `>`.
fn well_formed(markup: &str) {
    let mut open = Vec::new();
    let mut rest = markup;
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, after) = tag.split_once('>').expect("a tag ends");
        let name = tag.trim_start_matches('/').split_whitespace().next().expect("a tag has a name");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        rest = after;
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_page_needs_nothing_from_elsewhere() {
    for report in every_report() {
        let page = report.html();
        assert!(page.contains("content=\"default-src 'none';"));
        for reference in [" src=", " href=", "url(", "@import", "http:", "https:"] {
            assert!(!page.contains(reference), "{reference}");
        }
        let svg = report.svg().replace("http://www.w3.org/2000/svg", "");
        assert!(!svg.contains("http") && !svg.contains("url("), "{svg}");
    }
}

#[test]
fn a_hold_bar_lasts_as_long_as_the_hold() {
    let svg = failing::repeated_load().svg();
    assert_eq!(svg.matches("<title>main holds state</title>").count(), 1, "{svg}");
    let svg = blocked::five_threads().svg();
    assert_eq!(svg.matches(" holds items</title>").count(), 5, "{svg}");
    // Two rows of thirty pixels each, side by side, and the readers' to the end.
    let svg = failing::hand_over_hand().svg();
    let bars: Vec<&str> = svg.lines().filter(|line| line.contains(" holds ")).collect();
    let heights = bars.iter().filter(|bar| bar.contains("height=\"60\""));
    assert_eq!(heights.count(), 2, "{bars:?}");
}

#[test]
fn arrows_lead_from_the_wake_to_the_woken_and_from_want_to_have() {
    let svg = blocked::lock_order().svg();
    assert_eq!(svg.matches("class=\"wants\" d=\"M").count(), 2 + 1, "two, and one in the legend");
    let svg = blocked::cancelled_waiter().svg();
    assert_eq!(svg.matches("class=\"hands\" d=\"M").count(), 1 + 1, "one, and one in the legend");
    assert_eq!(svg.matches("class=\"misses\"").count(), 1);
}

#[test]
fn a_page_shows_the_source_of_every_step() {
    let page = blocked::lost_wakeup().html();
    assert!(page.contains(
        "data-line=\"10\">            let _guard = self.cv.wait(guard).unwrap();</span>"
    ));
    assert!(page.contains("data-inside=\"Gate::pass\""));
    assert!(page.contains("<main data-first=\"5\">"), "it begins with the notify that was missed");
    let page = failing::check_then_act().html();
    assert!(page.contains("<main data-first=\"8\">"), "it begins with the panic");
}

#[test]
fn a_leak_names_the_line_that_made_each_object() {
    let report = failing::leak();
    assert_eq!(report.verdict().to_string(), "leak: parent and child are never dropped");
    let Verdict::Leak { objects } = report.verdict() else { panic!("it is a leak") };
    for object in objects {
        assert_eq!(object.class, "Mutex");
        assert!(object.place.starts_with("loomscope/src/report/tests/failing.rs:"), "{object:?}");
    }
}

#[test]
fn a_replay_that_went_another_way_is_said_so() {
    let text = failing::leak().text(false);
    assert!(
        text.contains("found by shuttle in interleaving 1 · seed 7 · the replay went another way")
    );
}

#[test]
fn the_files_have_the_models_name() {
    let dir = std::env::temp_dir().join(format!("loomscope-report-{}", std::process::id()));
    let report = blocked::lost_wakeup();
    let written = report.write_to(&dir).expect("a temporary folder can be written");
    assert_eq!(std::fs::read_to_string(&written.svg).unwrap(), report.svg());
    assert_eq!(std::fs::read_to_string(&written.html).unwrap(), report.html());
    let text = std::fs::read_to_string(&written.text).unwrap();
    assert!(text.contains(&report.text(false)) && text.contains(&report.words()));
    assert_eq!(written.text.file_name().unwrap(), "gate.txt");
    std::fs::remove_dir_all(&dir).unwrap();
}
