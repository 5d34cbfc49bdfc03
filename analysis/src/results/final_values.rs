//! `results.csv`: what a run must leave behind to count as done. Whoever judges a run and whoever reports on it read it here.

use std::collections::BTreeSet;

/// Why a file is not a table of results. A result that is not complete is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FinalValuesError {
    /// It is not CSV.
    #[error("results.csv is not CSV in UTF-8")]
    Csv(#[from] csv::Error),
    /// A column is missing.
    #[error("results.csv has no column `{0}`: its first line must name the columns `metric` and `value`")]
    Column(&'static str),
    /// A value is not a number.
    #[error("line {line} of results.csv: the value of `{metric}` is `{value}`, not a number")]
    Value {
        /// Line, from 1.
        line: u64,
        /// The metric.
        metric: String,
        /// What stands there.
        value: String,
    },
    /// A metric has two values.
    #[error("line {line} of results.csv: `{metric}` has a value already")]
    Twice {
        /// Line, from 1.
        line: u64,
        /// The metric.
        metric: String,
    },
    /// There is no row.
    #[error("results.csv has no rows")]
    Empty,
}

/// The metrics and their values, in the order of the file, whose content this is. Spaces around cells are no part of them.
///
/// # Errors
/// [`FinalValuesError`].
pub fn final_values(content: &[u8]) -> Result<Vec<(String, f64)>, FinalValuesError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(content);
    let headers = reader.headers()?.clone();
    let column = |name| headers.iter().position(|header| header == name).ok_or(FinalValuesError::Column(name));
    let (metric_column, value_column) = (column("metric")?, column("value")?);
    let (mut values, mut seen) = (Vec::new(), BTreeSet::new());
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let metric = record.get(metric_column).unwrap_or_default().to_owned();
        let text = record.get(value_column).unwrap_or_default();
        // NaN and infinity are numbers here: the report lists them instead of computing with them.
        let Ok(value) = text.parse() else {
            return Err(FinalValuesError::Value { line, metric, value: text.to_owned() });
        };
        if !seen.insert(metric.clone()) {
            return Err(FinalValuesError::Twice { line, metric });
        }
        values.push((metric, value));
    }
    if values.is_empty() { Err(FinalValuesError::Empty) } else { Ok(values) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name() {
        let values = final_values(b"n,value, metric\n3,0.5,accuracy\n3, 1e-3 , loss\n").unwrap();
        assert_eq!(values, [("accuracy".to_owned(), 0.5), ("loss".to_owned(), 1e-3)]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let message = |text: &str| final_values(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(message("metric,value\n"), "results.csv has no rows");
        assert!(message("").contains("no column `metric`"));
        assert!(message("metric,mean\nloss,1\n").contains("no column `value`"));
        let expected = "line 2 of results.csv: the value of `loss` is `low`, not a number";
        assert_eq!(message("metric,value\nloss,low\n"), expected);
        assert_eq!(message("metric,value\na,1\na,2\n"), "line 3 of results.csv: `a` has a value already");
        assert_eq!(message("metric,value\na\n"), "results.csv is not CSV in UTF-8");
    }
}
