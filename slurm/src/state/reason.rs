//! Why a job waits, in words.

/// Why Slurm has not started a job: its code, and what it adds behind the code.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PendingReason {
    /// Slurm's word, such as `Priority`, or its whole sentence where it has no word.
    pub code: String,
    /// What follows the word, such as the nodes that are not there.
    pub detail: Option<String>,
}

/// What a reason lets one hope for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outlook {
    /// Starts when its turn comes.
    Normal,
    /// Waits for a limit on this user, account or array to leave room.
    OwnLimit,
    /// Waits for a person to release it.
    Held,
    /// Waits for nodes, a partition or a reservation to come back.
    Unavailable,
    /// Will never start as it is.
    Never,
    /// Not known to this version.
    Unknown,
}

/// Codes with their outlook and meaning; families of limits are in [`LIMIT_FAMILIES`].
const CODES: [(&str, Outlook, &str); 41] = [
    ("None", Outlook::Normal, "not looked at by the scheduler yet"),
    ("Priority", Outlook::Normal, "jobs of higher priority are ahead"),
    ("Resources", Outlook::Normal, "next in line, waits for free nodes"),
    ("Prolog", Outlook::Normal, "the node is being prepared"),
    ("Cleaning", Outlook::Normal, "its last attempt is still being cleaned up"),
    ("SchedDefer", Outlook::Normal, "the scheduler was told to look later"),
    ("BeginTime", Outlook::Normal, "its earliest start has not come, as after a requeue"),
    ("Dependency", Outlook::Normal, "waits for another job to end"),
    ("Licenses", Outlook::Normal, "waits for a licence"),
    ("FedJobLock", Outlook::Normal, "waits for the clusters of its federation to agree"),
    ("BurstBufferResources", Outlook::Normal, "waits for space in the burst buffer"),
    ("BurstBufferStageIn", Outlook::Normal, "its data is being staged in"),
    ("JobArrayTaskLimit", Outlook::OwnLimit, "as many tasks of its array run as its throttle allows"),
    ("QOSUsageThreshold", Outlook::OwnLimit, "the usage threshold of its quality of service is reached"),
    ("JobHeldUser", Outlook::Held, "held by its user; `scontrol release` frees it"),
    ("JobHeldAdmin", Outlook::Held, "held by an administrator or after too many requeues"),
    ("JobHoldMaxRequeue", Outlook::Held, "requeued as often as the cluster allows; `scontrol release` frees it"),
    ("launch failed requeued held", Outlook::Held, "its launch failed; `scontrol release` frees it"),
    ("job requeued in held state", Outlook::Held, "requeued and held; `scontrol release` frees it"),
    ("PartitionDown", Outlook::Unavailable, "its partition is down"),
    ("PartitionInactive", Outlook::Unavailable, "its partition takes no jobs now"),
    ("NodeDown", Outlook::Unavailable, "a node that it needs is down"),
    ("FrontEndDown", Outlook::Unavailable, "no front end is up"),
    ("ReqNodeNotAvail", Outlook::Unavailable, "nodes that it needs are down, drained or reserved, as for maintenance"),
    ("Reserved", Outlook::Unavailable, "nodes that it needs are reserved, as for maintenance"),
    ("Reservation", Outlook::Unavailable, "its reservation has not begun"),
    ("PowerNotAvail", Outlook::Unavailable, "not enough power is allotted"),
    ("PowerReserved", Outlook::Unavailable, "power is reserved for others"),
    ("ReservationDeleted", Outlook::Never, "its reservation was deleted"),
    ("ReservationInvalid", Outlook::Never, "its reservation is not valid"),
    ("PartitionTimeLimit", Outlook::Never, "its time limit is beyond its partition's"),
    ("PartitionNodeLimit", Outlook::Never, "it asks for more nodes than its partition allows"),
    ("PartitionConfig", Outlook::Never, "its partition is not set up for such a job"),
    ("BadConstraints", Outlook::Never, "no node can ever satisfy its request"),
    ("Constraints", Outlook::Never, "no node can ever satisfy its constraint"),
    ("MaxMemPerLimit", Outlook::Never, "it asks for more memory than a job may have"),
    ("DependencyNeverSatisfied", Outlook::Never, "the job that it depends on ended the wrong way"),
    ("InvalidAccount", Outlook::Never, "its account is not valid"),
    ("InvalidQOS", Outlook::Never, "its quality of service is not valid"),
    ("AccountNotAllowed", Outlook::Never, "its account may not use the partition"),
    ("QOSNotAllowed", Outlook::Never, "its quality of service may not use the partition"),
];

