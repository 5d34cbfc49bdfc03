//! Words for the person at the terminal: stdout is data, stderr is talk. Commands and `main` call this and, while
//! something takes long, the progress of local runs and whatever waits for a site.
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
