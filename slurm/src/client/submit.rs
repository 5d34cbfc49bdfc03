use super::{Client, SUBMIT_PATIENCE};
use crate::parse::sbatch::{self, Submission};
use crate::transport::{Errand, TransportError};

impl Client {
    /// Submits a batch script, once.
    ///
    /// Whoever calls this must have written down that it is about to, and must look the job up by its name whenever the
    /// answer is [`Submission::Unresolved`].
    ///
    /// # Errors
    /// sbatch was not started: nothing can have been submitted.
    pub fn submit(&self, script: &str) -> Result<Submission, TransportError> {
        let errand = Errand {
            program: "sbatch",
            arguments: vec!["--parsable".to_owned()],
            input: script.to_owned(),
            patience: self.patience * SUBMIT_PATIENCE,
        };
        let output = self.transport.run(&errand)?;
        Ok(sbatch::read(&output.reply("sbatch")))
    }
}
