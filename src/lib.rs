//! hoist reads Compose files, compares them with what a container engine has, and drives the engine to what the files
//! ask for.
//!
//! The modules are the pipeline: [`load`] makes a [`project`] of files, [`engine`] observes, [`plan`] compares,
//! `execute` carries the plan out, [`operation`] puts these together, `render` shows what happened.
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

pub mod cli;
pub mod diagnostic;
pub mod engine;
pub mod event;
pub mod execute;
pub mod load;
pub mod observed;
pub mod operation;
pub mod plan;
pub mod project;
pub(crate) mod registry;
pub mod render;
pub mod source;
pub mod yaml;
