//! Which column of a table plays which part.

use std::collections::BTreeMap;
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
    pub(super) seed_name: String,
    /// Where rows of one run are steps of a curve: the column with the step.
    pub(super) step: Option<usize>,
    pub(super) values: Values,
    /// How many columns there are.
    pub(super) width: usize,
}

const METRIC: &str = "metric";
const VALUE: &str = "value";
/// The column of a long table that holds the step, where nothing else was said.
const STEP: &str = "step";
/// The most columns that a message lists.
const LISTED: usize = 12;
/// Columns that Seedbed's own long tables have besides; never taken for a factor.
const COUNTS: [&str; 1] = ["n"];

impl Columns {
    pub(super) fn find(header: &StringRecord, options: &TableOptions, path: &Path) -> Result<Self, AnalysisError> {
        let header = Header::new(header, path)?;
        let seed = header.index(&options.seed)?;
        let long = header.names.contains(&METRIC) && header.names.contains(&VALUE);
        let values = if long && options.metrics.iter().all(|metric| !header.names.contains(&metric.as_str())) {
            Values::Long { metric: header.index(METRIC)?, value: header.index(VALUE)?, wanted: options.metrics.clone() }
        } else {
            Values::Wide(header.indices(&options.metrics)?)
        };
        let is_usual_step = matches!(values, Values::Long { .. }) && !options.factors.iter().any(|name| name == STEP);
        let step = match &options.step {
            Some(name) => Some(header.index(name)?),
            None => header.places.get(STEP).copied().filter(|_| is_usual_step),
        };
        let mut factors = header.indices(&options.factors)?;
        if let (Values::Long { metric, value, .. }, true) = (&values, factors.is_empty()) {
            let taken = [seed, *metric, *value, step.unwrap_or(seed)];
            let others = header.names.iter().enumerate();
            factors = others
                .filter(|(index, name)| !taken.contains(index) && !COUNTS.contains(name))
                .map(|(index, name)| ((*name).to_owned(), index))
                .collect();
        }
        let seed_name = options.seed.clone();
        let columns = Self { factors, seed, seed_name, step, values, width: header.names.len() };
        columns.refuse_gaps(&header)?;
        columns.refuse_two_parts(&header)?;
        Ok(columns)
    }

    fn refuse_gaps(&self, header: &Header<'_>) -> Result<(), AnalysisError> {
        let many = header.names.len().saturating_sub(LISTED);
        let more = if many > 0 { format!(" and {many} more") } else { String::new() };
        let listed = format!("`{}`{more}", header.names[..header.names.len().min(LISTED)].join("`, `"));
        let reason = if matches!(&self.values, Values::Wide(metrics) if metrics.is_empty()) {
            format!("say which columns are metrics (or give columns `metric` and `value`); there is {listed}")
        } else if self.factors.is_empty() {
            format!("say which columns are factors; there is {listed}")
        } else {
            return Ok(());
        };
        Err(AnalysisError::Undeclared { path: header.path.to_owned(), reason })
    }

    fn refuse_two_parts(&self, header: &Header<'_>) -> Result<(), AnalysisError> {
        let mut taken: Vec<usize> = self.factors.iter().map(|(_, index)| *index).collect();
        taken.push(self.seed);
        taken.extend(self.step);
        match &self.values {
            Values::Wide(metrics) => taken.extend(metrics.iter().map(|(_, index)| *index)),
            Values::Long { metric, value, .. } => taken.extend([*metric, *value]),
        }
        taken.sort_unstable();
        match taken.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(header.ambiguous(pair[0], "was given two parts: factor, seed, step or metric")),
            None => Ok(()),
        }
    }
}

struct Header<'a> {
    names: Vec<&'a str>,
    places: BTreeMap<&'a str, usize>,
    path: &'a Path,
}

impl<'a> Header<'a> {
    fn new(header: &'a StringRecord, path: &'a Path) -> Result<Self, AnalysisError> {
        let names: Vec<&str> = header.iter().collect();
        let mut places = BTreeMap::new();
        for (index, name) in names.iter().enumerate() {
            if places.insert(*name, index).is_some() {
                let (column, reason) = ((*name).to_owned(), "stands in the header twice");
                return Err(AnalysisError::AmbiguousColumn { path: path.to_owned(), column, reason });
            }
        }
        Ok(Self { names, places, path })
    }

    fn index(&self, name: &str) -> Result<usize, AnalysisError> {
        self.places.get(name).copied().ok_or_else(|| AnalysisError::NoColumn {
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
}
