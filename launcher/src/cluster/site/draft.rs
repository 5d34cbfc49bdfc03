//! A new profile, from what a person asks for and what the cluster has.

use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::path::Path;

use slurm::name::GresKind;
use slurm::script::Placement;
use spec::setting::closest;

use super::facts::{Bound, bound};
use super::{Accounts, PartitionFacts, Probe, Site, SiteError, SshClient, SshSite};
use crate::cluster::place::FarPlace;

/// What a person asks for.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// The machine, and who speaks ssh to it.
    pub ssh: Option<SshSite>,
    /// Account, partition, quality of service.
    pub placement: Placement,
    /// The model of GPU.
    pub gpu_type: Option<GresKind>,
    /// The folders of a cluster elsewhere.
    pub place: Option<FarPlace>,
}

/// A profile that was not written yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What it says.
    pub site: Site,
    /// The file that says it.
    pub text: String,
}

/// A profile for the site called `name`, of what `wishes` ask for and `probe` found.
///
/// # Errors
/// The cluster has no such partition, model of GPU, account or quality of service.
pub fn draft(name: &str, wishes: &Wishes, probe: &Probe) -> Result<Draft, SiteError> {
    let Wishes { ssh, placement, gpu_type, place } = wishes.clone();
    let partitions = partitions(placement.partition.as_ref().map(slurm::name::Partition::as_str), probe)?;
    if let Some(kind) = &gpu_type {
        let kinds = partitions.iter().flat_map(|partition| partition.kinds());
        let names: Vec<&str> = partitions.iter().map(|partition| partition.name.as_str()).collect();
        exists("GPU of type", kind.as_str(), &format!("in {}", names.join(", ")), kinds)?;
    }
    rights(&placement, probe)?;
    let account = placement.account.as_ref().map(slurm::name::Account::as_str);
    let bound = bound(&probe.accounts, account, placement.qos.as_ref().map(slurm::name::Qos::as_str));
    let max_submitted = bound.as_ref().and_then(|bound| NonZeroU32::new(bound.tasks));
    let site = Site { placement, gpu_type, max_submitted, ssh, place, ..Site::default() };
    let text = text(name, &site, probe, &partitions, bound.as_ref());
    let read = Site::parse(&text, Path::new(&format!("{name}.toml")))?;
    debug_assert_eq!(read, site, "a profile says what was asked for");
    Ok(Draft { site: read, text })
}

fn partitions<'a>(named: Option<&str>, probe: &'a Probe) -> Result<Vec<&'a PartitionFacts>, SiteError> {
    let all = &probe.partitions;
    let known = || all.iter().map(|partition| partition.name.as_str());
    let Some(named) = named else {
        return match all.iter().find(|partition| partition.is_default) {
            Some(partition) => Ok(vec![partition]),
            None => Err(SiteError::NoDefault { known_names: known().map(str::to_owned).collect() }),
        };
    };
    let find = |name: &str| {
        exists("partition", name, &probe.place, known())?;
        Ok(all.iter().filter(|partition| partition.name == name).collect::<Vec<_>>())
    };
    Ok(named.split(',').map(find).collect::<Result<Vec<_>, SiteError>>()?.concat())
}

fn rights(placement: &Placement, probe: &Probe) -> Result<(), SiteError> {
    let Accounts::Known { associations, qualities } = &probe.accounts else { return Ok(()) };
    let whom = format!("for {}", probe.user);
    let mut own = associations.iter().collect::<Vec<_>>();
    if let Some(account) = &placement.account {
        exists("account", account.as_str(), &whom, associations.iter().map(|one| one.account.as_str()))?;
        own.retain(|one| one.account == account.as_str());
    }
    let Some(qos) = &placement.qos else { return Ok(()) };
    let mut names: Vec<&str> = own.iter().flat_map(|one| &one.qualities).map(String::as_str).collect();
    if associations.is_empty() {
        names = qualities.iter().map(|quality| quality.name.as_str()).collect();
    }
    exists("quality of service", qos.as_str(), &whom, names.into_iter())
}

