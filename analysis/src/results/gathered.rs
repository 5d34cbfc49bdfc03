//! All that the tables hold together, as [`Results`], or what in it contradicts itself.

use std::collections::{BTreeMap, BTreeSet};

use spec::metric;

use super::cells::{Cell, Cells};
use super::columns::{Columns, Values};
use super::design::{Factor, Point, Seed, natural_order};
use super::intern::Line;
use super::observation::{Observation, is_usable};
use super::outcome::Outcome;
use super::source::Source;
use super::{Origin, Results};
use crate::error::{AnalysisError, Place};
use crate::nearest::suggestion;

/// What all files hold together.
pub(super) struct Gathered<'a> {
    sources: &'a [Source<'a>],
    columns: Columns,
    cells: Cells,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(sources: &'a [Source<'a>], columns: Columns, cells: Cells) -> Self {
        Self { sources, columns, cells }
    }

    /// Takes over what a further table holds.
    pub(super) fn add(&mut self, source: &Source<'_>, columns: &Columns, cells: &Cells) -> Result<(), AnalysisError> {
        let names =
            |columns: &Columns| -> Vec<String> { columns.factors.iter().map(|(name, _)| name.clone()).collect() };
        let (found, expected) = (names(columns), names(&self.columns));
        if found != expected {
            return Err(AnalysisError::OtherFactors {
                path: source.path.to_owned(),
                found: found.join(", "),
                first: self.sources[0].path.to_owned(),
                expected: expected.join(", "),
            });
        }
        self.cells.merge(cells);
        Ok(())
    }

    fn place(&self, (file, line): Line, column: Option<&str>) -> Place {
        self.sources[file as usize].place(line, column)
    }

    /// `line 3`, or the file too where it is another one.
    fn earlier(&self, (file, line): Line, later: Line) -> String {
        if file == later.0 { format!("line {line}") } else { self.place((file, line), None).to_string() }
    }

    pub(super) fn finish(self) -> Result<Results, AnalysisError> {
        let (seed_column, metric_column) = (self.columns.factors.len(), self.cells.width());
        let is_wide = matches!(self.columns.values, Values::Wide(_));
        if self.cells.runs.is_empty() && (is_wide || self.cells.names[metric_column].texts.is_empty()) {
            return Err(AnalysisError::Empty { path: self.sources[0].path.to_owned(), missing: "rows" });
        }
        let seeds = self.seeds(seed_column)?;
        for column in 0..seed_column {
            self.unless_spelt_twice(column)?;
        }
        let twins = self.cells.values.iter().filter_map(|cell| Some((cell.twin?, cell)));
        if let Some((twin, cell)) = twins.min_by_key(|(twin, _)| *twin) {
            return Err(self.duplicate(cell, twin));
        }
        let metrics = self.metrics(metric_column)?;
        let (factors, places) = self.factors();
        let point = |run: &[u32]| {
            let levels = run[..seed_column].iter().enumerate().map(|(factor, id)| places[factor][*id as usize]);
            (Point::new(levels.collect()), seeds[run[seed_column] as usize].clone())
        };
        let points: Vec<(Point, Seed)> = self.cells.runs.chunks_exact(metric_column).map(point).collect();
        let (observations, outcomes) = self.observations(&points, metric_column);
        let runs = points.into_iter().zip(outcomes).map(|((point, seed), outcome)| outcome.account(point, seed));
        let results = Results {
            origin: Origin::Table { name: title(self.sources) },
            runs: runs.collect(),
            observations,
            factors,
            metrics,
            unusable: Vec::new(),
            curves: Vec::new(),
            extra_directories: Vec::new(),
            missing: Vec::new(),
            makings: Vec::new(),
            mixed_tunings: Vec::new(),
            repeated: self.cells.repeated(),
        };
        Ok(results.in_order())
    }

    /// The last values of the runs that reach the highest step of their metric, and what became of every run.
    fn observations(&self, points: &[(Point, Seed)], metric_column: usize) -> (Vec<Observation>, Vec<Outcome>) {
        let mut outcomes = vec![Outcome::default(); points.len()];
        let mut observations = Vec::with_capacity(self.cells.values.len());
        let (last, names) = (self.last_steps(), &self.cells.names[metric_column].texts);
        for cell in &self.cells.values {
            let (run, metric, value) = (cell.run as usize, cell.metric as usize, cell.value());
            if is_usable(value) && cell.step < last[metric] {
                outcomes[run].stopped(&names[metric], cell.step, last[metric]);
                continue;
            }
            outcomes[run].ended(value);
            let (point, seed) = points[run].clone();
            observations.push(Observation { metric: names[metric].clone(), point, seed, value });
        }
        (observations, outcomes)
    }

    /// The highest step of every metric over all runs; 0 where there are no steps.
    fn last_steps(&self) -> Vec<f64> {
        let mut last = vec![0.0; self.cells.names[self.cells.width()].texts.len()];
        for cell in &self.cells.values {
            let highest: &mut f64 = &mut last[cell.metric as usize];
            *highest = highest.max(cell.step);
        }
        last
    }

    /// The seed of every spelling, each of which must be the only one of its seed.
    fn seeds(&self, column: usize) -> Result<Vec<Seed>, AnalysisError> {
        let names = &self.cells.names[column];
        if let Some([earlier, later]) = self.twin(column, |text| Some(Seed::from_text(text))) {
            let line = names.lines[later];
            return Err(AnalysisError::SeedSpelling {
                place: self.place(line, Some(&self.columns.seed_name)),
                text: names.texts[later].clone(),
                earlier: names.texts[earlier].clone(),
                first: self.earlier(names.lines[earlier], line).into(),
            });
        }
        Ok(names.texts.iter().map(|text| Seed::from_text(text)).collect())
    }

    /// Refuses two levels of a factor that are one number: `0.001` and `1e-3`.
    fn unless_spelt_twice(&self, column: usize) -> Result<(), AnalysisError> {
        let names = &self.cells.names[column];
        // Adding 0 makes -0 the same as 0.
        let number = |text: &str| Some(text.parse::<f64>().ok().filter(|number| number.is_finite())? + 0.0);
        let Some([earlier, later]) = self.twin(column, |text| number(text).map(f64::to_bits)) else { return Ok(()) };
        let line = names.lines[later];
        Err(AnalysisError::LevelSpelling {
            place: self.place(line, Some(&self.columns.factors[column].0)),
            text: names.texts[later].clone(),
            earlier: names.texts[earlier].clone(),
            first: self.earlier(names.lines[earlier], line).into(),
        })
    }

    /// The first two names of a column, in the order of their lines, that mean the same; a name without a meaning is
    /// like no other.
    fn twin<Meaning: Ord>(&self, column: usize, meaning: impl Fn(&str) -> Option<Meaning>) -> Option<[usize; 2]> {
        let names = &self.cells.names[column];
        let mut order: Vec<usize> = (0..names.texts.len()).collect();
        order.sort_by_key(|index| names.lines[*index]);
        let mut known: BTreeMap<Meaning, usize> = BTreeMap::new();
        order.into_iter().find_map(|later| {
            let earlier = known.insert(meaning(&names.texts[later])?, later)?;
            Some([earlier, later])
        })
    }

    fn duplicate(&self, cell: &Cell, twin: Line) -> AnalysisError {
        let width = self.cells.width();
        let run = &self.cells.runs[cell.run as usize * width..][..width];
        let text = |column: usize| &self.cells.names[column].texts[run[column] as usize];
        let levels = self.columns.factors.iter().enumerate();
        let levels: Vec<String> = levels.map(|(column, (name, _))| format!("{name} = {}", text(column))).collect();
        AnalysisError::Duplicate {
            place: self.place(twin, None),
            metric: self.cells.names[width].texts[cell.metric as usize].clone(),
            run: format!("{}, seed {}", levels.join(", "), Seed::from_text(text(width - 1))),
            first: self.earlier(cell.first, twin).into(),
        }
    }

    /// In the order asked for; else those that Seedbed knows first.
    fn metrics(&self, column: usize) -> Result<Vec<String>, AnalysisError> {
        let wanted = match &self.columns.values {
            Values::Wide(metrics) => return Ok(metrics.iter().map(|(name, _)| name.clone()).collect()),
            Values::Long { wanted, .. } => wanted,
        };
        let seen: BTreeSet<&str> = self.cells.names[column].texts.iter().map(String::as_str).collect();
        if let Some(absent) = wanted.iter().find(|name| !seen.contains(name.as_str())) {
            return Err(AnalysisError::Unknown {
                kind: "metric".to_owned(),
                name: absent.clone(),
                suggestion: suggestion(absent, seen.iter().copied()),
            });
        }
        if !wanted.is_empty() {
            return Ok(wanted.clone());
        }
        let mut names: Vec<String> = seen.into_iter().map(str::to_owned).collect();
        names.sort_by(|a, b| (metric::place(a), a).cmp(&(metric::place(b), b)));
        Ok(names)
    }

    /// The factors with those of their levels that a run has, and for every number of a level its place among them.
    fn factors(&self) -> (Vec<Factor>, Vec<Vec<usize>>) {
        let width = self.cells.width();
        let one = |(column, (name, _)): (usize, &(String, usize))| {
            let texts = &self.cells.names[column].texts;
            let mut used = vec![false; texts.len()];
            self.cells.runs.chunks_exact(width).for_each(|run| used[run[column] as usize] = true);
            let mut order: Vec<usize> = (0..texts.len()).filter(|id| used[*id]).collect();
            order.sort_by(|a, b| natural_order(&texts[*a], &texts[*b]));
            let mut places = vec![0; texts.len()];
            order.iter().enumerate().for_each(|(place, id)| places[*id] = place);
            let levels = order.iter().map(|id| texts[*id].clone()).collect();
            (Factor { name: name.clone(), levels }, places)
        };
        self.columns.factors.iter().enumerate().map(one).unzip()
    }
}

/// The file's name; of several, the first and how many more.
fn title(sources: &[Source<'_>]) -> String {
    let first = sources[0].path;
    let name =
        first.file_name().map_or_else(|| first.display().to_string(), |name| name.to_string_lossy().into_owned());
    match sources.len() {
        1 => name,
        many => format!("{name} and {} more", many - 1),
    }
}
