//! `port`: where ports of a container are published.

use super::{OneContainer, OperationError};
use crate::engine::Engine;
use crate::observed::PublishedPort;

/// Finds where ports of a container are published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// The container.
    pub container: OneContainer,
    /// The ports.
    pub wanted: WantedPorts,
}

/// The ports to find, by their numbers in the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedPorts {
    /// All; those of one protocol if given.
    All {
        /// The protocol.
        protocol: Option<String>,
    },
    /// One, which the container must have.
    One {
        /// Its number.
        number: u16,
        /// Its protocol; any if `None`.
        protocol: Option<String>,
    },
}

impl Port {
    /// The ports, by number and protocol, and for each the addresses in the engine's order. Ports that are exposed but
    /// not published have none. For [`WantedPorts::One`] it is the first one.
    ///
    /// # Errors
    ///
    /// If no such container is up, it does not have the port, or the engine does not answer.
    pub async fn find<E: Engine>(&self, engine: &E) -> Result<Vec<PublishedPort>, OperationError> {
        let container = self.container.find_up(engine).await?;
        let mut ports = container.ports;
        ports.sort_by(|one, other| (one.target, &one.protocol).cmp(&(other.target, &other.protocol)));
        match &self.wanted {
            WantedPorts::All { protocol } => {
                ports.retain(|port| protocol.as_ref().is_none_or(|protocol| port.protocol == *protocol));
                Ok(ports)
            }
            WantedPorts::One { number, protocol } => {
                let is_it = |port: &PublishedPort| {
                    port.target == *number && protocol.as_ref().is_none_or(|protocol| port.protocol == *protocol)
                };
                match ports.iter().position(is_it) {
                    Some(at) => Ok(vec![ports.swap_remove(at)]),
                    None => Err(OperationError::NoPort {
                        wanted: shown(*number, protocol.as_deref().unwrap_or_default()),
                        container: container.name,
                        ports: ports.iter().map(|port| shown(port.target, &port.protocol)).collect(),
                    }),
                }
            }
        }
    }
}

fn shown(number: u16, protocol: &str) -> String {
    format!("{number}/{protocol}")
}
