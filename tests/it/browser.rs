//! The report in a real browser: it loads nothing from outside and renders at the widths of a phone, a tablet and a
//! desk.

use std::fs;
use std::process::Command;

use e2e::programs::expect;
use e2e::study::{Study, TINY};

const HEAD: &str = "[sweep]\nname = \"page\"\nseeds = 3\n\n[factors]\nactivation = [\"gelu\", \"relu\"]\n";

/// The page's document after the browser has laid it out.
fn rendered(page: &std::path::Path, width: u32, screenshot: &std::path::Path) -> String {
    let profile = tempfile::tempdir().expect("a temporary folder can be made");
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--window-size={width},1400"))
        .arg(format!("--screenshot={}", screenshot.display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("chromium is installed by `cargo verify`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_page_renders_at_three_widths_with_its_plots() {
    let study = Study::new(HEAD, &TINY.replace("steps = 30", "steps = 20"));
    expect(0, &["run", &study.sweep(), "--slots", "2"]);
    expect(0, &["report", &study.sweep()]);
    let page = study.layout("page").report().join("index.html");
    let source = fs::read_to_string(&page).unwrap();
    for outside in ["http://", "https://"] {
        let loads = source.match_indices(outside).filter(|(place, _)| {
            let before = &source[..*place];
            ["src=\"", "url(", "<link href=\""].iter().any(|loading| before.ends_with(loading))
        });
        assert_eq!(loads.count(), 0, "the page loads something from {outside}");
    }
    for width in [360, 800, 1400] {
        let screenshot = study.path(&format!("page-{width}.png"));
        let document = rendered(&page, width, &screenshot);
        assert!(fs::metadata(&screenshot).is_ok_and(|picture| picture.len() > 10_000), "nothing is drawn at {width}");
        assert!(document.matches("<svg").count() >= 3, "plots are missing at {width}");
        assert!(document.contains("<table"), "tables are missing at {width}");
    }
}
