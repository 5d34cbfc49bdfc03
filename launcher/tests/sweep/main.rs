//! Sweep files, right and wrong: what they expand to, what is said about them, and that ids are names of the science.

#![allow(clippy::unwrap_used, reason = "a test whose files cannot be set up has failed")]

mod grammar;
mod identity;
mod plan;
mod preset;
mod properties;
mod scale;
mod support;
mod unused;
mod wrong;
