//! All that the tables hold together, as [`Results`], or what in it contradicts itself.

use std::collections::{BTreeMap, BTreeSet};

use spec::metric;

use super::cells::{Cell, Cells};
use super::columns::{Columns, Values};
use super::design::{Factor, Point, Seed, natural_order};
use super::intern::Line;
use super::observation::{LARGEST, Observation, RunAccount, RunState, is_usable};
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
        if let Some((twin, cell)) =
            self.cells.values.iter().filter_map(|cell| Some((cell.twin?, cell))).min_by_key(|(twin, _)| *twin)
        {
            return Err(self.duplicate(cell, twin));
        }
        let metrics = self.metrics(metric_column)?;
        let (factors, places) = self.factors();
        let width = self.cells.width();
        let points: Vec<(Point, &Seed)> = self
            .cells
            .runs
            .chunks_exact(width)
            .map(|run| {
                let levels = run[..seed_column].iter().enumerate().map(|(factor, id)| places[factor][*id as usize]);
                (Point::new(levels.collect()), &seeds[run[seed_column] as usize])
            })
            .collect();
        let mut diverged = vec![false; points.len()];
        let names = &self.cells.names[metric_column].texts;
        let mut observations = Vec::with_capacity(self.cells.values.len());
        for cell in &self.cells.values {
            let (run, value) = (cell.run as usize, cell.value());
            diverged[run] |= !is_usable(value);
            let (point, seed) = (points[run].0.clone(), points[run].1.clone());
            observations.push(Observation { metric: names[cell.metric as usize].clone(), point, seed, value });
        }
        let runs = points.iter().zip(diverged).map(|((point, seed), diverged)| {
            let mut account = RunAccount::missing(None, point.clone(), (*seed).clone());
            account.state = if diverged { RunState::Diverged } else { RunState::Done };
            account.cause = diverged.then(|| format!("a value is not finite or beyond ±{LARGEST:e}"));
            account
        });
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
            mixed_tunings: Vec::new(),
        };
        Ok(results.in_order())
    }

    /// The seed of every spelling, each of which must be the only one of its seed.
    fn seeds(&self, column: usize) -> Result<Vec<Seed>, AnalysisError> {
        let names = &self.cells.names[column];
        let mut order: Vec<usize> = (0..names.texts.len()).collect();
        order.sort_by_key(|index| names.lines[*index]);
        let mut known: BTreeMap<Seed, usize> = BTreeMap::new();
        for index in order {
            let seed = Seed::from_text(&names.texts[index]);
            if let Some(earlier) = known.insert(seed, index) {
                let line = names.lines[index];
                let first = &self.columns.seed_name;
                return Err(AnalysisError::SeedSpelling {
                    place: self.place(line, Some(first)),
                    text: names.texts[index].clone(),
                    earlier: names.texts[earlier].clone(),
                    first: self.earlier(names.lines[earlier], line).into(),
                });
            }
        }
        Ok(names.texts.iter().map(|text| Seed::from_text(text)).collect())
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
