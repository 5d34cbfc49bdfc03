//! What a cluster stands on before Slurm starts: its folder and files, munge, and the storage of its accounts.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::cluster::{Cluster, run};
use crate::configuration::{self, NAME};
use crate::error::ClusterError;

impl Cluster {
    pub(crate) fn prepare(&self) -> Result<(), ClusterError> {
        let failure = |source| ClusterError::Write { path: self.folder().to_owned(), source };
        fs::set_permissions(self.folder(), fs::Permissions::from_mode(0o755)).map_err(failure)?;
        for name in ["state", "log", "munge", "database"] {
            fs::create_dir(self.folder().join(name)).map_err(failure)?;
        }
        for node in 1..=self.options.nodes {
            fs::create_dir_all(self.folder().join(format!("spool/node{node}"))).map_err(failure)?;
        }
        self.write("slurm.conf", &configuration::slurm(self.folder(), &self.ports, self.options), 0o644)?;
        self.write("gres.conf", &configuration::gres(), 0o644)?;
        self.write("slurmdbd.conf", &configuration::accounts(self.folder(), &self.ports), 0o600)?;
        // A key of this cluster alone; what it protects lives for minutes.
        let key: String =
            (0..8).map(|_| fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap_or_default()).collect();
        self.write("munge/key", &key, 0o400)
    }

    pub(crate) fn start_munge(&self) -> Result<(), ClusterError> {
        run(Command::new("chown").args(["-R", "munge:munge", &self.path("munge")]))?;
        let arguments = [
            "--foreground".to_owned(),
            "--force".to_owned(),
            format!("--socket={}", self.path("munge/socket")),
            format!("--key-file={}", self.path("munge/key")),
            format!("--pid-file={}", self.path("munge/pid")),
            format!("--log-file={}", self.path("munge/log")),
            format!("--seed-file={}", self.path("munge/seed")),
        ];
        let daemon = self.daemon("munged", Some("munge"), &arguments)?;
        self.lock().munge = Some(daemon);
        let socket = self.path("munge/socket");
        self.wait("munge answers", || self.succeeds("munge", &["-n", "-S", &socket]))
    }

    pub(crate) fn start_storage(&self) -> Result<(), ClusterError> {
        let data = self.path("database");
        run(Command::new("chown").args(["mysql:mysql", &data]))?;
        run(Command::new("mariadb-install-db").args([
            "--no-defaults",
            "--user=mysql",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
            &format!("--datadir={data}"),
            // Each server that starts clears the temporary folder of what it takes for its own: of another cluster's.
            &format!("--tmpdir={data}"),
        ]))?;
        let socket = format!("{data}/socket");
        let arguments = [
            "--no-defaults".to_owned(),
            format!("--datadir={data}"),
            format!("--tmpdir={data}"),
            format!("--socket={socket}"),
            format!("--port={}", self.ports.database()),
            format!("--pid-file={data}/pid"),
            "--bind-address=127.0.0.1".to_owned(),
            // Nothing here must survive a power cut.
            "--innodb-flush-log-at-trx-commit=0".to_owned(),
            "--innodb-buffer-pool-size=64M".to_owned(),
            "--innodb-lock-wait-timeout=900".to_owned(),
        ];
        let daemon = self.daemon("mariadbd", Some("mysql"), &arguments)?;
        self.lock().storage = Some(daemon);
        let connect = format!("--socket={socket}");
        let statements = "CREATE DATABASE slurm_acct_db; CREATE USER 'slurm'@'127.0.0.1' IDENTIFIED BY 'slurm'; \
                          CREATE USER 'slurm'@'localhost' IDENTIFIED BY 'slurm'; \
                          GRANT ALL ON slurm_acct_db.* TO 'slurm'@'127.0.0.1'; \
                          GRANT ALL ON slurm_acct_db.* TO 'slurm'@'localhost';";
        self.wait("the storage answers", || {
            self.succeeds("mariadb", &["--no-defaults", &connect, "-u", "root", "-e", "SELECT 1"])
        })?;
        run(Command::new("mariadb").args(["--no-defaults", &connect, "-u", "root", "-e", statements]))
    }

    /// Tells the accounts of the cluster. On a busy machine their tables may not be made yet, and the call fails.
    pub(crate) fn register(&self) -> Result<(), ClusterError> {
        let is_known = || {
            let output = self.command("sacctmgr").args(["-n", "-P", "show", "cluster", "format=cluster"]).output();
            output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).lines().any(|line| line == NAME))
        };
        self.wait("the accounts know the cluster", || self.sacctmgr(&["add", "cluster", NAME]).is_ok() || is_known())
    }
}
