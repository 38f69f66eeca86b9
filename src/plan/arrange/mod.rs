//! Turns decisions into steps and their order.

pub(super) mod address;
pub(super) mod conflicts;
pub(super) mod network_steps;
pub(super) mod one_off;
pub(super) mod replace;
pub(super) mod roll;
pub(super) mod sharing;
pub(super) mod wait;
pub(super) mod writer;
