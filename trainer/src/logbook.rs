//! What the trainer says while it works: lines on standard error, which the supervisor keeps as the attempt's log.

use std::io::Write;

/// Says one line or paragraph.
pub fn say(text: &str) {
    // There is nobody left to tell when standard error is gone.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
