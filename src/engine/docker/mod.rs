//! Engines that speak Docker's API. The only folder that names bollard.
//!
//! ```text
//! connect.rs  contexts.rs  address.rs        settings -> an address and TLS files
//! transport.rs  tls.rs  ssh.rs  client.rs    an address -> requests and answers, in the version agreed on
//! classify.rs                                answers and failures -> EngineError
//! observe.rs  listed.rs  status.rs           what the engine has of a project
//! containers/  archives.rs  networks.rs  volumes.rs  images.rs  commit.rs  builds.rs  streams/    the traits of the engine, by resource
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
mod transport;
mod volumes;

use self::client::Client;
pub use self::connect::{ConnectSettings, TlsRequest};
use super::EngineError;

/// An engine that speaks Docker's API: Docker Engine from 20.10 on, or Podman.
#[derive(Debug, Clone)]
pub struct Docker {
    client: Client,
}

impl Docker {
    /// The engine that the settings name. Nothing is sent: the first call finds out whether one answers.
    ///
    /// # Errors
    ///
    /// [`EngineError::Configuration`] if the settings name no address that can be used, [`EngineError::Unsupported`]
    /// for kinds of addresses that hoist has no connection for.
    pub fn connect(settings: ConnectSettings) -> Result<Self, EngineError> {
        Ok(Self { client: Client::new(settings)? })
    }

    /// Where the engine listens: `unix:///var/run/docker.sock`, `tcp://host:2376`.
    #[must_use]
    pub fn address(&self) -> String {
        self.client.address()
    }

    /// Whether the engine is on this machine, as far as its address tells.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.client.transport().address().is_local()
    }
}
