//! A project in, something else out: the graph of its services.

pub mod graph;
