//! The page and the JSON as a browser and a parser see them.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fixture;

use analysis::render::html::page;
use analysis::{Report, Results};

const VOID: [&str; 12] =
    ["!doctype", "meta", "br", "hr", "img", "link", "input", "area", "base", "col", "wbr", "source"];

fn report() -> Report {
    let directory = tempfile::tempdir().unwrap();
    let layout = fixture::write_sweep(directory.path());
    Report::new(&Results::from_sweep(&layout).unwrap(), &fixture::analysis()).unwrap()
}

/// The tags of a page in order: name, whether it closes, whether it closes itself.
fn tags(page: &str) -> Vec<(String, bool, bool)> {
    let without = |page: &str, name: &str| {
        let (head, rest) = page.split_once(&format!("<{name}>")).unwrap();
        let (_, tail) = rest.split_once(&format!("</{name}>")).unwrap();
        format!("{head}{tail}")
    };
    let without_style = without(&without(page, "style"), "script");
    let mut tags = Vec::new();
    for piece in without_style.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("every tag ends");
        assert!(!text.contains('>'), "a bare > after <{tag}>");
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(|character| !character.is_whitespace() && *character != '/')
            .collect();
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes of <{tag}>");
        tags.push((name, tag.starts_with('/'), tag.ends_with('/')));
    }
    tags
}

#[test]
fn tags_are_balanced() {
    let mut open: Vec<String> = Vec::new();
    for (name, closes, itself) in tags(&page(&report()).unwrap()) {
        if closes {
            assert_eq!(open.pop().as_deref(), Some(name.as_str()));
        } else if !itself && !VOID.contains(&name.as_str()) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn ids_are_unique_and_every_reference_has_one() {
    let page = page(&report()).unwrap();
    let values = |attribute: &str| -> Vec<String> {
        let mark = format!(" {attribute}=\"");
        page.split(mark.as_str()).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let ids = values("id");
    let unique: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
    for reference in values("aria-labelledby").iter().flat_map(|names| names.split(' ')) {
        assert!(unique.contains(&reference.to_owned()), "{reference}");
    }
    for link in values("href").iter().filter_map(|link| link.strip_prefix('#')) {
        assert!(unique.contains(&link.to_owned()), "{link}");
    }
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = page(&report()).unwrap();
    for word in ["http:", "https:", "src=", "@import", "url(h", "<link"] {
        assert!(!page.contains(word), "{word}");
    }
    // One script, our own, for sorting; and the page tells the browser to load nothing.
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains("default-src 'none'"));
    assert!(page.len() < 1_000_000);
}

#[test]
fn tables_have_captions_and_scopes_and_drawings_have_words() {
    let page = page(&report()).unwrap();
    assert_eq!(page.matches("<table").count(), page.matches("<caption").count());
    assert_eq!(page.matches("<th ").count(), page.matches("scope=").count());
    assert_eq!(page.matches("<svg ").count(), page.matches("<desc ").count());
}

#[test]
fn names_of_levels_cannot_become_markup() {
    let text = "activation,seed,acc\n<script>alert(1)</script>,1,0.5\n<script>alert(1)</script>,2,0.6\ngelu,1,0.4\ngelu,2,0.7\n";
    let options = fixture::table_options(&["activation"], &["acc"]);
    let results = Results::from_reader(text.as_bytes(), "t.csv".as_ref(), &options).unwrap();
    let mut plan = fixture::analysis();
    "acc".clone_into(&mut plan.primary);
    plan.directions.insert("acc".to_owned(), spec::metric::Direction::Higher);
    let page = page(&Report::new(&results, &plan).unwrap()).unwrap();
    assert!(!page.contains("<script>alert"));
    assert!(page.contains("&lt;script&gt;"));
}

#[test]
fn the_json_names_its_schema_and_holds_the_numbers_of_the_page() {
    let report = report();
    let json: serde_json::Value = serde_json::from_slice(&report.json()).unwrap();
    assert_eq!(json["schema"], 2);
    assert_eq!(json["runs"].as_array().unwrap().len(), 54);
    let arm = &json["metrics"][0]["contrasts"][0]["strata"][0]["arms"][0];
    assert_eq!(arm["level"], "relu");
    let difference = arm["comparison"]["estimate"]["difference"].as_f64().unwrap();
    let shown = analysis::number::signed(difference, report.metrics[0].decimals);
    assert!(page(&report).unwrap().contains(&format!("<td>{shown}</td>")));
}
