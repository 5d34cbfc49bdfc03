//! What the script of a batch says, read again.

use std::num::NonZeroU32;

use slurm::array::ArraySpec;

/// How many runs each task of the batch with this `script` carries out.
pub(super) fn runs_per_task(script: &str) -> u32 {
    let mut words = options(script).skip_while(|word| *word != "--runs-per-task").skip(1);
    words.next().and_then(|word| word.parse().ok()).unwrap_or(1)
}

/// Whether the batch with this `script` measures what is done.
pub(super) fn evaluates(script: &str) -> bool {
    options(script).any(|word| word == "--evaluate")
}

/// The options of the command of `script` that stand behind its last path: a path may hold anything.
fn options(script: &str) -> impl Iterator<Item = &str> {
    script.rsplit_once(" --requeues ").map_or("", |(_, rest)| rest).split_whitespace()
}

/// How many tasks of the batch with this `script` may run at a time, if it says so.
pub(super) fn throttle(script: &str) -> Option<NonZeroU32> {
    let line = script.lines().find_map(|line| line.strip_prefix("#SBATCH --array="))?;
    line.trim().trim_matches(['"', '\'']).parse::<ArraySpec>().ok()?.throttle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_path_says_is_no_option() {
        let command =
            "exec seedbed exec --array '/s/a --evaluate b.jsonl' --index \"${SLURM_ARRAY_TASK_ID}\" --requeues 10";
        assert!(!evaluates(command));
        let named = command.replace("--evaluate", "--runs-per-task 9");
        assert_eq!((runs_per_task(&named), runs_per_task(&format!("{named} --runs-per-task 4"))), (1, 4));
        assert!(evaluates(&format!("{command} --threads 2 --evaluate\n")));
    }
}
