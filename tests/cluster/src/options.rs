/// What can be chosen of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Nodes, each with 8 processors, 64,000 MiB and 4 GPUs.
    pub nodes: u16,
    /// `MaxArraySize`: the largest array index is one less.
    pub max_array_size: u32,
    /// The most jobs that the user may have submitted at a time.
    pub max_submit_jobs: Option<u32>,
    /// Seconds without an answer after which a node counts as down.
    pub node_timeout: u16,
    /// Whether there is an accounting database.
    pub accounting: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { nodes: 4, max_array_size: 1001, max_submit_jobs: None, node_timeout: 20, accounting: true }
    }
}