fn exists<'a>(
    what: &'static str,
    name: &str,
    place: &str,
    known: impl Iterator<Item = &'a str>,
) -> Result<(), SiteError> {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    known.dedup();
    if known.contains(&name) {
        return Ok(());
    }
    let near = closest(name, known.iter().copied()).map(str::to_owned);
    let (name, place) = (name.to_owned(), place.to_owned());
    Err(SiteError::NotThere { what, name, place, known_names: known.into_iter().map(str::to_owned).collect(), near })
}

/// A line of the file: a key that is set, or one that could be.
fn line(text: &mut String, key: &str, value: Option<&str>, otherwise: &str, why: &str) {
    let (mark, value) = value.map_or(("# ", otherwise), |value| ("", value));
    let value = toml::Value::String(value.to_owned());
    let _ = writeln!(text, "{mark}{key} = {value}{}", comment(why));
}

/// What others say, on one line.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn comment(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!("  # {}", plain(why)) }
}

fn text(name: &str, site: &Site, probe: &Probe, partitions: &[&PartitionFacts], bound: Option<&Bound>) -> String {
    let version = plain(probe.cluster.version.as_deref().unwrap_or("of an unknown version"));
    let mut text = format!(
        "# The site {name}: Slurm {version} {}, as {}.\n\
         # `seedbed site show {name}` shows what holds, `seedbed doctor --site {name}` looks at all that a sweep needs.\n\n",
        plain(&probe.place),
        plain(&probe.user)
    );
    let kinds: Vec<&str> = partitions.iter().flat_map(|partition| partition.kinds()).collect();
    if let Some(kind) = site.gpu_type.as_ref().map(slurm::name::GresKind::as_str).or_else(|| kinds.first().copied()) {
        let chosen = site.gpu_type.as_ref().map(slurm::name::GresKind::as_str);
        line(&mut text, "gpu-type", chosen, kind, &format!("there is {}; left out, any will do", kinds.join(", ")));
    }
    match bound.filter(|bound| bound.tasks > 0) {
        Some(Bound { tasks, whose }) => {
            let why = comment(&format!("tasks in the queue at a time: the limit of {whose}"));
            let _ = writeln!(text, "max-submitted = {tasks}{why}");
        }
        None => text += "# max-submitted = 1000  # tasks of a sweep in the queue at a time; no limit was found\n",
    }
    text += "# max-running = 16  # tasks at a time; left out, as many as Slurm starts\n";
    placement(&mut text, site, probe);
    if let Some(ssh) = &site.ssh {
        text += "\n[ssh]\n";
        line(&mut text, "host", Some(&ssh.host.to_string()), "", "");
        let openssh = (ssh.client == SshClient::Openssh).then_some("openssh");
        line(&mut text, "client", openssh, "openssh", "for Kerberos, hardware keys and one-time codes");
        if let Some(config) = &ssh.config {
            line(&mut text, "config", Some(&config.to_string_lossy()), "", "");
        }
    }
    if let Some(place) = &site.place {
        text += "\n[place]\n";
        line(&mut text, "root", Some(place.root.as_str()), "", "where the directories of sweeps lie there");
        line(&mut text, "seedbed", Some(place.seedbed.as_str()), "", "");
        let trainer = place.trainer.as_ref().map(slurm::script::AbsolutePath::as_str);
        line(&mut text, "trainer", trainer, "/path/of/seedbed-trainer", "left out, it lies beside seedbed");
    }
    text
}

