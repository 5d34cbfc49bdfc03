//! From design points to runs, on all processors.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZero;
use std::thread;

use spec::{RunId, RunSpec, Value};

use super::design::{MOST, Point};
use super::problem::Problems;
use super::resolve::{Misfit, Resolved, Resolver};
use super::source::Origin;

/// Fewest items that are worth a thread of their own.
const WORTH_A_THREAD: usize = 1_000;

/// Resolves every point; points that are no runs are problems, told once for each reason.
pub(super) fn resolve<'a>(resolver: &Resolver<'a>, points: &[Point], problems: &mut Problems) -> Vec<Resolved<'a>> {
    let common = resolver.common();
    let outcomes = in_parallel(points.len(), |index| resolver.resolve(&common, &points[index]));
    let mut resolved = Vec::with_capacity(points.len());
    let mut misfits: Vec<(Misfit, usize, usize)> = Vec::new();
    for (index, outcome) in outcomes.into_iter().enumerate() {
        match outcome {
            Ok(point) => resolved.push(point),
            Err(misfit) => match misfits.iter_mut().find(|(known, ..)| known.error == misfit.error) {
                Some((_, count, _)) => *count += 1,
                None => misfits.push((misfit, 1, index)),
            },
        }
    }
    warn_of_budgets(resolver, points, &resolved, problems);
    for (misfit, count, first) in misfits {
        let message = misfit.error.to_string();
        let problem = problems.error(&misfit.origin, message);
        if count < points.len() {
            let levels = resolver.factors.list.iter().zip(&points[first].levels);
            let levels = levels.map(|(factor, level)| (factor.name.as_str(), &factor.levels[*level]));
            let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
            problem.hint(format!("so it is with {}{more}", named(levels)));
        }
    }
    resolved
}

/// Says which networks miss the budget that they are to be matched to, once for each way of missing it.
fn warn_of_budgets(resolver: &Resolver, points: &[Point], resolved: &[Resolved], problems: &mut Problems) {
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    // Where a point is no run at all, points and what became of them are not side by side, and there is worse to say.
    let missed = points.iter().zip(resolved).filter(|_| points.len() == resolved.len());
    for (point, message) in missed.filter_map(|(point, found)| Some((point, found.missed_in_words()?))) {
        let count = told.entry(message.clone()).or_default();
        *count += 1;
        if *count > 1 {
            continue;
        }
        let levels = resolver.factors.list.iter().zip(&point.levels);
        let levels = named(levels.map(|(factor, level)| (factor.name.as_str(), &factor.levels[*level])));
        let of = if levels.is_empty() { String::new() } else { format!("{levels}: ") };
        problems
            .warn(&resolver.origin("model.activation", point), format!("{of}{message}"))
            .hint("a larger model.ffn-size can be matched closer; budget = \"unmatched\" says that it is meant");
    }
}

/// Whether a design has not too many runs, before they are laid out. It has `seeds`, but for the points that have their
/// own.
pub(super) fn are_few_enough<'a>(
    seeds: &[u64],
    points: &[Point],
    own: impl Fn(&Point) -> Option<&'a [u64]>,
    problems: &mut Problems,
) -> bool {
    let runs: usize = points.iter().map(|point| own(point).unwrap_or(seeds).len()).sum();
    if runs > MOST {
        problems.error(&Origin::Nowhere, format!("the sweep has {runs} runs; at most {MOST} are taken"));
    }
    runs <= MOST
}

/// The seeds in order and, for each, the points that have it.
///
/// `own` gives the seeds of a point that has some of its own.
pub(super) fn seeds_of<'a>(
    seeds: &[u64],
    points: &[Point],
    own: impl Fn(&Point) -> Option<&'a [u64]>,
) -> Vec<(u64, Vec<usize>)> {
    let mut order: Vec<(u64, Vec<usize>)> = seeds.iter().map(|seed| (*seed, Vec::new())).collect();
    let mut positions: BTreeMap<u64, usize> = seeds.iter().enumerate().map(|(index, seed)| (*seed, index)).collect();
    for (index, point) in points.iter().enumerate() {
        for seed in own(point).unwrap_or(seeds) {
            let next = order.len();
            let position = *positions.entry(*seed).or_insert(next);
            if position == next {
                order.push((*seed, Vec::new()));
            }
            order[position].1.push(index);
        }
    }
    order
}

