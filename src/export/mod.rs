//! A project in, something else out: the graph of its services, their builds for another builder.

pub mod bake;
pub mod graph;
pub mod viz;
