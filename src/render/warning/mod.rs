//! What stops nothing and the user should know, in words: warnings of plans and of their steps.

pub mod plan;
pub mod step;
