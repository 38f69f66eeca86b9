//! Warnings of plans and their steps as text.

pub mod detached;
pub mod plan;
pub mod step;