/// The runs, seed by seed, and those of them that miss their budget, with the part of it by which they do.
pub(super) fn runs(
    resolved: &[Resolved],
    order: &[(u64, Vec<usize>)],
    problems: &mut Problems,
) -> (Vec<RunSpec>, BTreeMap<RunId, f64>) {
    let pairs: Vec<(u64, usize)> =
        order.iter().flat_map(|(seed, points)| points.iter().map(|point| (*seed, *point))).collect();
    let runs = in_parallel(pairs.len(), |index| resolved[pairs[index].1].run(pairs[index].0));
    refuse_twins(&runs, &pairs, resolved, problems);
    let missed = runs.iter().zip(&pairs).filter_map(|(run, (_, point))| Some((run.id, resolved[*point].missed?)));
    let missed = missed.collect();
    (runs, missed)
}

/// Records runs that are one and the same, and runs that only their settings and not their levels tell apart.
fn refuse_twins(runs: &[RunSpec], pairs: &[(u64, usize)], resolved: &[Resolved], problems: &mut Problems) {
    let mut by_id: HashMap<RunId, usize> = HashMap::with_capacity(runs.len());
    // For each set of factors that tell twins apart, the first two twins and how many there are.
    let mut twins: BTreeMap<Vec<&str>, (usize, usize, usize)> = BTreeMap::new();
    for (index, run) in runs.iter().enumerate() {
        let first = *by_id.entry(run.id).or_insert(index);
        if first != index {
            let (one, other) = (resolved[pairs[first].1].levels(), resolved[pairs[index].1].levels());
            let differing = one.keys().filter(|name| one[*name] != other[*name]).map(String::as_str).collect();
            twins.entry(differing).or_insert((first, index, 0)).2 += 1;
        }
    }
    // Twins with equal levels are inclusions that repeat a run, which have been refused already.
    for (differing, (first, second, count)) in twins.into_iter().filter(|(differing, _)| !differing.is_empty()) {
        let (one, other, id) = (describe(&runs[first]), describe(&runs[second]), runs[first].id);
        let more = if count > 1 { format!("; {count} pairs in all") } else { String::new() };
        let names = differing.join(" and ");
        problems
            .error(&Origin::Nowhere, format!("two runs are one: `{one}` and `{other}` have the same id {id}{more}"))
            .hint(format!("{names} makes no difference there: leave all but one out with [[exclude]]"));
    }
}

/// Refuses inclusions that have the levels and a seed of another point but other settings: no analysis could tell them
/// apart.
pub(super) fn refuse_ambiguous(
    points: &[Point],
    order: &[(u64, Vec<usize>)],
    origin: impl Fn(usize) -> Origin,
    problems: &mut Problems,
) {
    let mut told = vec![false; points.len()];
    for (seed, indices) in order {
        let mut seen: HashMap<&[usize], usize> = HashMap::new();
        for index in indices {
            let point = &points[*index];
            let first = *seen.entry(point.levels.as_slice()).or_insert(*index);
            if let (true, Some(inclusion), false) = (first != *index, point.inclusion, told[*index]) {
                told[*index] = true;
                problems
                    .error(
                        &origin(inclusion),
                        format!("this [[include]] has the levels of another run with seed {seed}"),
                    )
                    .hint("give it a level of its own, or other seeds");
            }
        }
    }
}

fn describe(run: &RunSpec) -> String {
    let levels = named(run.levels.iter().map(|(name, level)| (name.as_str(), level)));
    format!("{levels} seed={}", run.seed)
}

/// Levels as a person would write them: `architecture=gpt-neo activation=gelu`.
fn named<'a>(levels: impl Iterator<Item = (&'a str, &'a Value)>) -> String {
    let words: Vec<String> = levels.map(|(name, level)| format!("{name}={level}")).collect();
    words.join(" ")
}

/// `make` of every index in order, on as many threads as are worth it.
fn in_parallel<T: Send>(count: usize, make: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = processors.min(count / WORTH_A_THREAD).max(1);
    if threads == 1 {
        return (0..count).map(make).collect();
    }
    let share = count.div_ceil(threads);
    thread::scope(|scope| {
        let make = &make;
        let workers: Vec<_> = (0..threads)
            .map(|index| {
                let part = index * share..((index + 1) * share).min(count);
                scope.spawn(move || part.map(make).collect::<Vec<T>>())
            })
            .collect();
        let join = |worker: thread::ScopedJoinHandle<Vec<T>>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        let mut all = Vec::with_capacity(count);
        for worker in workers {
            all.extend(join(worker));
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_threads_keep_the_order() {
        let squares = in_parallel(10_001, |index| index * index);
        assert!(squares.iter().enumerate().all(|(index, square)| *square == index * index));
        assert_eq!(squares.len(), 10_001);
    }
}
