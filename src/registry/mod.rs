//! Docker's configuration and credentials for registries.
//!
//! ```text
//! auth.rs          an `auth` -> user name and password
//! config.rs        the folder, and config.json: the only place where it is read
//! credentials.rs   a registry -> the credential to show it
//! helper.rs        a helper program -> its answer
//! plugins.rs       where Docker's plugins are
//! variable.rs      DOCKER_AUTH_CONFIG -> the logins in it
//! ```

mod auth;
mod config;
mod credentials;
mod helper;
mod plugins;
mod variable;

pub(crate) use config::{ConfigFile, config_folder};
pub(crate) use credentials::CredentialStore;
pub(crate) use plugins::plugin_folders;
