//! The file of the cluster: read and replaced whole, under a lock.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::cluster::Cluster;

/// The folder in which a cluster lies.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The cluster in `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a cluster where there is none.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(&self, cluster: &Cluster) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        self.write(cluster)
    }

    /// The cluster as it is now.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self) -> io::Result<Cluster> {
        Ok(serde_json::from_slice(&fs::read(self.file())?)?)
    }

    /// Changes the cluster while nobody else does.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn change<T>(&self, change: impl FnOnce(&mut Cluster) -> T) -> io::Result<T> {
        let lock = File::create(self.folder.join("lock"))?;
        lock.lock()?;
        let mut cluster = self.read()?;
        let before = cluster.clone();
        let result = change(&mut cluster);
        if cluster != before {
            self.write(&cluster)?;
        }
        Ok(result)
    }

    fn write(&self, cluster: &Cluster) -> io::Result<()> {
        let new = self.folder.join("cluster.new");
        fs::write(&new, serde_json::to_vec_pretty(cluster)?)?;
        fs::rename(new, self.file())
    }

    fn file(&self) -> PathBuf {
        self.folder.join("cluster.json")
    }
}
