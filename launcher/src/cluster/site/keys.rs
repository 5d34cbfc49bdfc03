//! Every key of a profile: what it takes, whether its table needs it, and what holds where it is left out.

use std::str::FromStr;

use slurm::ValueError;
use slurm::name::{Account, Constraint, GresKind, ModuleName, NodeList, Partition, Qos, Reservation, VariableName};
use slurm::script::{AbsolutePath, ContainerImage, ExtraOption, MountPath};
use slurm::transport::ssh::Destination;

/// A key of a profile.
#[derive(Debug)]
pub(super) struct Key {
    /// The key with its table, as in `placement.account`.
    pub(super) path: &'static str,
    /// What it takes.
    pub(super) takes: Takes,
    /// Whether its table, once it is there, cannot do without it.
    pub(super) is_needed: bool,
    /// What holds where it is left out.
    pub(super) otherwise: &'static str,
}

/// What a key takes.
#[derive(Debug)]
pub(super) enum Takes {
    /// An integer from 1 to this.
    Count(u32),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text that passes.
    Text(Check),
    /// A list of texts that pass.
    Texts(Check),
    /// A table whose keys and texts pass.
    Table(Check, Check),
}

/// Whether a text is right; else what would be.
pub(super) type Check = fn(&str) -> Result<(), &'static str>;

fn is<T: FromStr<Err = ValueError>>(text: &str) -> Result<(), &'static str> {
    text.parse::<T>().map(drop).map_err(|error| error.expected)
}

#[expect(clippy::unnecessary_wraps, reason = "it is a `Check` like the others")]
fn any(_: &str) -> Result<(), &'static str> {
    Ok(())
}

fn is_absolute(text: &str) -> Result<(), &'static str> {
    if text.starts_with('/') { Ok(()) } else { Err("an absolute path: one that begins with `/`") }
}

/// Every key, in the order in which they are shown.
pub(super) const KEYS: [Key; 25] = [
    key("gpu-type", Takes::Text(is::<GresKind>), "any GPU"),
    key("max-running", Takes::Count(u32::MAX), "as many as Slurm starts"),
    key("max-submitted", Takes::Count(u32::MAX), "as many as Slurm takes"),
    key("patience", Takes::Count(u16::MAX as u32), "60"),
    key("options", Takes::Texts(is::<ExtraOption>), "no others"),
    key("placement.account", Takes::Text(is::<Account>), "the user's own in Slurm"),
    key("placement.partition", Takes::Text(is::<Partition>), "the default of the cluster"),
    key("placement.qos", Takes::Text(is::<Qos>), "that of the account"),
    key("placement.constraint", Takes::Text(is::<Constraint>), "any node"),
    key("placement.reservation", Takes::Text(is::<Reservation>), "none"),
    key("placement.exclude", Takes::Text(is::<NodeList>), "no node"),
    key("environment.source", Takes::Texts(is::<AbsolutePath>), "no file"),
    key("environment.modules", Takes::Texts(is::<ModuleName>), "no module"),
    key("environment.variables", Takes::Table(is::<VariableName>, any), "none"),
    key("environment.scratch", Takes::Text(is::<AbsolutePath>), "what the node has for TMPDIR"),
    needed("container.runtime", Takes::Word(&["apptainer", "pyxis"]), "no container"),
    needed("container.image", Takes::Text(is::<ContainerImage>), "no container"),
    key("container.binds", Takes::Texts(is::<MountPath>), "nothing"),
    needed("ssh.host", Takes::Text(is::<Destination>), "the Slurm of this machine"),
    key("ssh.client", Takes::Word(&["built-in", "openssh"]), "built-in"),
    key("ssh.config", Takes::Text(any), "~/.ssh/config"),
    needed("place.root", Takes::Text(is::<AbsolutePath>), "the paths of this machine"),
    needed("place.seedbed", Takes::Text(is::<AbsolutePath>), "this program, by its path here"),
    key("place.trainer", Takes::Text(is::<AbsolutePath>), "beside seedbed"),
    key("place.paths", Takes::Table(is_absolute, is::<AbsolutePath>), "the paths of this machine"),
];

const fn key(path: &'static str, takes: Takes, otherwise: &'static str) -> Key {
    Key { path, takes, is_needed: false, otherwise }
}

const fn needed(path: &'static str, takes: Takes, otherwise: &'static str) -> Key {
    Key { path, takes, is_needed: true, otherwise }
}
