//! The report as its readers meet it, in a real browser: on screens of three widths and on paper, in both schemes, by
//! keyboard and by ear.

#![expect(clippy::unwrap_used, reason = "everything here is a test")]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::LazyLock;

use e2e::browser::{Browser, Look};
use e2e::programs::expect;

const CHECKS: &str = include_str!("page.js");
const LIGHT: Look = Look { width: 1400, dark: false, print: false };

struct Page {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

/// A report with everything that a table can give: two architectures, eight activations, six seeds, curves, a diverged
/// run, one without a value, a margin, two questions, a name that is long and one that is not ASCII.
static PAGE: LazyLock<Page> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let levels =
        ["relu", "prelu", "silu", "β-swish", "gelu", "learnable-gelu", "an-activation-with-a-long-name", "kan"];
    let mut table = String::from("architecture,activation,seed,step,metric,value\n");
    for run in 0..2 * levels.len() * 6 {
        let (place, arm, seed) = (run / (levels.len() * 6), run / 6 % levels.len(), run % 6);
        for step in [100, 200, 400, 800] {
            let noise = ((run * 7_919 + step * 104_729).wrapping_mul(2_654_435_761) % 1000) as f64 / 1000.0;
            let value = 2.4 + 0.4 * place as f64 + 0.01 * arm as f64 + 0.005 * seed as f64 + 0.02 * noise;
            let value = value + 200.0 / f64::from(u32::try_from(step).unwrap());
            let cell = match (arm, seed, step) {
                (7, 1, 400..) => "NaN".to_owned(),
                (0, 2, _) => continue,
                _ => value.to_string(),
            };
            let architecture = ["gpt-neo", "roberta"][place];
            writeln!(table, "{architecture},{},{seed},{step},validation-loss,{cell}", levels[arm]).unwrap();
        }
    }
    let path = folder.path().join("study.csv");
    std::fs::write(&path, table).unwrap();
    let path = path.to_str().unwrap();
    let out = folder.path().join("report");
    let questions =
        ["learnable against static: prelu/relu, β-swish/silu, learnable-gelu/gelu", "KAN against MLP: kan/gelu"];
    expect(
        0,
        &["report", path, "--baseline", "activation=gelu", "--margin", "0.05", "--out", out.to_str().unwrap()]
            .into_iter()
            .chain(questions.iter().flat_map(|question| ["--question", question]))
            .collect::<Vec<_>>(),
    );
    Page { path: out.join("index.html"), _folder: folder }
});

/// The page with everything unfolded and the checks at hand.
fn opened(browser: &mut Browser, look: Look) {
    browser.open(&PAGE.path, look);
    browser.ask("document.querySelectorAll('details').forEach((one) => { one.open = true; }); 0");
    browser.ask(&format!(
        "{CHECKS}; Object.assign(window, {{ paleText, paleMarks, tooWide, badLabels, cutOnPaper, focused }}); 0"
    ));
}

