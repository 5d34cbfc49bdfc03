//! End-to-end tests on a real Slurm: four nodes with four pretended GPUs each, accounts, and everything that goes
//! wrong.
//!
//! Each test has a sweep of its own; the cluster is shared by those that run at the same time, and stopped with the
//! last. Read `submission` first. `surprises`, `outages`, `kills` and `strangers` disturb, `steering` gives orders,
//! `retries` shows what each end leads to, `ranks` spreads a run over nodes, `remote` submits to a site elsewhere,
//! `kerberos` to one that wants a ticket, `parity` compares with `seedbed run`, `packing` shares tasks, `evaluation`
//! measures what is done, `containers` wraps them, `sites` asks, adds and examines clusters; `bench` holds the sweep
//! and the hands to disturb it with.

mod bench;
mod containers;
mod evaluation;
mod kerberos;
mod kills;
mod outages;
mod packing;
mod parity;
mod ranks;
mod remote;
mod retries;
mod sites;
mod steering;
mod strangers;
mod submission;
mod surprises;
