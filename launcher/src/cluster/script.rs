//! What the script of a batch says, read again.

use std::num::NonZeroU32;

use slurm::array::ArraySpec;

/// How many runs each task of the batch with this `script` carries out.
pub(super) fn runs_per_task(script: &str) -> u32 {
    // The last one: what stands before it are paths, which a person names.
    let rest = script.rsplit_once(" --runs-per-task ").map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(1)
}

/// Whether the batch with this `script` measures what is done.
pub(super) fn evaluates(script: &str) -> bool {
    // Behind the last path of the command: a path may hold anything.
    script.rsplit_once(" --requeues ").is_some_and(|(_, rest)| rest.split_whitespace().any(|word| word == "--evaluate"))
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
        assert!(evaluates(&format!("{command} --threads 2 --evaluate\n")));
    }
}
