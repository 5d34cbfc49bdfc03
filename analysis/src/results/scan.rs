//! The rows of a table: in several parts at once, each in the fastest way that reads it right.

use std::sync::atomic::AtomicBool;

use super::cells::{Cells, Duplicates};
use super::columns::Columns;
use super::source::{Header, Source};
use super::{plain, quoted};
use crate::error::AnalysisError;

/// Parts smaller than this are not worth a thread of their own.
const WORTH_A_THREAD: u64 = 2 << 20;

/// What a reader of rows has to know.
pub(super) struct Rows<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) header: &'a Header,
    pub(super) columns: &'a Columns,
    pub(super) duplicates: Duplicates,
}

/// What a part holds.
pub(super) struct Part {
    pub(super) cells: Cells,
    /// How many line ends it has.
    pub(super) lines: u64,
}

/// Reads all rows of a source into cells.
///
/// A large file is cut at line ends into as many parts as there are `threads`, and the parts are put together in their
/// order, so that neither their number nor their speed changes anything. A table with a quote, where a cell might hold
/// a line end, or with a mistake, which must be told with its line and in the order of the file, is read again, in one
/// and with care.
pub(super) fn scan(rows: &Rows<'_>, threads: usize) -> Result<Cells, AnalysisError> {
    let end = rows.source.length()?;
    let whole = (rows.header.start.min(end), end);
    let worth = (end - whole.0) / WORTH_A_THREAD;
    let parts = rows.source.cut(whole, worth.min(threads as u64).max(1))?;
    match in_parts(rows, &parts) {
        Some(cells) => Ok(cells),
        None => quoted::read(rows, whole, rows.header.lines).map(|part| part.cells).map_err(|error| *error),
    }
}

fn in_parts(rows: &Rows<'_>, parts: &[(u64, u64)]) -> Option<Cells> {
    let given_up = AtomicBool::new(false);
    let found: Vec<Option<Part>> = match parts {
        [one] => vec![plain::read(rows, *one, &given_up)],
        _ => std::thread::scope(|scope| {
            let given_up = &given_up;
            let handles: Vec<_> =
                parts.iter().map(|part| scope.spawn(move || plain::read(rows, *part, given_up))).collect();
            let join = |handle: std::thread::ScopedJoinHandle<'_, _>| {
                handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            handles.into_iter().map(join).collect()
        }),
    };
    let mut found = found.into_iter().collect::<Option<Vec<Part>>>()?.into_iter();
    let first = found.next()?;
    let mut cells = first.cells;
    let mut lines = rows.header.lines;
    cells.shift(lines);
    lines += first.lines;
    for mut part in found {
        part.cells.shift(lines);
        lines += part.lines;
        cells.merge(&part.cells);
    }
    Some(cells)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

    use super::*;
    use crate::results::table::TableOptions;

    /// A table of up to forty rows, with whatever is allowed without quotes, and now and then a mistake or a quote.
    fn table(random: &mut ChaCha8Rng) -> (String, TableOptions) {
        let mut pick = |choices: &[&'static str]| choices[random.next_u32() as usize % choices.len()];
        let end = pick(&["\n", "\r\n"]);
        let (is_wide, mistake) =
            (pick(&["wide", "long"]) == "wide", pick(&["", "", "", "0.5x", "1e400", "\"1\"", "1,2", "\r7"]));
        let mut text = format!(
            "{}{end}",
            if is_wide { "arm,loss,seed,size,step,acc" } else { "size,seed,metric,note,step,value" }
        );
        for row in 0..pick(&["1", "7", "40"]).parse().unwrap() {
            let value = || ["0.5", "-1e-3", " 0.25 ", "NaN", "inf", "", "NA", "1e300", ".5", "+7"];
            let number = if row == 5 && !mistake.is_empty() { mistake } else { pick(&value()) };
            let (arm, seed, step) =
                (pick(&["a", " a", "b", "longer than eight", "ä"]), pick(&["0", "1", "10 "]), pick(&["0", "1", "2.5"]));
            let line = if is_wide {
                format!("{arm},{number},{seed},{},{step},{}", pick(&["1", "2"]), pick(&value()))
            } else {
                format!(
                    "{arm},{seed},{},{},{step},{number}",
                    pick(&["loss", "acc", "loss ", "other"]),
                    pick(&["", "x"])
                )
            };
            text += &(line + end + pick(&["", "", "", end]));
        }
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let mut options =
            TableOptions { factors: names(&["size"]), metrics: names(&["loss", "acc"]), ..TableOptions::default() };
        if is_wide {
            options.factors = names(&["size", "arm"]);
            options.step = Some("step".to_owned());
        }
        options.duplicates = [Duplicates::Refuse, Duplicates::Mean, Duplicates::Last][random.next_u32() as usize % 3];
        if random.next_u32().is_multiple_of(2) {
            text.truncate(text.trim_end().len());
        }
        (text, options)
    }

    #[test]
    fn both_ways_of_reading_find_the_same() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let (mut plain_ones, mut refused) = (0, 0);
        for _ in 0..600 {
            let (text, options) = table(&mut random);
            let source = Source { path: Path::new("a.csv"), number: 0, bytes: Some(text.as_bytes()) };
            let header = Header::read(&source).unwrap();
            let columns = Columns::find(&header.names, &options, source.path).unwrap();
            let rows = Rows { source: &source, header: &header, columns: &columns, duplicates: options.duplicates };
            let whole = (header.start, text.len() as u64);
            let careful = quoted::read(&rows, whole, header.lines).map(|part| part.cells);
            // As many threads as there are lines, most of them with one line.
            for parts in [1, 2, 40] {
                let fast = in_parts(&rows, &source.cut(whole, parts).unwrap());
                match (&careful, fast) {
                    (Ok(careful), Some(fast)) => {
                        assert_eq!(careful.told(), fast.told(), "{text}");
                        plain_ones += 1;
                    }
                    (Err(_), Some(_)) => panic!("a mistake was passed over in\n{text}"),
                    (_, None) => refused += 1,
                }
            }
        }
        assert!(plain_ones > 600 && refused > 300, "{plain_ones} {refused}");
    }
}
