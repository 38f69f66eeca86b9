//! Decisions: the desired result per kind of resource, and why. No steps are created here.

pub(super) mod base;
pub(super) mod bind;
pub(super) mod build;
pub(super) mod builds;
pub(super) mod change;
pub(super) mod conflicts;
pub(super) mod container;
pub(super) mod content;
pub(super) mod cover;
pub(super) mod definition;
pub(super) mod exclusive;
pub(super) mod image;
pub(super) mod model;
pub(super) mod named;
pub(super) mod network;
pub(super) mod order;
pub(super) mod orphan;
pub(super) mod rolling;
pub(super) mod secret;
pub(super) mod shared;
pub(super) mod sharing;
pub(super) mod volume;
pub(super) mod when;
