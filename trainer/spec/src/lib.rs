//! The vocabulary that launcher, trainer and analysis share.
