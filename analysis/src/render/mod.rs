//! The report as files and text. [`rows`] turns numbers into words once; the other modules place them.

pub mod drawings;
pub mod html;
pub mod latex;
pub mod markdown;
pub mod power;
pub mod rows;
pub mod summary;
pub mod tables;
pub mod write;
