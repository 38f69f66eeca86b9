//! (Project, Observed, Options) in, a plan out: decisions only, no I/O, no clock, no prompt.

mod action;
mod graph;

pub use action::*;
pub use graph::{ActionId, Edge, Plan, PlanBuilder};
