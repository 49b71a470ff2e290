//! Every driver on its real router: one contract for all, what each may do wrong, and flips under load.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

#[cfg(feature = "aws")]
mod aws;
mod contract;
mod flips;
#[cfg(feature = "kubernetes")]
mod kubernetes;
mod load;
mod rigs;
mod slots;
mod wrong;
