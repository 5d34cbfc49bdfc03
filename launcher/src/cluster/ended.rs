//! Which elements of an evaluation have ended, as was seen once: a task that has said its last word says another one
//! only if somebody requeues it by hand. It is then taken for ended although it goes on: `status` does not count it,
//! and a second task that is handed over finds its claim and leaves the element to it.
//!
//! It is kept beside the array file, so that every later look opens only the records of elements that were still open.
//! It may be lost, or be another person's and not be written: then more records are looked at, and nothing else
//! changes.

use serde::{Deserialize, Serialize};
use slurm::array::ArrayIndices;
use spec::layout::SweepLayout;

use super::submissions::Submission;
use crate::array;
use crate::evaluation::{self, Element};
use crate::files::{FileError, read_optional_record, write_record};
use crate::survey::look_at_all;

/// What was seen of one submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Ended {
    /// [`spec::SCHEMA`] of the writer.
    schema: u32,
    /// How many elements it has.
    elements: u32,
    /// The lines of those that have ended, from 0.
    lines: ArrayIndices,
}

/// The elements of `submission` of which neither the ledger nor a record of their own says how they ended.
///
/// # Errors
/// The array file or the record of an element cannot be read.
pub(super) fn open_elements(layout: &SweepLayout, submission: &Submission) -> Result<Vec<Element>, FileError> {
    let name = submission.name.as_str();
    // What cannot be read was not seen.
    let seen = read_optional_record::<Ended>(&layout.ended(name)).ok().flatten();
    if seen.as_ref().is_some_and(|seen| seen.lines.len() == seen.elements as usize) {
        return Ok(Vec::new());
    }
    let seen = seen.map(|seen| seen.lines).unwrap_or_default();
    let ids = submission.runs(layout)?;
    let has_ended = |line: u32| seen.contains(line) || submission.observed.contains_key(&ids[line as usize]);
    let lines = 0..ids.len() as u32;
    if lines.clone().all(has_ended) {
        return Ok(Vec::new());
    }
    let all = array::read_elements(&layout.array(name))?;
    let open: Vec<(u32, Element)> = lines.zip(all).filter(|(line, _)| !has_ended(*line)).collect();
    let words = look_at_all(&open, |(_, element)| {
        let record = evaluation::record_of(layout, element)?;
        Ok::<_, FileError>(record.is_some_and(|record| record.is_last_word_of(name)))
    })?;
    let (ended, open): (Vec<_>, Vec<_>) = open.into_iter().zip(words).partition(|(_, is_last)| *is_last);
    if !ended.is_empty() {
        let lines = seen.iter().chain(ended.into_iter().map(|((line, _), _)| line));
        if let Ok(lines) = ArrayIndices::collect(lines) {
            let seen = Ended { schema: spec::SCHEMA, elements: ids.len() as u32, lines };
            // Who may only read the sweep sees the same, and looks again.
            let _ = write_record(&layout.ended(name), &seen);
        }
    }
    Ok(open.into_iter().map(|((_, element), _)| element).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use spec::RunId;
    use spec::benchmark::Benchmark;
    use spec::fine_tuning::TuningProtocol;

    use super::*;
    use crate::cluster::submissions::tests::evaluation;
    use crate::evaluation::{ElementRecord, End, Measure, Tuning};
    use crate::files::create_directory;

    fn element(run: &[u8]) -> Element {
        let measure = Measure::Pairs(Benchmark::Blimp);
        Element::new(RunId::of(run), measure, TuningProtocol::Superglue, &Tuning::default(), None)
    }

    /// The element says its last word, as the task of a submission.
    fn ends(layout: &SweepLayout, element: &Element, end: End, submission: &str) {
        let path = layout.run(element.run).element(&element.folder());
        create_directory(path.parent().unwrap()).unwrap();
        let record = ElementRecord {
            schema: spec::SCHEMA,
            element: element.clone(),
            end,
            reason: None,
            results: None,
            submission: Some(submission.to_owned()),
            task: None,
            host: "h".to_owned(),
            ended: "2026-01-01T00:00:00Z".to_owned(),
            seconds: 1.0,
        };
        write_record(&path, &record).unwrap();
    }

    #[test]
    fn what_has_ended_is_looked_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let layout = SweepLayout::new(folder.path());
        create_directory(&layout.arrays()).unwrap();
        let elements: Vec<Element> = [b"a", b"b", b"c"].map(|run| element(run)).to_vec();
        array::write(&layout.array("a-1"), &elements).unwrap();
        let open = || open_elements(&layout, &evaluation("a-1")).unwrap();
        assert_eq!(open(), elements);
        ends(&layout, &elements[0], End::Measured, "a-1");
        // One that was stopped comes back, and what another submission says is not this one's word.
        ends(&layout, &elements[1], End::Stopped, "a-1");
        ends(&layout, &elements[2], End::Measured, "b-2");
        assert_eq!(open(), elements[1..]);
        // A record that is gone, or tells of a later measurement by now, is not asked again.
        fs::remove_file(layout.run(elements[0].run).element("blimp")).unwrap();
        assert_eq!(open(), elements[1..]);
        for element in &elements[1..] {
            ends(&layout, element, End::Failed, "a-1");
        }
        assert_eq!(open(), []);
        // Now not even the array file is read.
        fs::remove_file(layout.array("a-1")).unwrap();
        assert_eq!(open(), []);
    }

    #[test]
    fn a_damaged_note_costs_a_look_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let layout = SweepLayout::new(folder.path());
        create_directory(&layout.arrays()).unwrap();
        let elements = [element(b"a"), element(b"b")];
        array::write(&layout.array("a-1"), &elements).unwrap();
        ends(&layout, &elements[0], End::Measured, "a-1");
        fs::write(layout.ended("a-1"), "{").unwrap();
        assert_eq!(open_elements(&layout, &evaluation("a-1")).unwrap(), elements[1..]);
    }
}
