//! Words for the person at the terminal: stdout is data, stderr is talk, and only commands call this.
//!
//! A reader that goes away (`seedbed status | head -1`) is no error: what it no longer wants is dropped.

mod count;
mod duration;
mod stream;
mod table;
mod terminal;

pub use self::count::counted;
pub use self::duration::duration;
pub use self::stream::{print, still_heard, talk};
pub use self::table::Table;
pub use self::terminal::Terminal;