fn none(browser: &mut Browser, check: &str, look: Look) {
    let wrong = browser.list(&format!("{check}()"));
    assert!(wrong.is_empty(), "{check}, {look:?}: {} found\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn it_fits_every_screen_in_both_schemes_and_asks_for_nothing() {
    let mut browser = Browser::start();
    for width in [360, 800, 1400] {
        for dark in [false, true] {
            let look = Look { width, dark, ..LIGHT };
            opened(&mut browser, look);
            assert_eq!(browser.requests().len(), 1, "{:?}", browser.requests());
            assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
            for check in ["tooWide", "badLabels", "paleText", "paleMarks"] {
                none(&mut browser, check, look);
            }
        }
    }
    // The schemes are two, and the checks can fail.
    let paper = "getComputedStyle(document.body).backgroundColor";
    let dark = browser.ask(paper);
    browser.look(LIGHT);
    assert_ne!(browser.ask(paper), dark);
    browser.ask("const head = document.querySelector('h1').style; head.color = '#999'; head.minWidth = '3000px'; 0");
    assert!(!browser.list("paleText()").is_empty());
    assert!(!browser.list("tooWide()").is_empty());
    browser.ask("document.querySelectorAll('svg text').forEach((text) => text.setAttribute('x', 430)); 0");
    assert!(!browser.list("badLabels()").is_empty());
    browser.ask(
        "document.querySelectorAll('.seed, .mean').forEach((mark) => { mark.style = 'fill: #eee; stroke: #eee'; }); 0",
    );
    assert!(!browser.list("paleMarks()").is_empty());
}

#[test]
fn all_of_it_is_reached_by_keyboard() {
    let mut browser = Browser::start();
    opened(&mut browser, LIGHT);
    let wanted = browser.ask("document.querySelectorAll('a[href], button, summary, [tabindex=\"0\"]').length").as_u64();
    let (mut last, mut count) = (0, 0);
    loop {
        browser.press("Tab");
        let found = browser.ask("focused()");
        if found["kind"] == "body" || found["place"].as_u64() <= Some(last) {
            break;
        }
        let element = found["element"].as_str().unwrap().to_owned();
        assert!(count > 0 || element.contains("Skip to the results"), "the first stop is {element}");
        assert!(found["ring"].as_f64() >= Some(2.0), "nothing shows that {element} has the focus");
        assert_eq!(found["inside"], true, "{element} has the focus out of sight");
        last = found["place"].as_u64().unwrap();
        count += 1;
    }
    assert_eq!(Some(count), wanted, "stops of the tabulator and what can be operated");
    // A table by its differences: rising, falling, and as it was.
    let head = "document.querySelectorAll('table.arms')[0].tHead.rows[0].cells[4]";
    let column =
        "Array.from(document.querySelectorAll('table.arms')[0].tBodies[0].rows, (row) => row.cells[4].textContent)";
    let before = browser.list(column);
    let number = |text: &String| text.replace('\u{2212}', "-").parse::<f64>().ok();
    let mut rising: Vec<f64> = before.iter().filter_map(number).collect();
    rising.sort_by(f64::total_cmp);
    browser.ask(&format!("{head}.querySelector('button').focus(); 0"));
    browser.press("Enter");
    assert_eq!(browser.ask(&format!("{head}.getAttribute('aria-sort')")), "ascending");
    assert_eq!(browser.list(column).iter().filter_map(number).collect::<Vec<_>>(), rising);
    browser.press("Enter");
    assert_eq!(browser.ask(&format!("{head}.getAttribute('aria-sort')")), "descending");
    rising.reverse();
    assert_eq!(browser.list(column).iter().filter_map(number).collect::<Vec<_>>(), rising);
    browser.press("Enter");
    assert_eq!(
        (browser.list(column), browser.ask(&format!("{head}.getAttribute('aria-sort')")).is_null()),
        (before, true)
    );
    // What is folded opens and closes.
    browser.ask("document.querySelector('summary').focus(); 0");
    browser.press("Enter");
    assert_eq!(browser.ask("document.querySelector('details').open"), false);
    browser.press("Enter");
    assert_eq!(browser.ask("document.querySelector('details').open"), true);
}

#[test]
fn it_can_be_heard() {
    let mut browser = Browser::start();
    opened(&mut browser, LIGHT);
    let nodes = browser.nodes();
    let of = |role: &str| nodes.iter().filter(|node| node.role == role).collect::<Vec<_>>();
    for landmark in ["banner", "main", "contentinfo", "navigation"] {
        assert_eq!(of(landmark).len(), 1, "{landmark}");
    }
    for role in ["navigation", "region", "button", "link", "table", "image", "heading"] {
        let found = of(role);
        assert!(!found.is_empty(), "there is no {role}");
        for node in found {
            assert!(!node.name.trim().is_empty(), "a {role} without a name: {node:?}");
        }
    }
    assert!(of("image").iter().all(|image| !image.description.is_empty()), "a drawing that nothing describes");
    let levels: Vec<u64> = of("heading").iter().filter_map(|heading| heading.level).collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "a level of headings is left out: {levels:?}");
    let names = browser.list("Array.from(document.querySelectorAll('h1, h2, h3'), (one) => one.textContent.trim())");
    assert!(names.iter().any(|name| name == "learnable against static"), "{names:?}");
    // Every row and column of a table is named, but those of the list of runs, whose rows are nothing but names.
    let unnamed = "Array.from(document.querySelectorAll('table')).filter((table) => table.querySelector('thead th:not([scope])') || \
                   !table.tHead || (!table.matches('.runs') && Array.from(table.tBodies[0].rows).some((row) => \
                   !row.querySelector('th[scope=row]')))).length";
    assert_eq!(browser.ask(unnamed), 0);
    assert_eq!(browser.ask("document.documentElement.lang"), "en");
    // What shows when it is pointed at stands in a table as well.
    let pointed = "Array.from(document.querySelectorAll('svg .seed title'), (one) => one.textContent.split(': ')[1])";
    let cells = browser.list("Array.from(document.querySelectorAll('.sheet td'), (one) => one.textContent)");
    let values = browser.list(pointed);
    assert!(values.len() > 80);
    for value in values {
        assert!(cells.contains(&value), "{value} shows only when it is pointed at");
    }
}

#[test]
fn paper_holds_all_of_it() {
    let mut browser = Browser::start();
    // A4 less the margins that Chromium leaves.
    let paper = Look { width: 718, dark: true, print: true };
    browser.open(&PAGE.path, paper);
    browser.ask(&format!("{CHECKS}; Object.assign(window, {{ paleText, cutOnPaper }}); 0"));
    assert!(browser.ask("document.querySelectorAll('details:not([open])').length").as_u64() > Some(0));
    browser.ask("dispatchEvent(new Event('beforeprint')); 0");
    none(&mut browser, "cutOnPaper", paper);
    none(&mut browser, "paleText", paper);
    assert_eq!(browser.ask("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)");
    assert_eq!(browser.ask("getComputedStyle(document.querySelector('nav')).display"), "none");
    let broken = "Array.from(document.querySelectorAll('figure, tr')).filter((one) => getComputedStyle(one).breakInside !== 'avoid').length";
    assert_eq!(browser.ask(broken), 0);
    browser.ask("dispatchEvent(new Event('afterprint')); 0");
    assert!(browser.ask("document.querySelectorAll('details:not([open])').length").as_u64() > Some(0));
    // JVBERi0 is %PDF-.
    let pdf = browser.pdf();
    assert!(pdf.starts_with("JVBERi0") && pdf.len() > 100_000, "{} characters", pdf.len());
}
