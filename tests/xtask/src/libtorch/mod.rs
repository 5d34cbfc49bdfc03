//! `cargo libtorch`: the libtorch that the trainer is built with.
//!
//! One is taken from, in this order: `--from`; `LIBTORCH` in the environment; the one found earlier; the system
//! Python's torch; else it is installed into `.libtorch/` from pinned wheels. `.cargo/libtorch.toml` tells cargo where
//! it lies.
//!
//! Read in this order: `home` (a folder with a libtorch), `configuration`, `request` (the order above), `installation`
//! with `pip`, `stamp` and `nvidia`.

mod configuration;
mod home;
mod installation;
mod nvidia;
mod pip;
mod request;
mod stamp;

pub(crate) use configuration::Configuration;
pub(crate) use pip::platforms;
pub(crate) use request::{Request, ensure, python_folder, run};

/// The release that the bindings are written for.
const VERSION: &str = "2.11.0";
