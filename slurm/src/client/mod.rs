//! One client for everything that is asked of Slurm, over any [transport](crate::transport).
//!
//! Read [`query`] for what is asked, [`order`] for what is told, [`submit`] for the one call that must not be repeated.
//!
//! Invariants: each method is one command, or a bounded number of them where a list of jobs is long; nothing is tried
//! again here; a query that failed is an error, and never an empty answer.

mod error;
mod order;
mod query;
mod submit;

pub use error::ClientError;
pub use query::{Wanted, Window};

use std::rc::Rc;
use std::time::Duration;

use crate::transport::{Errand, Output, Transport};

/// How long a query may take: more than any site's `MessageTimeout` that is known of.
const QUERY_PATIENCE: Duration = Duration::from_mins(1);
/// How many times as long as a query a submission may take. sbatch itself tries again for a while when the controller
/// is busy, and to kill it then would leave a riddle.
const SUBMIT_PATIENCE: u32 = 3;

/// Slurm, as one place reaches it.
///
/// A clone asks on the same way.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Rc<dyn Transport>,
    patience: Duration,
}

impl Client {
    /// A client over `transport`.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self { transport: Rc::new(transport), patience: QUERY_PATIENCE }
    }

    /// The same client, for which a query may take so long, and a submission three times as long.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The way on which it asks.
    pub fn transport(&self) -> &dyn Transport {
        self.transport.as_ref()
    }

    /// The place in words that follow a verb: `on this machine`.
    pub fn place(&self) -> String {
        self.transport.place()
    }

    fn run(&self, program: &'static str, arguments: Vec<String>) -> Result<Output, ClientError> {
        let errand = Errand { program, arguments, input: String::new(), patience: self.patience };
        Ok(self.transport.run(&errand)?)
    }
}
