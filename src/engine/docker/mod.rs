//! Engines that speak Docker's API. The only folder that names bollard.
//!
//! ```text
//! connect.rs  contexts.rs  address.rs        settings -> an address and TLS files
//! transport.rs  tls.rs  ssh.rs  client.rs    an address -> requests and answers, in the version agreed on
//! classify.rs                                answers and failures -> EngineError
//! observe.rs  listed.rs  status.rs           what the engine has of a project
//! containers/  archives.rs  networks.rs  volumes.rs  images.rs  builds.rs  streams/
//!                                            the traits of the engine, by resource
//! image_lookup.rs  image_details.rs          which image a reference means, and what it is
//! transfer.rs  reference.rs  commit.rs       images to and from registries, and out of containers
//! convert/                                   a project's terms -> the engine's requests
//! build/                                     the BuildKit client
//! ```

mod address;
mod archives;
mod build;
mod builds;
mod classify;
mod client;
mod commit;
mod connect;
mod containers;
mod contexts;
mod convert;
mod image_details;
mod image_lookup;
mod images;
mod json;
mod listed;
mod local_file;
mod networks;
mod observe;
mod platform;
mod reference;
mod ssh;
mod status;
mod streams;
mod tls;
mod transfer;
mod transport;
mod volumes;

use self::client::Client;
pub use self::connect::{AuthConfig, BuildSettings, ConnectSettings, GithubJob, TlsRequest};
pub use self::ssh::DialCommand;
use super::EngineError;

/// An engine that speaks Docker's API: Docker Engine from 20.10 on, or Podman.
#[derive(Debug, Clone)]
pub struct Docker {
    client: Client,
}

impl Docker {
    /// The engine that the settings select. Nothing is sent: the first call finds out whether it answers.
    ///
    /// # Errors
    ///
    /// [`EngineError::Configuration`] if the settings yield no usable address, [`EngineError::Unsupported`] for kinds
    /// of address that hoist cannot connect to.
    pub fn connect(settings: ConnectSettings) -> Result<Self, EngineError> {
        Ok(Self { client: Client::new(settings)? })
    }

    /// The engine's address as users write it.
    #[must_use]
    pub fn address(&self) -> String {
        self.client.address()
    }
}
