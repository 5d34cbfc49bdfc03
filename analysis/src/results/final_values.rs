//! `results.csv`: what a run must leave behind to count as done. Whoever judges a run and whoever reports on it read it
//! here.

use std::collections::{BTreeMap, BTreeSet};

use super::exact_sum::ExactSum;

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

/// The metrics and their values, in the order of the file, whose content this is. Spaces around cells are no part of
/// them.
///
/// A metric that was measured with several fine-tuning seeds (column `fine-tuning-seed`) is their mean: what is
/// independent is the run, by its own seed, and a run has one value. The mean does not depend on the order of the rows.
///
/// # Errors
/// [`FinalValuesError`].
pub fn final_values(content: &[u8]) -> Result<Vec<(String, f64)>, FinalValuesError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(content);
    let headers = reader.headers()?.clone();
    let column = |name| headers.iter().position(|header| header == name).ok_or(FinalValuesError::Column(name));
    let (metric_column, value_column) = (column("metric")?, column("value")?);
    let seed_column = column("fine-tuning-seed").ok();
    let (mut metrics, mut seen) = (Vec::new(), BTreeSet::new());
    let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let metric = record.get(metric_column).unwrap_or_default().to_owned();
        let text = record.get(value_column).unwrap_or_default();
        // NaN and infinity are numbers here: the report lists them instead of computing with them.
        let Ok(value) = text.parse() else {
            return Err(FinalValuesError::Value { line, metric, value: text.to_owned() });
        };
        let seed = seed_column.and_then(|column| record.get(column)).unwrap_or_default().to_owned();
        let of_metric = values.entry(metric.clone()).or_default();
        // A value without a fine-tuning seed is the metric's only one.
        let is_alone = of_metric.is_empty() || !seed.is_empty() && !seen.contains(&(metric.clone(), String::new()));
        if !is_alone || !seen.insert((metric.clone(), seed)) {
            return Err(FinalValuesError::Twice { line, metric });
        }
        if of_metric.is_empty() {
            metrics.push(metric);
        }
        of_metric.push(value);
    }
    if metrics.is_empty() {
        return Err(FinalValuesError::Empty);
    }
    let of_metric = |metric: String| {
        let mean = mean(&values[&metric]);
        (metric, mean)
    };
    Ok(metrics.into_iter().map(of_metric).collect())
}

/// The mean in any order; one value stays as it is, to the last bit, and what is not finite stays that.
fn mean(values: &[f64]) -> f64 {
    if let [only] = values {
        return *only;
    }
    let mut sum = ExactSum::new();
    for value in values {
        if !value.is_finite() {
            return values.iter().sum();
        }
        sum.add(*value);
    }
    sum.mean().unwrap_or(f64::NAN)
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
    fn fine_tuning_seeds_are_averaged_within_a_run() {
        let table = b"metric,value,fine-tuning-seed\nrte,0.5,0\nloss,3,\nrte,0.75,1\nrte,1,2\n";
        assert_eq!(final_values(table).unwrap(), [("rte".to_owned(), 0.75), ("loss".to_owned(), 3.0)]);
        for twice in ["rte,1,0\nrte,1,0", "rte,1,\nrte,1,0", "rte,1,0\nrte,1,"] {
            let error = final_values(format!("metric,value,fine-tuning-seed\n{twice}\n").as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), "line 3 of results.csv: `rte` has a value already");
        }
    }

    #[test]
    fn the_order_of_fine_tuning_seeds_changes_no_bit() {
        // Python: math.fsum([.1, .2, .3]) / 3; added from left to right it is 0.20000000000000004.
        for rows in ["0.1,0\nrte,0.2,1\nrte,0.3,2", "0.3,2\nrte,0.2,1\nrte,0.1,0", "0.2,1\nrte,0.1,0\nrte,0.3,2"] {
            let table = format!("metric,value,fine-tuning-seed\nrte,{rows}\n");
            let mean = final_values(table.as_bytes()).unwrap()[0].1;
            assert_eq!(mean.to_bits(), 0.199_999_999_999_999_98_f64.to_bits(), "{rows}: {mean:?}");
        }
        let endless = final_values(b"metric,value,fine-tuning-seed\nrte,inf,0\nrte,1,1\n").unwrap();
        assert!(endless[0].1.is_infinite() && endless[0].1 > 0.0);
        assert!(final_values(b"metric,value,fine-tuning-seed\nrte,inf,0\nrte,-inf,1\n").unwrap()[0].1.is_nan());
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
