//! A trained model is asked: [`score`] what it thinks of texts, [`generate`] to go on with one.
//!
//! Both read a run's directory or a model folder (see [`crate::trained`]) and compute in fp32. [`texts`] reads what is
//! to be scored; [`sampling`] chooses the next token.

pub mod generate;
pub mod sampling;
pub mod score;
pub mod texts;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use native::cuda::Availability;
use spec::{ExitCode, Failure};
use tch::Device;

use crate::failure::as_failure;
use crate::model::Model;
use crate::trained::TrainedModel;
use crate::{device, logbook};

/// Which model is asked, and where it computes.
#[derive(Debug, Args)]
pub struct Asked {
    /// A run's directory, or a folder that `export` or `import` wrote
    #[arg(long)]
    dir: PathBuf,
    /// Where the run's tokenizer lies [default: `cache` in the sweep's directory]
    #[arg(long)]
    cache: Option<PathBuf>,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = Wish::Auto)]
    device: Wish,
}

/// Where a model should compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wish {
    /// A GPU where there is one
    Auto,
    /// The processor
    Cpu,
    /// A GPU
    Cuda,
}

/// A model that is ready to be asked.
#[derive(Debug)]
pub struct Ready {
    /// Spec and tokenizer.
    pub trained: TrainedModel,
    /// The network.
    pub model: Model,
    /// Where it computes.
    pub device: Device,
}

/// A model whose answers are no numbers.
pub(crate) fn no_numbers() -> Failure {
    Failure::new(ExitCode::BadData, "the model's logits are not numbers: its training diverged")
}

impl Asked {
    /// The directory of the model.
    pub fn directory(&self) -> &std::path::Path {
        &self.dir
    }

    /// Reads the model and moves it to its device.
    ///
    /// # Errors
    /// When there is no model, it is damaged, or a GPU that was asked for is not there.
    pub fn open(&self, cuda: &Availability) -> Result<Ready, Failure> {
        device::ready(None, false)?;
        let wish = match self.device {
            Wish::Auto => spec::execution::Device::Auto,
            Wish::Cpu => spec::execution::Device::Cpu,
            Wish::Cuda => spec::execution::Device::Cuda,
        };
        let device = device::choose(wish, device::Said::OnCommandLine, cuda)?;
        let note = &mut |note: &str| logbook::say(note);
        let trained = TrainedModel::open(&self.dir, self.cache.as_deref(), note).map_err(as_failure)?;
        let model = trained.model(device);
        Ok(Ready { trained, model, device })
    }
}