/// Beginnings of the codes for limits of accounting, of which Slurm knows more than a hundred.
const LIMIT_FAMILIES: [(&str, Outlook, &str); 7] = [
    ("QOSMin", Outlook::Never, "it asks for less than its quality of service requires"),
    ("QOSGrp", Outlook::OwnLimit, "the users of its quality of service together are at a limit"),
    ("QOS", Outlook::OwnLimit, "a limit of its quality of service is reached"),
    ("AssocGrp", Outlook::OwnLimit, "the users of its account together are at a limit"),
    ("Assoc", Outlook::OwnLimit, "a limit of its user and account is reached"),
    ("AccountingPolicy", Outlook::OwnLimit, "a limit of accounting is reached"),
    ("Max", Outlook::OwnLimit, "its account is at a limit"),
];

impl PendingReason {
    /// Splits what squeue prints for `%r` or `%R`, with or without parentheses. It never fails.
    pub fn read(text: &str) -> Self {
        let trimmed = text.trim();
        let inner = trimmed.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let inner = inner.unwrap_or(trimmed);
        match inner.split_once(',') {
            Some((code, detail)) => Self {
                code: code.trim().to_owned(),
                detail: Some(detail.trim().to_owned()).filter(|detail| !detail.is_empty()),
            },
            None => Self { code: inner.to_owned(), detail: None },
        }
    }

    /// What to hope for.
    pub fn outlook(&self) -> Outlook {
        self.entry().map_or(Outlook::Unknown, |(outlook, _)| outlook)
    }

    /// The reason in words, with Slurm's own word behind it.
    pub fn in_words(&self) -> String {
        let code = match &self.detail {
            Some(detail) => format!("{}, {detail}", self.code),
            None => self.code.clone(),
        };
        match self.entry() {
            Some((_, meaning)) => format!("{meaning} ({code})"),
            None => code,
        }
    }

    fn entry(&self) -> Option<(Outlook, &'static str)> {
        // scontrol writes a sentence with `_` in place of spaces.
        let plain = self.code.replace('_', " ");
        let exact = CODES.iter().find(|(code, ..)| code.eq_ignore_ascii_case(&plain));
        let family = || LIMIT_FAMILIES.iter().find(|(start, ..)| self.code.starts_with(start));
        // A limit on one job is not freed by others that end: the job itself is too large.
        let single = || {
            let one_job = self.code.contains("PerJob");
            let entry = (Outlook::Never, "it asks for more than one job may have");
            one_job.then_some(entry)
        };
        exact
            .map(|(_, outlook, meaning)| (*outlook, *meaning))
            .or_else(single)
            .or_else(|| family().map(|(_, outlook, meaning)| (*outlook, *meaning)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlook(text: &str) -> Outlook {
        PendingReason::read(text).outlook()
    }

    #[test]
    fn the_outlook_tells_waiting_from_never() {
        assert_eq!(outlook("Priority"), Outlook::Normal);
        assert_eq!(outlook("(Resources)"), Outlook::Normal);
        assert_eq!(outlook("JobArrayTaskLimit"), Outlook::OwnLimit);
        assert_eq!(outlook("QOSMaxGRESPerUser"), Outlook::OwnLimit);
        assert_eq!(outlook("AssocGrpCPUMinutesLimit"), Outlook::OwnLimit);
        assert_eq!(outlook("MaxJobsPerAccount"), Outlook::OwnLimit);
        assert_eq!(outlook("QOSMaxWallDurationPerJobLimit"), Outlook::Never);
        assert_eq!(outlook("QOSMinCpuNotSatisfied"), Outlook::Never);
        assert_eq!(outlook("PartitionTimeLimit"), Outlook::Never);
        assert_eq!(outlook("DependencyNeverSatisfied"), Outlook::Never);
        assert_eq!(outlook("(launch failed requeued held)"), Outlook::Held);
        assert_eq!(outlook("job_requeued_in_held_state"), Outlook::Held);
        assert_eq!(outlook("ReqNodeNotAvail, UnavailableNodes:node[1-2]"), Outlook::Unavailable);
        assert_eq!(outlook("SomethingNew"), Outlook::Unknown);
    }

    #[test]
    fn words_keep_what_slurm_said() {
        assert_eq!(
            PendingReason::read("ReqNodeNotAvail, UnavailableNodes:node1").in_words(),
            "nodes that it needs are down, drained or reserved, as for maintenance \
             (ReqNodeNotAvail, UnavailableNodes:node1)"
        );
        assert_eq!(PendingReason::read("SomethingNew").in_words(), "SomethingNew");
    }
}
