//! What was read of a table so far: every run, and of every run and metric the value that counts.

use super::exact_sum::ExactSum;
use super::intern::{Line, Names, Tuples};
use super::observation::is_usable;

/// What becomes of several rows that give one metric of one run (at one step, where there are steps).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Duplicates {
    /// They are an error.
    #[default]
    Refuse,
    /// Their mean counts, which does not depend on their order.
    Mean,
    /// The last one counts.
    Last,
}

impl Duplicates {
    /// Names on the command line.
    pub const NAMES: [&'static str; 3] = ["refuse", "mean", "last"];

    /// The policy of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "refuse" => Some(Self::Refuse),
            "mean" => Some(Self::Mean),
            "last" => Some(Self::Last),
            _ => None,
        }
    }
}

/// Rows of a table that gave a metric of a run once more, and were taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeated {
    /// What became of them.
    pub policy: Duplicates,
    /// How many rows there were beside the first ones.
    pub rows: u64,
    /// How many values are made of more than one row.
    pub values: usize,
}

/// One metric of one run.
#[derive(Clone)]
pub(super) struct Cell {
    pub(super) run: u32,
    pub(super) metric: u32,
    /// The highest step so far; 0 where there are none.
    pub(super) step: f64,
    value: f64,
    /// The line of the first row at that step.
    pub(super) first: Line,
    /// The first line after that with the same step, where that is an error.
    pub(super) twin: Option<Line>,
    /// Further rows at that step which were taken in.
    pub(super) further: u32,
    sum: Option<ExactSum>,
}

impl Cell {
    fn add(&mut self, value: f64, step: f64, line: Line, duplicates: Duplicates) {
        if step > self.step {
            let (run, metric) = (self.run, self.metric);
            *self = Self { run, metric, step, value, first: line, twin: None, further: 0, sum: None };
        } else if step >= self.step {
            self.further = self.further.saturating_add(1);
            match duplicates {
                Duplicates::Refuse => self.twin = self.twin.or(Some(line)),
                Duplicates::Last => self.value = value,
                Duplicates::Mean => {
                    let mut sum = self.sum.take().unwrap_or_else(|| summed(self.value));
                    self.value = if is_usable(value) { self.value } else { f64::NAN };
                    if is_usable(value) {
                        sum.add(value);
                    }
                    self.sum = Some(sum);
                }
            }
        }
    }

    fn merge(&mut self, later: &Self, duplicates: Duplicates) {
        if later.step > self.step {
            let (run, metric) = (self.run, self.metric);
            *self = Self { run, metric, ..later.clone() };
        } else if later.step >= self.step {
            self.further = self.further.saturating_add(later.further).saturating_add(1);
            match duplicates {
                Duplicates::Refuse => self.twin = self.twin.or(Some(later.first)),
                Duplicates::Last => self.value = later.value,
                Duplicates::Mean => {
                    let mut sum = self.sum.take().unwrap_or_else(|| summed(self.value));
                    match &later.sum {
                        Some(other) => sum.merge(other),
                        None if is_usable(later.value) => sum.add(later.value),
                        None => {}
                    }
                    self.value = if is_usable(later.value) { self.value } else { f64::NAN };
                    self.sum = Some(sum);
                }
            }
        }
    }

    /// The value that counts: not a number where a row of the mean was none.
    pub(super) fn value(&self) -> f64 {
        match &self.sum {
            Some(sum) if is_usable(self.value) => sum.mean().unwrap_or(f64::NAN),
            _ => self.value,
        }
    }
}

fn summed(value: f64) -> ExactSum {
    let mut sum = ExactSum::new();
    if is_usable(value) {
        sum.add(value);
    }
    sum
}

/// Everything of one part of a table, or of all parts.
pub(super) struct Cells {
    duplicates: Duplicates,
    /// A list a factor, then the seeds, then the metrics.
    pub(super) names: Vec<Names>,
    run_ids: Tuples,
    cell_ids: Tuples,
    /// By the number of a tuple: where the run, or the cell, stands.
    run_places: Vec<u32>,
    cell_places: Vec<u32>,
    /// The levels and the seed of every run, one after another.
    pub(super) runs: Vec<u32>,
    pub(super) values: Vec<Cell>,
}

const NOWHERE: u32 = u32::MAX;

/// The place of `id`, or a new one.
fn place(places: &mut Vec<u32>, id: u32, next: usize) -> (usize, bool) {
    let id = id as usize;
    if places.len() <= id {
        places.resize(id + 1, NOWHERE);
    }
    let known = places[id] != NOWHERE;
    if !known {
        places[id] = next as u32;
    }
    (places[id] as usize, known)
}

