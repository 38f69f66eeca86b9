//! Desired state: plain data and questions about it, no I/O.

pub mod number;
mod tree;

pub use tree::Tree;
