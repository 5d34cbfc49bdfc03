//! `ledger.jsonl`: what was intended and what was seen, one event a line, in the order in which it happened.
//!
//! The ledger is only ever appended to, each line reaches the disk before the next step is taken, and only the holder
//! of the sweep's lock writes. Read [`event`] for what can happen, [`run_end`] for why a run is unfinished although its
//! task is over, [`end_word`] for what a person calls that, [`mod@file`] for how it is kept.

mod end_word;
mod event;
mod file;
mod run_end;

pub use self::end_word::EndWord;
pub use self::event::{Entry, Event, Place};
pub use self::file::{History, Ledger, read};
pub use self::run_end::RunEnd;
