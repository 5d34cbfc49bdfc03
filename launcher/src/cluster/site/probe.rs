//! Asking a cluster what it is, and what its user may do.

use serde::Serialize;
use slurm::client::{Client, ClientError};

use super::{Accounts, ClusterFacts, PartitionFacts};

/// What a cluster says of itself and of its user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Probe {
    /// Where commands are run, in words that follow a verb.
    pub place: String,
    /// On whose behalf.
    pub user: String,
    /// The controller's settings.
    pub cluster: ClusterFacts,
    /// The partitions.
    pub partitions: Vec<PartitionFacts>,
    /// What the user may do.
    pub accounts: Accounts,
}

impl Probe {
    /// Asks for everything. That there are no accounts to be asked is an answer too.
    ///
    /// # Errors
    /// The place cannot be reached, or its controller does not answer.
    pub fn ask(client: &Client) -> Result<Self, ClientError> {
        let user = client.user()?;
        let settings = client.configuration()?;
        let cluster = ClusterFacts::of(&settings);
        let partitions = PartitionFacts::of(&client.nodes()?);
        let accounts = if settings.has_accounting() {
            accounts(client, &user, cluster.name.as_deref())
        } else {
            Accounts::Unknown { why: "the cluster keeps no accounts".to_owned() }
        };
        Ok(Self { place: client.place(), user, cluster, partitions, accounts })
    }
}

/// What `user` may do on the cluster called `cluster`.
pub(in crate::cluster) fn accounts(client: &Client, user: &str, cluster: Option<&str>) -> Accounts {
    let known = client.associations(user).and_then(|associations| Ok((associations, client.qualities()?)));
    match known {
        Ok((mut associations, qualities)) => {
            // One database may keep the accounts of several clusters.
            associations.retain(|association| cluster.is_none_or(|name| association.cluster == name));
            Accounts::Known { associations, qualities }
        }
        Err(error) => Accounts::Unknown { why: error.to_string() },
    }
}
