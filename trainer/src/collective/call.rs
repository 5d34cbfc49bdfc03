//! Who this process is among the ranks of a run: what its environment says.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use spec::contract;

use super::error::CollectiveError;

/// How long the ranks wait for each other, unless [`contract::PATIENCE`] says otherwise: a checkpoint of a large model
/// to a slow disk must fit in, for only one rank writes it.
const PATIENCE: u64 = 600;

/// What Slurm calls the number of a task, how many the step has, and the task's number on its node.
const OF_SLURM: [&str; 3] = ["SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"];

/// A call to be one of several ranks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Which one, from 0.
    pub rank: u32,
    /// How many there are.
    pub world: u32,
    /// Which one on this machine, from 0: the number of its GPU among those that it sees.
    pub local_rank: u32,
    /// How many of them are on this machine.
    pub local_world: u32,
    /// Whether it is a task of a Slurm step, whose leader is on another machine: see [`super::spread`].
    pub is_task: bool,
    /// Where the ranks find each other: a folder for this start alone, which all of them see by this path.
    pub rendezvous: PathBuf,
    /// How long they wait for each other.
    pub patience: Duration,
}

impl Call {
    /// The call in the environment, which `variable` looks up; nothing where it has neither a rendezvous nor a place. A
    /// rank is told its place by [`super::leader`] on its own machine, or by Slurm, which counts the tasks of a step as
    /// [`super::spread`] needs them.
    ///
    /// # Errors
    /// [`CollectiveError::Incomplete`] when there is a place without a rendezvous, [`CollectiveError::Environment`]
    /// when what is said makes no sense.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, CollectiveError> {
        let Some(folder) = variable(contract::RENDEZVOUS) else {
            // A rank that thought itself alone would write into the run of the others.
            let place = [contract::RANK, contract::RANKS].into_iter().find(|name| variable(name).is_some());
            let missing = contract::RENDEZVOUS;
            return place.map_or(Ok(None), |found| Err(CollectiveError::Incomplete { found, missing }));
        };
        let is_task = variable(contract::RANK).is_none() && variable(OF_SLURM[0]).is_some();
        let names = if is_task { OF_SLURM } else { [contract::RANK, contract::RANKS, contract::LOCAL_RANK] };
        let [rank, world, local_rank] = names.map(|name| number::<u32>(&variable, name));
        let (rank, world, local_rank) = (rank?, world?, local_rank?);
        if rank >= world {
            let expected = "below the number of ranks";
            return Err(CollectiveError::Environment { variable: names[0], found: rank.to_string(), expected });
        }
        let local_world = number::<u32>(&variable, contract::LOCAL_RANKS)?.max(1);
        let patience = match variable(contract::PATIENCE) {
            None => PATIENCE,
            Some(_) => number::<u64>(&variable, contract::PATIENCE)?.max(1),
        };
        let (rendezvous, patience) = (PathBuf::from(folder), Duration::from_secs(patience));
        Ok(Some(Self { rank, world, local_rank, local_world, is_task, rendezvous, patience }))
    }
}

fn number<T: FromStr>(lookup: impl Fn(&str) -> Option<String>, variable: &'static str) -> Result<T, CollectiveError> {
    let found = lookup(variable).unwrap_or_default();
    found.parse().map_err(|_| CollectiveError::Environment { variable, found, expected: "a whole number" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(variables: &[(&str, &str)]) -> Result<Option<Call>, CollectiveError> {
        let find =
            |name: &str| variables.iter().find(|(found, _)| *found == name).map(|(_, value)| (*value).to_owned());
        Call::from_environment(find)
    }

    #[test]
    fn a_rank_is_told_its_place() {
        assert_eq!(call(&[("SEEDBED_LOCAL_RANKS", "4"), ("SLURM_PROCID", "0")]).unwrap(), None);
        let mut told = vec![
            ("SEEDBED_RENDEZVOUS", "/r"),
            ("SEEDBED_RANK", "3"),
            ("SEEDBED_RANKS", "4"),
            ("SEEDBED_LOCAL_RANK", "1"),
            ("SEEDBED_LOCAL_RANKS", "4"),
            // The leader is itself a task, the only one of its step.
            ("SLURM_PROCID", "0"),
            ("SLURM_NTASKS", "1"),
        ];
        let patience = Duration::from_mins(10);
        let expected = Call {
            rank: 3,
            world: 4,
            local_rank: 1,
            local_world: 4,
            is_task: false,
            rendezvous: "/r".into(),
            patience,
        };
        assert_eq!(call(&told).unwrap(), Some(expected.clone()));
        told.push(("SEEDBED_RANK_PATIENCE", "7"));
        assert_eq!(call(&told).unwrap(), Some(Call { patience: Duration::from_secs(7), ..expected }));
    }

    #[test]
    fn a_task_of_a_step_is_told_its_place_by_slurm() {
        let told = [
            ("SEEDBED_RENDEZVOUS", "/r"),
            ("SEEDBED_LOCAL_RANKS", "2"),
            ("SLURM_PROCID", "3"),
            ("SLURM_NTASKS", "4"),
            ("SLURM_LOCALID", "1"),
        ];
        let found = call(&told).unwrap().unwrap();
        assert_eq!((found.rank, found.world, found.local_rank, found.local_world), (3, 4, 1, 2));
        assert!(found.is_task);
    }

    #[test]
    fn a_place_that_makes_no_sense_is_named() {
        let words = |rank: &str| {
            let variables = [
                ("SEEDBED_RENDEZVOUS", "/r"),
                ("SEEDBED_RANK", rank),
                ("SEEDBED_RANKS", "4"),
                ("SEEDBED_LOCAL_RANK", "0"),
            ];
            call(&variables).unwrap_err().to_string()
        };
        assert_eq!(words("4"), "SEEDBED_RANK is `4`, which is not below the number of ranks");
        assert_eq!(words("x"), "SEEDBED_RANK is `x`, which is not a whole number");
        let missing = call(&[("SEEDBED_RENDEZVOUS", "/r"), ("SEEDBED_RANK", "0")]).unwrap_err().to_string();
        assert_eq!(missing, "SEEDBED_RANKS is ``, which is not a whole number");
        for (half, found) in [
            (&[("SEEDBED_RANK", "0")][..], "SEEDBED_RANK"),
            (&[("SEEDBED_RANKS", "2")], "SEEDBED_RANKS"),
            (&[("SEEDBED_RANK", "1"), ("SEEDBED_RANKS", "2")], "SEEDBED_RANK"),
        ] {
            let words = call(half).unwrap_err().to_string();
            assert_eq!(words, format!("{found} is set, but not SEEDBED_RENDEZVOUS: set all of them, or none"));
        }
    }
}
