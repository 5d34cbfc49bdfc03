//! Being asked to stop: SIGTERM, SIGINT and SIGUSR2 all mean "checkpoint and leave".

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR2, SIGXFSZ};

/// From now on a write beyond the largest size that a file may have (`ulimit -f`) fails, as it does on a full disk; by
/// default it ends the process without a word. A program that is started from here has the default back.
///
/// # Errors
/// When the system refuses a handler.
pub fn survive_large_files() -> io::Result<()> {
    signal_hook::flag::register(SIGXFSZ, Arc::default()).map(drop)
}

/// Whether somebody has asked the process to stop.
#[derive(Debug, Clone)]
pub struct StopRequest {
    asked: Arc<AtomicBool>,
    /// How often a test may look before it is time to leave.
    #[cfg(test)]
    looks: Option<Arc<std::sync::atomic::AtomicU64>>,
}

impl StopRequest {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn listen() -> io::Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGINT, SIGUSR2] {
            signal_hook::flag::register(signal, Arc::clone(&asked))?;
        }
        Ok(Self {
            asked,
            #[cfg(test)]
            looks: None,
        })
    }

    /// Asks whoever has looked `looks` times.
    #[cfg(test)]
    pub(crate) fn after(looks: u64) -> Self {
        let looks = Some(Arc::new(std::sync::atomic::AtomicU64::new(looks)));
        Self { asked: Arc::new(AtomicBool::new(false)), looks }
    }

    /// Whether it is time to leave.
    pub fn is_asked(&self) -> bool {
        #[cfg(test)]
        if let Some(looks) = &self.looks {
            return looks.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err();
        }
        self.asked.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_would_be_too_large_ends_nobody() {
        survive_large_files().unwrap();
        signal_hook::low_level::raise(SIGXFSZ).unwrap();
    }
}
