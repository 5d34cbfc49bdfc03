//! Plots as SVG text: no clock, no randomness, no script; colours are CSS classes, so that one file serves light and
//! dark. What a colour says a shape, a sign or a word says too.
//!
//! [`svg`] writes elements, [`axis`] maps numbers to places and chooses round ticks, [`rows`] is the frame of plots
//! with a row a level. One plot each: of a stratum [`strip`], [`forest`], [`equivalence`], [`ranks`], [`pairs`],
//! [`profile`] and [`seeds`]; of a contrast [`interaction`]; of a metric [`power`] and [`curves`].

pub mod axis;
pub mod curves;
pub mod equivalence;
pub mod forest;
pub mod interaction;
pub mod pairs;
pub mod power;
pub mod profile;
pub mod ranks;
pub mod rows;
pub mod seeds;
pub mod strip;
pub mod svg;
