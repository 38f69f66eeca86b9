//! Docker's configuration and credentials for registries.
//!
//! ```text
//! config.rs        the folder, and config.json: the only place where it is read
//! credentials.rs   a registry -> the credential to show it
//! helper.rs        a helper program -> its answer
//! plugins.rs       where Docker's plugins are
//! ```

mod config;
mod credentials;
mod helper;
mod plugins;

pub(crate) use config::{ConfigFile, config_folder};
pub(crate) use credentials::CredentialStore;
pub(crate) use plugins::plugin_folders;
