//! The report as files and text. [`rows`], [`sheets`] and [`appendix`] turn numbers into words once;
//! the other modules place them.

pub mod appendix;
pub mod averages;
pub mod bibliography;
pub mod card;
pub mod drawings;
pub mod html;
mod judged_columns;
pub mod latex;
pub mod markdown;
pub mod networks;
pub mod overall;
pub mod power;
pub mod rows;
pub mod sheets;
pub mod summary;
pub mod tables;
pub mod write;
