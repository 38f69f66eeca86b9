//! Decisions become steps, and what comes before what.

pub(super) mod address;
pub(super) mod conflicts;
pub(super) mod network_steps;
pub(super) mod replace;
pub(super) mod roll;
pub(super) mod sharing;
pub(super) mod wait;
pub(super) mod writer;
