//! Sweep files, right and wrong: what they expand to, what is said about them, and that ids are names of the science.

mod grammar;
mod identity;
mod plan;
mod properties;
mod scale;
mod support;
mod wrong;
