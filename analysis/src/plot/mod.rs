//! Plots as SVG text: no clock, no randomness, no script; colours are CSS classes, so that one file serves light and dark.
//!
//! [`svg`] writes elements, [`axis`] maps numbers to places and chooses round ticks; [`strip`], [`forest`] and [`curves`] are
//! one plot each.

pub mod axis;
pub mod curves;
pub mod forest;
pub mod rows;
pub mod strip;
pub mod svg;
