//! Which exit code an error of this room deserves, and what the person could do about it.

use spec::{ExitCode, Failure, SpecError};

use crate::ask::texts::TextError;
use crate::bench::measure::BenchError;
use crate::checkpoint::CheckpointError;
use crate::collective::CollectiveError;
use crate::data::DataError;
use crate::export::ExportError;
use crate::files::WriteError;
use crate::finetune::FinetuneError;
use crate::finetune::tasks::TaskError;
use crate::finetune::tuning::TuneError;
use crate::import::ImportError;
use crate::parameters::ParameterError;
use crate::step::StepError;
use crate::store::StoreError;
use crate::train::TrainError;
use crate::trained::TrainedError;

/// An error with the exit code that says whose fault it is.
pub trait Blame: std::error::Error + Send + Sync + Sized + 'static {
    /// The exit code.
    fn exit(&self) -> ExitCode;
}

/// The error on its way to the terminal.
pub fn as_failure<E: Blame>(error: E) -> Failure {
    Failure::new(error.exit(), error)
}

/// A file that could not be written.
pub fn write_failure(error: WriteError) -> Failure {
    as_failure(error).hint("what was written before is intact; make room or give permission, then start the run again")
}

impl Blame for WriteError {
    fn exit(&self) -> ExitCode {
        ExitCode::CannotWrite
    }
}

impl Blame for SpecError {
    fn exit(&self) -> ExitCode {
        ExitCode::BadSpec
    }
}

impl Blame for DataError {
    fn exit(&self) -> ExitCode {
        match self {
            Self::Write { .. } => ExitCode::CannotWrite,
            Self::Interrupted => ExitCode::Resume,
            _ => ExitCode::BadData,
        }
    }
}

impl Blame for BenchError {
    fn exit(&self) -> ExitCode {
        match self {
            Self::Data(error) => error.exit(),
            Self::Parameters(error) => error.exit(),
            Self::Step(error) => error.exit(),
            Self::Folder(_) => ExitCode::CannotWrite,
        }
    }
}

impl Blame for ParameterError {
    fn exit(&self) -> ExitCode {
        ExitCode::Bug
    }
}

impl Blame for CheckpointError {
    fn exit(&self) -> ExitCode {
        match self {
            Self::Write(_) => ExitCode::CannotWrite,
            Self::Read { .. } | Self::Damaged { .. } | Self::Foreign { .. } => ExitCode::BadData,
            Self::Torch(_) => ExitCode::Bug,
        }
    }
}

impl Blame for TrainedError {
    fn exit(&self) -> ExitCode {
        match self {
            Self::NotADecoder { .. } => ExitCode::Usage,
            Self::Checkpoint(error) => error.exit(),
            Self::Data(error) => error.exit(),
            Self::Parameters(error) => error.exit(),
            Self::Torch(_) => ExitCode::Bug,
            _ => ExitCode::BadData,
        }
    }
}

impl Blame for ExportError {
    fn exit(&self) -> ExitCode {
        match self {
            Self::Model(error) => error.exit(),
            Self::InTheWay { .. } | Self::Write(_) => ExitCode::CannotWrite,
            Self::Unwritten { .. } | Self::Tokenizer(_) => ExitCode::BadData,
        }
    }
}

impl Blame for ImportError {
    fn exit(&self) -> ExitCode {
        match self {
            Self::Model(error) => error.exit(),
            Self::Export(error) => error.exit(),
            Self::Already { .. } => ExitCode::Usage,
            Self::Unsupported { .. }
            | Self::Mismatch(_)
            | Self::Differ { .. }
            | Self::NoNumbers { .. }
            | Self::Constant(_) => ExitCode::BadData,
        }
    }
}

impl Blame for StoreError {
    fn exit(&self) -> ExitCode {
        match self {
            Self::NoPlace | Self::Unknown { .. } | Self::NoAddress { .. } => ExitCode::Usage,
            Self::Network { .. } | Self::Status { .. } => ExitCode::Unavailable,
            Self::Write(_) => ExitCode::CannotWrite,
            Self::Lease(error) => error.exit(),
            _ => ExitCode::BadData,
        }
    }
}

impl Blame for TextError {
    fn exit(&self) -> ExitCode {
        ExitCode::BadData
    }
}

impl Blame for TaskError {
    fn exit(&self) -> ExitCode {
        ExitCode::BadData
    }
}

impl Blame for FinetuneError {
    fn exit(&self) -> ExitCode {
        match self {
            Self::UnknownTask { .. } => ExitCode::Usage,
            Self::Task(_)
            | Self::ContextTooSmall(_)
            | Self::Foreign { .. }
            | Self::Record { .. }
            | Self::Changed { .. } => ExitCode::BadData,
            Self::Data(error) => error.exit(),
            Self::Parameters(error) => error.exit(),
            Self::Tune(TuneError::Stopped) => ExitCode::Resume,
            Self::Tune(TuneError::Update(_) | TuneError::Tensors(_)) => ExitCode::Bug,
            Self::Tune(TuneError::Write(error)) | Self::Write(error) => error.exit(),
        }
    }
}

impl Blame for StepError {
    fn exit(&self) -> ExitCode {
        match self {
            Self::Data(error) => error.exit(),
            Self::Update(_) => ExitCode::Bug,
            Self::Collective(error) => error.exit(),
        }
    }
}

impl Blame for TrainError {
    fn exit(&self) -> ExitCode {
        match self {
            Self::Step(error) => error.exit(),
            Self::Write(error) => error.exit(),
            Self::Checkpoint(error) => error.exit(),
            Self::Thread(_) => ExitCode::Unavailable,
            Self::Collective(error) => error.exit(),
        }
    }
}

impl Blame for CollectiveError {
    fn exit(&self) -> ExitCode {
        match self {
            Self::Environment { .. } | Self::Incomplete { .. } => ExitCode::Usage,
            Self::Taken { .. } => ExitCode::Busy,
            Self::Write(error) => error.exit(),
            Self::Kind(_) | Self::Torch(_) | Self::OutOfStep { .. } => ExitCode::Bug,
            _ => ExitCode::Unavailable,
        }
    }
}
