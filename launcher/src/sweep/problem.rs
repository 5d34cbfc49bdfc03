//! What is wrong with a sweep file, or another that a person has written: every problem with its place, gathered before
//! anything is reported.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use spec::ExitCode;

use super::source::{Origin, Position, Source};
use crate::error::CliError;

/// Most problems that are shown; the rest is counted.
const MOST: usize = 20;

/// Why a sweep file does not give a sweep.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The file could not be read.
    #[error("cannot read the sweep file {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file was read and is wrong.
    #[error("{0}")]
    Invalid(Diagnosis),
}

impl SweepError {
    /// The exit code: wrong data where only files that the sweep names are at fault, else a wrong sweep file.
    pub fn exit(&self) -> ExitCode {
        match self {
            Self::Invalid(diagnosis) if diagnosis.problems.iter().all(|problem| problem.is_about_data) => {
                ExitCode::BadData
            }
            _ => ExitCode::BadSpec,
        }
    }
}

impl From<SweepError> for CliError {
    fn from(error: SweepError) -> Self {
        let is_folder = matches!(&error, SweepError::Read { file, .. } if file.is_dir());
        let said = Self::new(error.exit(), error);
        if is_folder { said.hint("name the sweep's TOML file, not a directory") } else { said }
    }
}

/// Everything that is wrong with one file, in the order of the file.
///
/// `Display` separates the problems by lines that begin with `error:`, so that after the terminal's own `error:` each
/// problem stands as an error of its own.
#[derive(Debug)]
pub struct Diagnosis {
    problems: Vec<Problem>,
    untold: usize,
}

impl Diagnosis {
    /// The problems, at most twenty.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The first problem without its excerpt, and how many follow.
    pub fn on_one_line(&self) -> String {
        let first = self.problems.first().map(Problem::on_one_line).unwrap_or_default();
        match self.problems.len() + self.untold {
            0 | 1 => first,
            several => format!("{first} (and {} more)", several - 1),
        }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\nerror: " };
            write!(formatter, "{separator}{problem}")?;
        }
        if self.untold > 0 {
            write!(formatter, "\nerror: and {} more", self.untold)?;
        }
        Ok(())
    }
}

/// One thing that is wrong, or a warning.
#[derive(Debug)]
pub struct Problem {
    /// The file, or the `--set`, as messages name it.
    pub place: String,
    /// The place in the file, where there is one.
    pub position: Option<Position>,
    /// What is wrong and what would be right.
    pub message: String,
    /// The line with carets under what is wrong.
    pub excerpt: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    is_about_data: bool,
    /// Where it stands among the others.
    order: usize,
}

impl Problem {
    /// Where it is, and what is wrong.
    fn on_one_line(&self) -> String {
        let Self { place, message, .. } = self;
        match self.position {
            Some(Position { line, column }) => format!("{place}:{line}:{column}: {message}"),
            None => format!("{place}: {message}"),
        }
    }

    /// Adds what the person could do about it.
    pub(crate) fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says that not the sweep file but a file that it names is at fault.
    pub(super) fn about_data(&mut self) -> &mut Self {
        self.is_about_data = true;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.on_one_line())?;
        if let Some(excerpt) = &self.excerpt {
            write!(formatter, "\n{excerpt}")?;
        }
        match &self.hint {
            Some(hint) => write!(formatter, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Gathers problems while a file is read.
#[derive(Debug)]
pub(crate) struct Problems<'a> {
    file: &'a Path,
    source: &'a Source,
    overrides: &'a [String],
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(crate) fn new(file: &'a Path, source: &'a Source, overrides: &'a [String]) -> Self {
        Self { file, source, overrides, errors: Vec::new(), warnings: Vec::new() }
    }

    /// An error about what stands at `origin`.
    pub(crate) fn error(&mut self, origin: &Origin, message: impl Into<String>) -> &mut Problem {
        let problem = self.at(origin, message.into());
        push(&mut self.errors, problem)
    }

    /// Something that is allowed but looks like a mistake.
    pub(super) fn warn(&mut self, origin: &Origin, message: impl Into<String>) -> &mut Problem {
        let problem = self.at(origin, message.into());
        push(&mut self.warnings, problem)
    }

    /// Whether anything but the files that the sweep names is wrong so far.
    pub(super) fn any_but_data(&self) -> bool {
        self.errors.iter().any(|problem| !problem.is_about_data)
    }

    /// Whether anything is wrong so far.
    pub(super) fn any(&self) -> bool {
        !self.errors.is_empty()
    }

    /// The warnings as text if nothing is wrong, else everything that is wrong in the order of the file.
    pub(super) fn finish(self) -> Result<Vec<String>, SweepError> {
        if let Some(diagnosis) = diagnose(self.errors) {
            return Err(SweepError::Invalid(diagnosis));
        }
        let mut warnings = self.warnings;
        warnings.sort_by_key(|warning| warning.order);
        Ok(warnings.iter().map(Problem::to_string).collect())
    }

    /// Everything that is wrong; `None` if nothing is.
    pub(crate) fn diagnosis(self) -> Option<Diagnosis> {
        diagnose(self.errors)
    }

    fn at(&self, origin: &Origin, message: String) -> Problem {
        match origin {
            Origin::File(span) => Problem {
                position: Some(self.source.position(span.start)),
                excerpt: Some(self.source.excerpt(span)),
                order: span.start,
                ..self.of_file(message)
            },
            Origin::CommandLine(index) => Problem {
                place: format!("--set {}", self.overrides[*index]),
                order: self.source.text().len() + 1 + index,
                ..self.of_file(message)
            },
            Origin::Nowhere => self.of_file(message),
        }
    }

    fn of_file(&self, message: String) -> Problem {
        Problem {
            place: self.file.display().to_string(),
            position: None,
            message,
            excerpt: None,
            hint: None,
            is_about_data: false,
            order: usize::MAX,
        }
    }
}

/// The problems in the order of the file; `None` of none.
fn diagnose(mut problems: Vec<Problem>) -> Option<Diagnosis> {
    problems.sort_by_key(|problem| problem.order);
    let untold = problems.len().saturating_sub(MOST);
    problems.truncate(MOST);
    (!problems.is_empty()).then_some(Diagnosis { problems, untold })
}

fn push(list: &mut Vec<Problem>, problem: Problem) -> &mut Problem {
    list.push(problem);
    let last = list.len() - 1;
    &mut list[last]
}
