//! End-to-end tests of Seedbed.
