//! The map of the house. Arrows run one way: what stands lower here may use what stands above it.

pub mod model;
pub mod sql;
