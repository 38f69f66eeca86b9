//! Published and exposed ports (compose-file.md §2.1).

use crate::project::Extensions;

/// A container port made reachable from outside; one entry of `ports` in long form, ranges expanded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Port {
    /// A name for people.
    pub name: Option<String>,
    /// `ingress` (what loading fills in) or `host`; without meaning on one machine.
    pub mode: Option<String>,
    /// The address of the host it listens on; all when absent.
    pub host_ip: Option<String>,
    /// The port in the container. The long form is not checked against 65535 when loading.
    pub target: u32,
    /// The port of the host, or a range `8000-8010` out of which the engine picks one; absent or `0`: any free one.
    pub published: Option<String>,
    /// `tcp` (what loading fills in), `udp` or `sctp`.
    pub protocol: Option<String>,
    /// What is spoken on it, as in `http`; for people and tools.
    pub app_protocol: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}
