//! The files that Slurm reads.

use std::fmt::Write as _;
use std::path::Path;

use port::Port;

use crate::Options;

/// The ports of a cluster, its own as long as they are held.
#[derive(Debug)]
pub(crate) struct Ports {
    controller: Port,
    database: Port,
    accounts: Port,
    nodes: Vec<Port>,
}

impl Ports {
    /// One for each daemon of a cluster with so many nodes.
    pub(crate) fn take(nodes: u16) -> std::io::Result<Self> {
        Ok(Self {
            controller: Port::take()?,
            database: Port::take()?,
            accounts: Port::take()?,
            nodes: (0..nodes).map(|_| Port::take()).collect::<Result<_, _>>()?,
        })
    }

    /// Where the database of the accounts listens.
    pub(crate) fn database(&self) -> u16 {
        self.database.number()
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
        controller = ports.controller.number(),
        array = options.max_array_size,
        timeout = options.node_timeout,
    );
    if options.accounting {
        let _ = writeln!(text, "AccountingStorageType=accounting_storage/slurmdbd\nAccountingStorageHost=localhost");
        let _ = writeln!(text, "AccountingStoragePort={}\nAccountingStorageTRES=gres/gpu", ports.accounts.number());
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
            "NodeName=node{node} NodeHostname=localhost Port={} CPUs=8 RealMemory=64000 Gres=gpu:a100:4 State=UNKNOWN",
            port.number()
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
        ports.accounts.number(),
        ports.database.number()
    )
}
