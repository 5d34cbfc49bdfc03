//! Accounts: whether they answer, what the user may charge, and how much may be queued.

use std::time::Duration;

use slurm::client::{Client, ClientError, Wanted, Window};
use slurm::name::JobName;
use slurm::parse::scontrol_config::ClusterConfig;

use super::Finding;
use crate::cluster::site::{Accounts, ClusterFacts, Site, bound, rights};

pub(super) fn examine(site: &Site, client: &Client, configuration: &ClusterConfig, user: &str) -> Vec<Finding> {
    let mut findings = vec![answers(configuration, client, user)];
    if configuration.has_accounting() {
        let cluster = ClusterFacts::of(configuration);
        findings.push(limits(site, &rights(client, user, cluster.name.as_deref()), cluster.enforced.is_some(), user));
    }
    findings
}

fn answers(configuration: &ClusterConfig, client: &Client, user: &str) -> Finding {
    if !configuration.has_accounting() {
        let age = configuration.number("MinJobAge").unwrap_or(300);
        let words = format!(
            "the cluster keeps none: a job that has ended is forgotten after {age} s, and only the runs' own records tell how"
        );
        return Finding::doubtful("accounts", words);
    }
    let nobody: JobName = "seedbed-doctor-asks-for-nobody".parse().expect("invariant: a plain name");
    let wanted = Wanted { user, names: std::slice::from_ref(&nobody) };
    match client.accounts(&wanted, Window::since(Duration::from_mins(1))) {
        Ok(_) => Finding::good("accounts", "sacct answers"),
        Err(error @ ClientError::Query(_)) => {
            Finding::doubtful("accounts", format!("{error}; until it answers, ended tasks count as unknown"))
        }
        Err(error) => Finding::doubtful("accounts", error.to_string()),
    }
}

/// What the user may charge and have queued, held against the profile.
fn limits(site: &Site, accounts: &Accounts, enforced: bool, user: &str) -> Finding {
    let associations = match accounts {
        Accounts::Unknown { why } => {
            return Finding::doubtful(
                "limits",
                format!("not known: {why}; what exceeds them waits until Slurm has room"),
            );
        }
        Accounts::Known { associations, .. } => associations,
    };
    let missing = if enforced { Finding::bad } else { Finding::doubtful };
    let account = site.placement.account.as_ref().map(slurm::name::Account::as_str);
    let own: Vec<_> = associations.iter().filter(|one| account.is_none_or(|account| one.account == account)).collect();
    if own.is_empty() {
        let mut names: Vec<&str> = associations.iter().map(|one| one.account.as_str()).collect();
        names.dedup();
        let words = match account {
            Some(account) if !names.is_empty() => {
                format!("{user} may not charge {account}: set placement.account to one of {}", names.join(", "))
            }
            _ => format!("{user} has no account on this cluster: ask for one"),
        };
        return missing("limits", words);
    }
    let qos = site.placement.qos.as_ref().map(slurm::name::Qos::as_str);
    if let Some(qos) = qos.filter(|qos| !own.iter().any(|one| one.qualities.iter().any(|name| name == qos))) {
        let mut names: Vec<&str> = own.iter().flat_map(|one| &one.qualities).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        return missing(
            "limits",
            format!("no account may use the qos {qos}: set placement.qos to one of {}", names.join(", ")),
        );
    }
    match (bound(accounts, account, qos), site.max_submitted) {
        (None, _) => Finding::good("limits", "none on the number of queued tasks"),
        (Some(bound), Some(most)) if most.get() <= bound.tasks => {
            Finding::good("limits", format!("max-submitted is {most}, within the {} of {}", bound.tasks, bound.whose))
        }
        (Some(bound), _) => {
            let words = format!(
                "{} lets {} tasks be queued: set max-submitted = {} in the profile, or sbatch is asked in vain",
                bound.whose, bound.tasks, bound.tasks
            );
            if enforced {
                Finding::doubtful("limits", words)
            } else {
                Finding::good("limits", words + " (not enforced now)")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use slurm::parse::{Reply, sacctmgr};

    use super::super::Verdict::{self, Bad, Doubtful, Good};
    use super::*;

    fn judged(profile: &str, rows: &str, enforced: bool) -> (Verdict, String) {
        let stdout = format!(
            "Cluster|Account|User|Partition|QOS|Def QOS|MaxJobs|MaxSubmit|MaxWall|MaxTRES|GrpJobs|GrpSubmit|GrpTRES\n{rows}"
        );
        let reply = Reply { command: "sacctmgr", exit: Some(0), stdout: &stdout, stderr: "" };
        let associations = sacctmgr::associations(&reply).unwrap();
        let accounts = Accounts::Known { associations, qualities: Vec::new() };
        let site: Site = toml::from_str(profile).unwrap();
        let found = limits(&site, &accounts, enforced, "me");
        (found.verdict, found.words)
    }

    #[test]
    fn the_profile_is_held_against_what_the_user_may_do() {
        let nlp = "main|nlp|me||normal,long|||300|||||\n";
        assert_eq!(judged("max-submitted = 300", nlp, true).0, Good);
        let (verdict, words) = judged("", nlp, true);
        assert!(verdict == Doubtful && words.contains("set max-submitted = 300"), "{words}");
        assert_eq!(judged("", nlp, false).0, Good);
        let (verdict, words) = judged("[placement]\naccount = 'vision'", nlp, true);
        assert!(verdict == Bad && words.ends_with("to one of nlp"), "{words}");
        let (verdict, words) = judged("[placement]\nqos = 'express'", nlp, true);
        assert!(verdict == Bad && words.ends_with("to one of long, normal"), "{words}");
        assert_eq!(judged("", "", false).0, Doubtful);
        assert_eq!(judged("", "", true).0, Bad);
    }
}
