//! Entries of a container's hosts file (compose-file.md §2.4).

use std::collections::BTreeMap;

/// Host names and their addresses; several addresses of one host keep their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtraHosts(pub BTreeMap<String, Vec<String>>);

impl ExtraHosts {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Host and address, once for every address, by host.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(host, addresses)| addresses.iter().map(|address| (host.as_str(), address.as_str())))
    }

    /// Every entry as `host` `separator` `address`, sorted as text: `=` for `config`, `:` for the engine.
    #[must_use]
    pub fn entries(&self, separator: char) -> Vec<String> {
        let mut entries: Vec<_> = self.iter().map(|(host, address)| format!("{host}{separator}{address}")).collect();
        entries.sort_unstable();
        entries
    }
}
