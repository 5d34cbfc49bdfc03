//! From tidy results to statistics to a report.
