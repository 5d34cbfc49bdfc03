//! Array files: the runs of one submission, a line each, resolved to the last setting; or the elements of an
//! evaluation.
//!
//! A line's number, from 0, is the index by which a supervisor finds its run. A file is complete before anything is
//! submitted and never changes.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

use serde::Serialize;
use spec::RunSpec;

use crate::evaluation::Element;
use crate::files::{FileError, create_new};

/// Writes the array file of a new submission, a line for each run or element; false when a file of that name is there
/// already.
///
/// # Errors
/// When it cannot be written.
pub fn write<T: Serialize>(path: &Path, lines: impl IntoIterator<Item = T>) -> Result<bool, FileError> {
    let mut content = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut content, &line).expect("invariant: a line has text keys and finite numbers");
        content.push(b'\n');
    }
    create_new(path, &content)
}

/// Up to `count` runs from line `first` on, from 0, checked as by [`read`]; at least one.
///
/// # Errors
/// When the file cannot be read, has no line `first`, or one of the lines is damaged.
pub fn read_some(path: &Path, first: u64, count: u32) -> Result<Vec<RunSpec>, FileError> {
    let place = usize::try_from(first).unwrap_or(usize::MAX);
    let file = File::open(path).map_err(|error| FileError::read(path, error))?;
    let lines = BufReader::new(file).lines().skip(place).take(count as usize);
    let runs: Vec<RunSpec> = lines
        .enumerate()
        .map(|(offset, line)| parse(path, place.saturating_add(offset), line))
        .collect::<Result<_, _>>()?;
    if runs.is_empty() { Err(damaged(path, place, "there is no such line".to_owned())) } else { Ok(runs) }
}

/// The run at line `index`, from 0, checked: its schema is known and its id is that of its content.
///
/// # Errors
/// When the file cannot be read, has no such line, or the line is damaged.
pub fn read(path: &Path, index: u64) -> Result<RunSpec, FileError> {
    Ok(read_some(path, index, 1)?.remove(0))
}

/// The element at line `index`, from 0.
///
/// # Errors
/// When the file cannot be read, has no such line, or the line is damaged.
pub fn read_element(path: &Path, index: u64) -> Result<Element, FileError> {
    let place = usize::try_from(index).unwrap_or(usize::MAX);
    let file = File::open(path).map_err(|error| FileError::read(path, error))?;
    match BufReader::new(file).lines().nth(place) {
        Some(line) => parse_element(path, place, line),
        None => Err(damaged(path, place, "there is no such line".to_owned())),
    }
}

/// All elements, by line.
///
/// # Errors
/// When the file cannot be read, or a line is damaged.
pub fn read_elements(path: &Path) -> Result<Vec<Element>, FileError> {
    let file = File::open(path).map_err(|error| FileError::read(path, error))?;
    BufReader::new(file).lines().enumerate().map(|(place, line)| parse_element(path, place, line)).collect()
}

fn parse_element(path: &Path, place: usize, line: io::Result<String>) -> Result<Element, FileError> {
    let line = line.map_err(|error| FileError::read(path, error))?;
    serde_json::from_str(&line).map_err(|error| damaged(path, place, error.to_string()))
}

fn parse(path: &Path, place: usize, line: io::Result<String>) -> Result<RunSpec, FileError> {
    let line = line.map_err(|error| FileError::read(path, error))?;
    let run: RunSpec = serde_json::from_str(&line).map_err(|error| damaged(path, place, error.to_string()))?;
    run.verify().map_err(|error| damaged(path, place, error.to_string()))?;
    Ok(run)
}

fn damaged(path: &Path, place: usize, reason: String) -> FileError {
    FileError::Damaged { path: path.to_owned(), line: Some(place.saturating_add(1)), reason }
}
