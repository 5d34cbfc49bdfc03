//! Sites: the clusters that are known by a name.
//!
//! Read in this order: [`profile`] (what a site's file says), [`keys`] and [`mod@mistakes`] (what it may say, and what
//! is wrong), [`folder`] (where the files lie), [`mod@effective`] (every key with its value and whence it comes),
//! [`facts`] (what a cluster says of itself), [`probe`] (asking it), [`mod@draft`] (a new profile from what was found).

mod draft;
mod effective;
mod error;
mod facts;
mod folder;
mod keys;
mod mistakes;
mod probe;
mod profile;

pub use self::draft::{Draft, Wishes as SiteWishes, draft};
pub use self::effective::{Effective, Origin, effective};
pub use self::error::SiteError;
pub(super) use self::facts::bound;
pub use self::facts::{Accounts, ClusterFacts, GpuFacts, PartitionFacts};
pub use self::folder::{HERE, Listed, all, create, file};
pub use self::probe::Probe;
pub(super) use self::probe::accounts as rights;
pub use self::profile::{Site, SshClient, SshSite};
