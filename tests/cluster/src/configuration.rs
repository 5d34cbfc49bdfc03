//! The files that Slurm reads.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;

use crate::Options;

/// Ports that nobody else uses now.
#[derive(Debug)]
pub(crate) struct Ports {
    pub(crate) controller: u16,
    pub(crate) database: u16,
    pub(crate) accounts: u16,
    pub(crate) nodes: Vec<u16>,
}

impl Ports {
    /// Asks the kernel for free ports, all at once so that they differ.
    pub(crate) fn free(nodes: u16) -> std::io::Result<Self> {
        let listeners = (0..nodes + 3).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<Vec<_>, _>>()?;
        let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
        let mut ports = listeners.iter().map(port).collect::<Result<Vec<_>, _>>()?;
        let nodes = ports.split_off(3);
        Ok(Self { controller: ports[0], database: ports[1], accounts: ports[2], nodes })
    }
}

/// The name of the cluster in its own accounts.
pub(crate) const NAME: &str = "throwaway";

/// `slurm.conf`.
pub(crate) fn slurm(folder: &Path, ports: &Ports, options: Options) -> String {
    let at = folder.display();
    let mut text = format!(
        "ClusterName={NAME}\nSlurmctldHost=localhost\nSlurmctldPort={controller}\nSlurmUser=root\nSlurmdUser=root\n\
         AuthType=auth/munge\nAuthInfo=socket={at}/munge/socket\nCredType=cred/munge\n\
         ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nSwitchType=switch/none\nReturnToService=2\n\
         SlurmdParameters=config_overrides\nSelectType=select/cons_tres\nSelectTypeParameters=CR_Core\nGresTypes=gpu\n\
         StateSaveLocation={at}/state\nSlurmdSpoolDir={at}/spool/%n\nSlurmdPidFile={at}/spool/%n.pid\n\
         SlurmctldPidFile={at}/slurmctld.pid\nSlurmdLogFile={at}/log/%n.log\nSlurmctldLogFile={at}/log/slurmctld.log\n\
         JobAcctGatherType=jobacct_gather/linux\nPreemptType=preempt/partition_prio\nPreemptMode=REQUEUE\n\
         SchedulerParameters=sched_interval=2,bf_interval=2,bf_continue\nKillWait=5\nInactiveLimit=0\n\
         MaxArraySize={array}\nSlurmdTimeout={timeout}\nMailProg=/bin/true\n",
        controller = ports.controller,
        array = options.max_array_size,
        timeout = options.node_timeout,
    );
    if options.accounting {
        let _ = writeln!(text, "AccountingStorageType=accounting_storage/slurmdbd\nAccountingStorageHost=localhost");
        let _ = writeln!(text, "AccountingStoragePort={}\nAccountingStorageTRES=gres/gpu", ports.accounts);
        // The accounts are spoken to through a munge of their own choice, which goes by this name.
        let _ = writeln!(text, "AccountingStoragePass={at}/munge/socket");
    } else {
        text += "AccountingStorageType=accounting_storage/none\n";
    }
    if options.max_submit_jobs.is_some() {
        text += "AccountingStorageEnforce=associations,limits\n";
    }
    for (index, port) in ports.nodes.iter().enumerate() {
        let node = index + 1;
        let _ = writeln!(
            text,
            "NodeName=node{node} NodeHostname=localhost Port={port} CPUs=8 RealMemory=64000 Gres=gpu:a100:4 State=UNKNOWN"
        );
    }
    text + "PartitionName=low Nodes=ALL Default=YES PriorityTier=1 State=UP\n\
            PartitionName=high Nodes=ALL PriorityTier=10 State=UP\n\
            PartitionName=short Nodes=ALL PriorityTier=1 MaxTime=1 State=UP\n"
}

/// `gres.conf`: a GPU without a file would not be counted, so each pretends to be a terminal.
pub(crate) fn gres() -> String {
    "AutoDetect=off\nName=gpu Type=a100 File=/dev/tty[0-3]\n".to_owned()
}

/// `slurmdbd.conf`, which must be readable by its user alone.
pub(crate) fn accounts(folder: &Path, ports: &Ports) -> String {
    let at = folder.display();
    format!(
        "AuthType=auth/munge\nAuthInfo=socket={at}/munge/socket\nDbdHost=localhost\nDbdPort={}\nSlurmUser=root\n\
         StorageType=accounting_storage/mysql\nStorageHost=127.0.0.1\nStoragePort={}\nStorageUser=slurm\n\
         StoragePass=slurm\nStorageLoc=slurm_acct_db\nLogFile={at}/log/slurmdbd.log\nPidFile={at}/slurmdbd.pid\n",
        ports.accounts, ports.database
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ() {
        let ports = Ports::free(4).unwrap();
        let mut all = ports.nodes.clone();
        all.extend([ports.controller, ports.database, ports.accounts]);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 7);
    }
}