impl Cells {
    pub(super) fn new(factors: usize, duplicates: Duplicates) -> Self {
        Self {
            duplicates,
            names: (0..factors + 2).map(|_| Names::default()).collect(),
            run_ids: Tuples::default(),
            cell_ids: Tuples::default(),
            run_places: Vec::new(),
            cell_places: Vec::new(),
            runs: Vec::new(),
            values: Vec::new(),
        }
    }

    /// How many names a run has: its levels and its seed.
    pub(super) fn width(&self) -> usize {
        self.names.len() - 1
    }

    /// The run with these levels and this seed.
    pub(super) fn run(&mut self, ids: &[u32]) -> u32 {
        let next = self.runs.len() / ids.len();
        let (place, known) = place(&mut self.run_places, self.run_ids.id(ids.iter().copied()), next);
        if !known {
            self.runs.extend_from_slice(ids);
        }
        place as u32
    }

    /// A value of a metric of a run. Answers where its cell stands.
    pub(super) fn add(&mut self, run: u32, metric: u32, value: f64, (step, line): (f64, Line)) -> u32 {
        let (place, known) =
            place(&mut self.cell_places, self.cell_ids.id([run, metric].into_iter()), self.values.len());
        if known {
            self.values[place].add(value, step, line, self.duplicates);
        } else {
            self.values.push(Cell { run, metric, step, value, first: line, twin: None, further: 0, sum: None });
        }
        place as u32
    }

    /// A further value of the cell that stands at `place`.
    pub(super) fn add_at(&mut self, place: u32, value: f64, (step, line): (f64, Line)) {
        self.values[place as usize].add(value, step, line, self.duplicates);
    }

    /// Moves all lines down by so many.
    pub(super) fn shift(&mut self, lines: u64) {
        for line in self.names.iter_mut().flat_map(|names| &mut names.lines) {
            line.1 += lines;
        }
        for cell in &mut self.values {
            cell.first.1 += lines;
            if let Some(twin) = &mut cell.twin {
                twin.1 += lines;
            }
        }
    }

    /// Takes over what a later part has.
    pub(super) fn merge(&mut self, later: &Self) {
        let taken_over = |(mine, theirs): (&mut Names, &Names)| -> Vec<u32> {
            let both = theirs.texts.iter().zip(&theirs.lines);
            both.map(|(text, line)| mine.id(text.as_bytes(), *line).unwrap_or(NOWHERE)).collect()
        };
        let ids: Vec<Vec<u32>> = self.names.iter_mut().zip(&later.names).map(taken_over).collect();
        let width = self.width();
        let mut levels = vec![0; width];
        let mut runs = Vec::with_capacity(later.runs.len() / width);
        for run in later.runs.chunks_exact(width) {
            for (place, (column, id)) in levels.iter_mut().zip(run.iter().enumerate()) {
                *place = ids[column][*id as usize];
            }
            runs.push(self.run(&levels));
        }
        for cell in &later.values {
            let (run, metric) = (runs[cell.run as usize], ids[width][cell.metric as usize]);
            let id = self.cell_ids.id([run, metric].into_iter());
            let (place, known) = place(&mut self.cell_places, id, self.values.len());
            if known {
                self.values[place].merge(cell, self.duplicates);
            } else {
                self.values.push(Cell { run, metric, ..cell.clone() });
            }
        }
    }

    /// The rows beside the first of their metric and run; `None` where there are none.
    pub(super) fn repeated(&self) -> Option<Repeated> {
        let repeated = self.values.iter().filter(|cell| cell.further > 0);
        let (values, rows) = repeated.fold((0, 0), |(values, rows), cell| (values + 1, rows + u64::from(cell.further)));
        (values > 0).then_some(Repeated { policy: self.duplicates, rows, values })
    }

    /// Everything in words, for comparisons: names with their lines, runs, and cells as they are told.
    #[cfg(test)]
    pub(super) fn told(&self) -> String {
        // Metrics are told by name only.
        let names: Vec<_> = self.names[..self.width()].iter().map(|names| (&names.texts, &names.lines)).collect();
        let metrics = &self.names[self.width()].texts;
        let cell = |cell: &Cell| (cell.run, cell.metric, cell.step, cell.value().to_string(), cell.first, cell.twin);
        format!("{names:?} {metrics:?} {:?} {:?}", self.runs, self.values.iter().map(cell).collect::<Vec<_>>())
    }
}
