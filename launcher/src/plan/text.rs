//! The overview as a person reads it.

use std::fmt::Write as _;

use spec::resources::PackingOrder;

use super::cost::{BYTES_PER_TOKEN, TOKENS_PER_STORY, TaskCost};
use super::difference::Standing;
use super::overview::Overview;
use crate::output::{Table, counted, duration};

/// Most runs that are listed one by one unless they are asked for.
const FEW: usize = 40;

/// Most points that are listed.
const MOST_POINTS: usize = 200;

impl Overview {
    /// The overview as text; `all_runs` lists every run, whose number else decides.
    pub fn render(&self, all_runs: bool) -> String {
        let mut text = format!(
            "{}: {}, {}, {}, in {}\n\n",
            self.sweep,
            counted(self.runs.len(), "run"),
            counted(self.points.len(), "design point"),
            counted(self.seeds.len(), "seed"),
            self.directory.display()
        );
        if let Some(preset) = &self.preset {
            text += &preset.lines();
            text.push('\n');
        }
        text += &self.points_table();
        if all_runs || self.runs.len() <= FEW {
            text.push('\n');
            text += &self.runs_table();
        }
        text.push('\n');
        for factor in &self.factors {
            let levels: Vec<String> = factor.levels.iter().map(|(level, runs)| format!("{level} {runs}")).collect();
            let _ = writeln!(text, "{}: {}", factor.name, levels.join(", "));
        }
        let _ = writeln!(text, "state: {}", self.counts_text());
        if !self.left_over.is_empty() {
            let shown: Vec<String> = self.left_over.iter().take(5).map(ToString::to_string).collect();
            let more = if self.left_over.len() > shown.len() { ", …" } else { "" };
            let count = self.left_over.len();
            let _ = writeln!(text, "on disk, but no longer in the sweep: {count} ({}{more})", shown.join(", "));
        }
        text.push('\n');
        text += &self.cost_text();
        text
    }

    fn points_table(&self) -> String {
        let has_networks = self.points.iter().any(|point| point.parameters.is_some());
        let names = self.factors.iter().map(|factor| factor.name.as_str());
        let networks = if has_networks { [">parameters", ">ffn width", ">FLOPs a run"].as_slice() } else { &[] };
        let mut table = Table::new(names.chain([">runs"]).chain(networks.iter().copied()).chain(["state"]));
        for point in self.points.iter().take(MOST_POINTS) {
            let mut cells: Vec<String> =
                self.factors.iter().map(|factor| point.levels[&factor.name].to_string()).collect();
            cells.push(point.runs.to_string());
            if has_networks {
                cells.push(point.parameters.map_or_else(String::new, |count| grouped(count.total())));
                let missed = point.missed_budget.map_or_else(String::new, |part| format!(" ({:+.1} %)", 100.0 * part));
                cells.push(point.feed_forward_width.map_or_else(String::new, |width| format!("{width}{missed}")));
                cells.push(point.workload.map_or_else(String::new, |workload| rounded(workload.flops)));
            }
            let states: Vec<String> =
                point.counts.iter().map(|(standing, count)| format!("{count} {}", standing.name())).collect();
            cells.push(states.join(", "));
            table.row(cells);
        }
        let mut text = table.render();
        if self.points.len() > MOST_POINTS {
            let _ = writeln!(text, "… and {} more; --format json has all", self.points.len() - MOST_POINTS);
        }
        text
    }

    fn runs_table(&self) -> String {
        let names = self.factors.iter().map(|factor| factor.name.as_str());
        let mut table = Table::new(["run", ">seed"].into_iter().chain(names).chain(["state"]));
        for run in &self.runs {
            let levels = self.factors.iter().map(|factor| run.levels[&factor.name].to_string());
            let cells = [run.id.to_string(), run.seed.to_string()].into_iter().chain(levels);
            table.row(cells.chain([run.state.name().to_owned()]));
        }
        table.render()
    }

    fn counts_text(&self) -> String {
        let count_of =
            |standing: &Standing| self.counts.get(standing).map(|count| format!("{count} {}", standing.name()));
        let counts: Vec<String> = Standing::ALL.iter().filter_map(count_of).collect();
        counts.join(", ")
    }

    fn cost_text(&self) -> String {
        let cost = &self.cost;
        if cost.runs == 0 {
            return "nothing is ahead\n".to_owned();
        }
        let mut text = format!("ahead: {}; what follows is estimated\n", counted(cost.runs, "run"));
        if let Some(flops) = cost.flops {
            let _ = writeln!(
                text,
                "  {} FLOPs, from the networks' sizes and {BYTES_PER_TOKEN} bytes a token, {TOKENS_PER_STORY} tokens a story",
                rounded(flops)
            );
        }
        let needs_gpus = cost.tasks.iter().any(|task| task.gpus > 0);
        match (cost.hours, cost.gpu_hours) {
            (Some(hours), Some(gpu_hours)) => {
                let done = counted(cost.measured_runs, "run");
                let on_gpus = if needs_gpus { format!(", {gpu_hours:.2} GPU-h") } else { String::new() };
                let _ = writeln!(text, "  {hours:.2} h one after another{on_gpus}: at the speed of {done} done");
            }
            _ => text += "  no time yet: no run of this sweep is done\n",
        }
        let (most, unit) =
            if needs_gpus { (cost.most_gpu_hours, "GPU-h") } else { (cost.most_core_hours, "hours of cores") };
        let _ = writeln!(text, "  at most {most:.2} {unit} by resources.time");
        for idle in &cost.idle_gpus {
            let _ = writeln!(text, "  {}", idle.line());
        }
        cost.tasks.iter().filter(|kind| kind.runs_per_task > 1).for_each(|kind| text += &packed(kind));
        text
    }
}

/// What tasks of several runs would ask of a cluster.
fn packed(kind: &TaskCost) -> String {
    let order = match kind.packing {
        PackingOrder::InTurn => "in turn",
        PackingOrder::SideBySide => "side by side",
    };
    format!(
        "  on a cluster {} share {}, {} a task {order}: {}, {}, {}M and {} each\n",
        counted(kind.runs, "run"),
        counted(kind.tasks, "task"),
        kind.runs_per_task,
        counted(kind.gpus as usize, "GPU"),
        counted(kind.cpus as usize, "core"),
        kind.memory,
        duration(kind.seconds as f64),
    )
}

/// A number of operations to two digits: `3.4e15`.
fn rounded(number: f64) -> String {
    format!("{number:.1e}")
}

/// A whole number with commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (9_585_664, "9,585,664")] {
            assert_eq!(grouped(number), text);
        }
    }
}
