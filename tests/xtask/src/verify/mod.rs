//! `cargo verify`: every test there is, suite by suite, and a table of how each ended.
//!
//! Read in this order: `suite` (what is run), `tally` (what became of it), `failed` (which tests), `request`.

mod failed;
mod request;
mod suite;
mod table;
mod tally;

pub(crate) use request::{Request, run};
