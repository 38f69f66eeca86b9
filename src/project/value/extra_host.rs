//! Entries of a container's hosts file (Compose spec: `05-services.md`, `extra_hosts`).

use std::collections::BTreeMap;

/// Host names and their addresses; several addresses of one host keep their order.
///
/// ```
/// use hoist::project::value::ExtraHosts;
/// let mut hosts = ExtraHosts::default();
/// hosts.add("db=10.0.0.1,[::1]")?;
/// hosts.add("gate:host-gateway")?;
/// assert_eq!(hosts.entries('='), ["db=10.0.0.1", "db=::1", "gate=host-gateway"]);
/// assert!(hosts.add("lonely").is_err());
/// # Ok::<(), hoist::project::value::extra_host::ExtraHostError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtraHosts(pub BTreeMap<String, Vec<String>>);

/// Why an entry is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtraHostError {
    /// There is no address after the host.
    #[error("`{text}` has no address for the host")]
    NoAddress {
        /// The entry as written.
        text: String,
    },
    /// The host is empty or contains a separator.
    #[error("`{host}` is not a host name")]
    BadHost {
        /// What should be the host.
        host: String,
    },
}

impl ExtraHostError {
    /// An example of what is accepted.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoAddress { text } if text == "host.docker.internal" => {
                format!("write its address too: `{text}=host-gateway`")
            }
            Self::NoAddress { text } if with_blank(text).is_some() => {
                format!("write `{}`", with_blank(text).unwrap_or_default())
            }
            Self::NoAddress { text } if !text.is_empty() => format!("write its address too, as in `{text}=10.0.0.5`"),
            Self::NoAddress { .. } | Self::BadHost { .. } => {
                "write a host and its address, as in `db=10.0.0.5`".to_owned()
            }
        }
    }
}

/// `host=address` for `host address`, as in a hosts file.
fn with_blank(text: &str) -> Option<String> {
    let (host, address) = text.split_once(char::is_whitespace)?;
    let address = address.trim();
    let is_address = address == "host-gateway" || address.parse::<std::net::IpAddr>().is_ok();
    (is_address && !host.is_empty()).then(|| format!("{host}={address}"))
}

impl ExtraHosts {
    /// Adds an entry in list form: `host=address` or `host:address`, with addresses separated by commas. If the host
    /// exists already, the addresses are added to it; brackets around an address are removed.
    ///
    /// # Errors
    ///
    /// If there is no address, or the host is empty or contains `:` or `=`.
    pub fn add(&mut self, text: &str) -> Result<(), ExtraHostError> {
        let (host, addresses) = text
            .split_once('=')
            .or_else(|| text.split_once(':'))
            .ok_or_else(|| ExtraHostError::NoAddress { text: text.to_owned() })?;
        self.insert(host, addresses.split(','))
    }

    /// Adds addresses of a host, as in the mapping form.
    ///
    /// # Errors
    ///
    /// If the host is empty or contains `:` or `=`.
    pub fn insert<'a>(
        &mut self,
        host: &str,
        addresses: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), ExtraHostError> {
        if host.is_empty() || host.contains([':', '=']) {
            return Err(ExtraHostError::BadHost { host: host.to_owned() });
        }
        let known = self.0.entry(host.to_owned()).or_default();
        known.extend(addresses.into_iter().map(|address| without_brackets(address).to_owned()));
        Ok(())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Pairs of host and address, sorted by host.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(host, addresses)| addresses.iter().map(|address| (host.as_str(), address.as_str())))
    }

    /// Every entry as host, separator and address, sorted as text. The separator is `=` for `config` and `:` for the
    /// engine.
    #[must_use]
    pub fn entries(&self, separator: char) -> Vec<String> {
        let mut entries: Vec<_> = self.iter().map(|(host, address)| format!("{host}{separator}{address}")).collect();
        entries.sort_unstable();
        entries
    }
}

fn without_brackets(address: &str) -> &str {
    let inner = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.filter(|inner| !inner.is_empty()).unwrap_or(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_lists() {
        let cases: [(&str, &str, &[&str]); 6] = [
            ("a=1.2.3.4", "a", &["1.2.3.4"]),
            ("a:1.2.3.4", "a", &["1.2.3.4"]),
            ("a:::1", "a", &["::1"]),
            ("a=[::1]", "a", &["::1"]),
            ("a=1.1.1.1,2.2.2.2", "a", &["1.1.1.1", "2.2.2.2"]),
            ("a=", "a", &[""]),
        ];
        for (text, host, addresses) in cases {
            let mut hosts = ExtraHosts::default();
            hosts.add(text).expect("accepted");
            assert_eq!(hosts.0[host], addresses, "{text}");
        }
    }

    #[test]
    fn addresses_of_a_host_accumulate() {
        let mut hosts = ExtraHosts::default();
        hosts.add("b=2").expect("accepted");
        hosts.add("a=9").expect("accepted");
        hosts.add("b:1").expect("accepted");
        assert_eq!(hosts.entries(':'), ["a:9", "b:1", "b:2"]);
        assert_eq!(hosts.iter().collect::<Vec<_>>(), [("a", "9"), ("b", "2"), ("b", "1")]);
    }

    #[test]
    fn bad_entries_are_refused() {
        for text in ["host", "=1.2.3.4", "a:b=1.2.3.4", ""] {
            assert!(ExtraHosts::default().add(text).is_err(), "{text}");
        }
    }
}