fn placement(text: &mut String, site: &Site, probe: &Probe) {
    let placement = &site.placement;
    *text += "\n[placement]\n";
    for partition in &probe.partitions {
        let line = format!("# {}: {}", partition.name, partition.words());
        *text += &plain(&line);
        text.push('\n');
    }
    let default = probe.partitions.iter().find(|partition| partition.is_default);
    let default = default.map_or("gpu", |partition| partition.name.as_str());
    let chosen = placement.partition.as_ref().map(slurm::name::Partition::as_str);
    line(text, "partition", chosen, default, "left out, the default of the cluster");
    let (mut accounts, mut qualities) = (Vec::new(), Vec::new());
    if let Accounts::Known { associations, .. } = &probe.accounts {
        accounts = associations.iter().map(|one| one.account.as_str()).collect();
        qualities = associations.iter().flat_map(|one| &one.qualities).map(String::as_str).collect();
    }
    let keys = [
        ("account", placement.account.as_ref().map(slurm::name::Account::as_str), accounts),
        ("qos", placement.qos.as_ref().map(slurm::name::Qos::as_str), qualities),
    ];
    for (key, chosen, mut known) in keys {
        known.sort_unstable();
        known.dedup();
        if let Some(first) = chosen.or(known.first().copied()) {
            let why = if known.is_empty() { String::new() } else { format!("there is {}", known.join(", ")) };
            line(text, key, chosen, first, &why);
        }
    }
}

#[cfg(test)]
mod tests {
    use slurm::parse::{Reply, scontrol_config, sinfo};

    use super::*;
    use crate::cluster::site::ClusterFacts;

    fn probe() -> Probe {
        let rows = "PARTITION|AVAIL|TIMELIMIT|NODES|STATE|CPUS|MEMORY|GRES|NODELIST|AVAIL_FEATURES\n\
            gpu*|up|2:00:00|3|idle|64|500000|gpu:a100:4|n[1-3]|(null)\nlong|up|infinite|1|idle|8|1000|(null)|n4|(null)\n";
        let settings =
            "Configuration data as of 2026-01-01T00:00:00\nSLURM_VERSION = 24.05.1\nSlurmctld(primary) at a is UP\n";
        let reply = |command, stdout| Reply { command, exit: Some(0), stdout, stderr: "" };
        Probe {
            place: "on login\ntable".to_owned(),
            user: "me".to_owned(),
            cluster: ClusterFacts::of(&scontrol_config::read(&reply("scontrol", settings)).unwrap()),
            partitions: PartitionFacts::of(&sinfo::read(&reply("sinfo", rows)).unwrap()),
            accounts: Accounts::Unknown { why: "none".to_owned() },
        }
    }

    #[test]
    fn what_is_written_reads_as_what_was_asked_for() {
        let wishes = Wishes {
            ssh: Some(SshSite {
                host: "me@login.example.org".parse().unwrap(),
                client: SshClient::Openssh,
                config: Some("/a \"b\"\\c".into()),
            }),
            placement: Placement {
                account: Some("nlp".parse().unwrap()),
                partition: Some("gpu,long".parse().unwrap()),
                ..Placement::default()
            },
            gpu_type: Some("a100".parse().unwrap()),
            place: Some(toml::from_str("root = '/scratch/me'\nseedbed = \"/it's/seedbed\"").unwrap()),
        };
        let draft = draft("far", &wishes, &probe()).unwrap();
        assert_eq!((&draft.site.ssh, &draft.site.placement), (&wishes.ssh, &wishes.placement));
        assert_eq!((&draft.site.place, &draft.site.gpu_type), (&wishes.place, &wishes.gpu_type));
        insta::assert_snapshot!(draft.text);
    }

    #[test]
    fn nothing_asked_for_is_nothing_set() {
        assert_eq!(draft("near", &Wishes::default(), &probe()).unwrap().site, Site::default());
    }

    #[test]
    fn what_the_cluster_does_not_have_is_refused_with_what_it_has() {
        let refused = |wishes: Wishes| draft("x", &wishes, &probe()).unwrap_err().to_string();
        let partition = |name: &str| Wishes {
            placement: Placement { partition: Some(name.parse().unwrap()), ..Placement::default() },
            ..Wishes::default()
        };
        assert!(refused(partition("gpu,lang")).ends_with("there is gpu, long; did you mean `long`?"));
        let kind = Wishes { gpu_type: Some("h100".parse().unwrap()), ..partition("gpu") };
        assert_eq!(refused(kind), "the cluster has no GPU of type `h100` in gpu; there is a100; did you mean `a100`?");
        let mut none = probe();
        none.partitions.iter_mut().for_each(|partition| partition.is_default = false);
        assert!(matches!(draft("x", &Wishes::default(), &none), Err(SiteError::NoDefault { .. })));
    }
}
