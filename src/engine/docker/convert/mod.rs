//! The project's definitions in, the engine's requests out. Pure: everything read or queried is in [`Facts`].

mod absent;
pub(super) mod build;
mod config;
mod container;
mod facts;
mod feature_gates;
pub(super) mod files;
mod hook;
mod host_config;
mod mounts;
mod networking;
mod resources;
mod service;
mod storage;
#[cfg(test)]
mod tests;

pub(super) use container::create_request;
pub(super) use facts::Facts;
pub(super) use hook::{hook_replica, hook_request};
pub(super) use host_config::seccomp_files;
pub(super) use networking::{endpoint_to_connect, network_request};
pub(super) use service::service_of;
pub(super) use storage::volume_request;
