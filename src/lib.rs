//! hoist reads Compose files, compares them with the state of a container engine, and makes the necessary changes.
//!
//! The modules are the pipeline: [`load`] turns files into a [`project`], [`engine`] observes, [`plan`] compares,
//! [`execute`] executes the plan, [`operation`] combines these, [`render`] shows what happened. `docs/architecture.md`
//! describes them, and how to extend each.
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

pub mod cli;
pub mod diagnostic;
pub mod engine;
pub mod event;
pub mod execute;
pub mod export;
pub mod load;
pub mod observed;
pub mod operation;
pub mod plan;
pub mod project;
pub(crate) mod registry;
pub mod render;
pub mod source;
pub mod yaml;
