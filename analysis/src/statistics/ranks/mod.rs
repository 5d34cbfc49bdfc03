//! Tests by ranks and signs. They hold for any shape of distribution, and with few seeds they cannot reject at all:
//! [`attainable`] says when.

pub mod after_friedman;
pub mod attainable;
pub mod brunner_munzel;
pub mod conover;
pub mod conover_iman;
pub mod decimal;
pub mod dunn;
pub mod hodges_lehmann;
pub mod kruskal_wallis;
pub mod mann_whitney;
pub mod midranks;
pub mod quade;
pub mod sign;
pub mod signed_rank;
pub mod skillings_mack;
