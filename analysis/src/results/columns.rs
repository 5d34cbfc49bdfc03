//! Which column of a table plays which part.

use std::path::Path;

use csv::StringRecord;

use super::table::TableOptions;
use crate::error::AnalysisError;
use crate::nearest::suggestion;

/// Where the values stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Values {
    /// A column a metric: name and index.
    Wide(Vec<(String, usize)>),
    /// A column with the metric's name and one with its value; only these metrics, or all of them when empty.
    Long {
        /// Index of the column `metric`.
        metric: usize,
        /// Index of the column `value`.
        value: usize,
        /// The metrics that were asked for.
        wanted: Vec<String>,
    },
}

/// The parts of all columns that matter; the others are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) factors: Vec<(String, usize)>,
    pub(super) seed: usize,
    pub(super) values: Values,
}

const METRIC: &str = "metric";
const VALUE: &str = "value";
/// Columns that Seedbed's own long tables have besides; never taken for a factor.
const COUNTS: [&str; 1] = ["n"];

impl Columns {
    pub(super) fn find(header: &StringRecord, options: &TableOptions, path: &Path) -> Result<Self, AnalysisError> {
        let header = Header { names: header.iter().collect(), path };
        header.refuse_twins()?;
        let seed = header.index(&options.seed)?;
        let long = header.names.contains(&METRIC) && header.names.contains(&VALUE);
        let values = if long && options.metrics.iter().all(|metric| !header.names.contains(&metric.as_str())) {
            Values::Long { metric: header.index(METRIC)?, value: header.index(VALUE)?, wanted: options.metrics.clone() }
        } else {
            Values::Wide(header.indices(&options.metrics)?)
        };
        let mut factors = header.indices(&options.factors)?;
        if let (Values::Long { metric, value, .. }, true) = (&values, factors.is_empty()) {
            let taken = [seed, *metric, *value];
            let others = header.names.iter().enumerate();
            factors = others
                .filter(|(index, name)| !taken.contains(index) && !COUNTS.contains(name))
                .map(|(index, name)| ((*name).to_owned(), index))
                .collect();
        }
        let columns = Self { factors, seed, values };
        columns.refuse_gaps(&header)?;
        columns.refuse_two_parts(&header)?;
        Ok(columns)
    }

    fn refuse_gaps(&self, header: &Header<'_>) -> Result<(), AnalysisError> {
        let listed = header.names.join("`, `");
        let reason = if matches!(&self.values, Values::Wide(metrics) if metrics.is_empty()) {
            format!("say which columns are metrics (or give columns `metric` and `value`); there is `{listed}`")
        } else if self.factors.is_empty() {
            format!("say which columns are factors; there is `{listed}`")
        } else {
            return Ok(());
        };
        Err(AnalysisError::Undeclared { path: header.path.to_owned(), reason })
    }

    fn refuse_two_parts(&self, header: &Header<'_>) -> Result<(), AnalysisError> {
        let mut taken: Vec<usize> = self.factors.iter().map(|(_, index)| *index).collect();
        taken.push(self.seed);
        match &self.values {
            Values::Wide(metrics) => taken.extend(metrics.iter().map(|(_, index)| *index)),
            Values::Long { metric, value, .. } => taken.extend([*metric, *value]),
        }
        taken.sort_unstable();
        match taken.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(header.ambiguous(pair[0], "was given two parts: factor, seed or metric")),
            None => Ok(()),
        }
    }
}

struct Header<'a> {
    names: Vec<&'a str>,
    path: &'a Path,
}

impl Header<'_> {
    fn index(&self, name: &str) -> Result<usize, AnalysisError> {
        let found = self.names.iter().position(|column| *column == name);
        found.ok_or_else(|| AnalysisError::NoColumn {
            path: self.path.to_owned(),
            column: name.to_owned(),
            suggestion: suggestion(name, self.names.iter().copied()),
        })
    }

    fn indices(&self, names: &[String]) -> Result<Vec<(String, usize)>, AnalysisError> {
        names.iter().map(|name| Ok((name.clone(), self.index(name)?))).collect()
    }

    fn ambiguous(&self, index: usize, reason: &'static str) -> AnalysisError {
        AnalysisError::AmbiguousColumn { path: self.path.to_owned(), column: self.names[index].to_owned(), reason }
    }

    fn refuse_twins(&self) -> Result<(), AnalysisError> {
        let mut sorted: Vec<(&str, usize)> =
            self.names.iter().enumerate().map(|(index, name)| (*name, index)).collect();
        sorted.sort_unstable();
        match sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(self.ambiguous(pair[1].1, "stands in the header twice")),
            None => Ok(()),
        }
    }
}
