//! A Kerberos realm of one's own: its database, its centre on a loopback port, and the keys and tickets that it gives.

use std::fs::{self, File};
use std::io;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use port::Port;

use crate::process::{run, wait};

const NAME: &str = "SEEDBED.TEST";
/// The machine that takes tickets, by the name under which `ssh` asks for one.
const HOST: &str = "host/localhost";

/// A realm, as long as it is held; if its owner is killed, the kernel kills its centre.
#[derive(Debug)]
pub(crate) struct Realm {
    folder: PathBuf,
    centre: Child,
    _port: Port,
}

impl Realm {
    /// A realm whose files lie in a folder of `parent`, with keys for the machine and for root.
    pub(crate) fn start(parent: &Path) -> io::Result<Self> {
        let folder = parent.join("kerberos");
        fs::create_dir(&folder)?;
        let held = Port::take()?;
        let port = held.number();
        let at = folder.display();
        fs::write(folder.join("krb5.conf"), client_file(port))?;
        fs::write(
            folder.join("kdc.conf"),
            format!(
                "[kdcdefaults]\nkdc_listen = 127.0.0.1:{port}\nkdc_tcp_listen = 127.0.0.1:{port}\n[realms]\n{NAME} = {{\n\
                 database_name = {at}/principal\nkey_stash_file = {at}/stash\nacl_file = {at}/acl\n}}\n"
            ),
        )?;
        run(command(&folder, "/usr/sbin/kdb5_util").args(["create", "-s", "-P", "a realm of the tests", "-r", NAME]))?;
        for (principal, keys) in [(HOST, "host.keys"), ("root", "root.keys")] {
            let ask = |query: String| run(command(&folder, "/usr/sbin/kadmin.local").args(["-r", NAME, "-q", &query]));
            ask(format!("addprinc -randkey {principal}"))?;
            ask(format!("ktadd -k {at}/{keys} {principal}"))?;
        }
        let mut centre = command(&folder, "setpriv");
        centre.args(["--pdeathsig", "KILL", "/usr/sbin/krb5kdc", "-n", "-r", NAME]);
        let log = File::create(folder.join("log"))?;
        centre.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let realm = Self { centre: centre.spawn()?, folder, _port: held };
        wait(|| TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        Ok(realm)
    }

    /// The file that leads to the centre.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.folder.join("krb5.conf")
    }

    /// The keys by which the machine knows a ticket for it.
    pub(crate) fn keys_of_host(&self) -> PathBuf {
        self.folder.join("host.keys")
    }

    /// Gets a ticket for `user`, whose keys lie there, and returns the variables by which it is found.
    pub(crate) fn ticket(&self, user: &str) -> io::Result<Vec<(String, String)>> {
        let found = self.variables("ticket");
        let mut kinit = Command::new("kinit");
        kinit.envs(found.iter().cloned()).arg("-k").arg("-t").arg(self.folder.join(format!("{user}.keys"))).arg(user);
        run(&mut kinit)?;
        Ok(found)
    }

    /// The variables of somebody who has none.
    pub(crate) fn without_ticket(&self) -> Vec<(String, String)> {
        self.variables("none")
    }

    fn variables(&self, cache: &str) -> Vec<(String, String)> {
        let path = |name: &str| self.folder.join(name).display().to_string();
        vec![("KRB5_CONFIG".to_owned(), path("krb5.conf")), ("KRB5CCNAME".to_owned(), format!("FILE:{}", path(cache)))]
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        let _ = self.centre.kill();
        let _ = self.centre.wait();
    }
}

fn client_file(port: u16) -> String {
    format!(
        "[libdefaults]\ndefault_realm = {NAME}\ndns_lookup_realm = false\ndns_lookup_kdc = false\nrdns = false\n\
         dns_canonicalize_hostname = false\n[realms]\n{NAME} = {{\nkdc = 127.0.0.1:{port}\n}}\n[domain_realm]\n\
         localhost = {NAME}\n"
    )
}

/// A program of the realm's, which finds its files.
fn command(folder: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("KRB5_CONFIG", folder.join("krb5.conf")).env("KRB5_KDC_PROFILE", folder.join("kdc.conf"));
    command
}
