//! A digest of each field of a service, kept in a label of hoist, so that a later run can tell which one changed.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use super::hash::{HashForm, hashed};
use super::{Service, Tree};

/// A digest of every field that the configuration hash covers: the top-level fields, and each entry of `environment`
/// and `labels` (`environment.DEBUG`). Values cannot be recovered from it, though guesses can be checked against it.
///
/// Its text is the label's value: `image=3Kf_a0Q,environment.DEBUG=x9-Zq1w`; `,`, `=` and `%` in names are
/// percent-encoded. It has at most 4096 bytes; if it would be longer, fields are kept without their entries.
///
/// ```
/// use hoist::project::Service;
/// use hoist::project::fingerprint::Fingerprint;
/// let old = Service { image: Some("nginx:1".into()), ..Service::new("web") };
/// let new = Service { image: Some("nginx:2".into()), ..old.clone() };
/// let label = Fingerprint::of(&old).to_string();
/// let kept: Fingerprint = label.parse()?;
/// assert_eq!(kept.changed(&Fingerprint::of(&new)), ["image"]);
/// # Ok::<(), hoist::project::fingerprint::FingerprintError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprint {
    fields: BTreeMap<String, Digest>,
}

/// 42 bits, as seven characters of the URL-safe base-64 alphabet.
type Digest = [u8; 7];

/// Maximum length in bytes of the text of a [`Fingerprint`].
pub const MAX_LENGTH: usize = 4096;

/// Fields whose entries have individual digests.
const BY_ENTRY: [&str; 2] = ["environment", "labels"];

/// The text of a label is not a valid fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the label is not a list of fields and digests")]
pub struct FingerprintError;

impl Fingerprint {
    /// The fingerprint of a service, with references to other services as written.
    #[must_use]
    pub fn of(service: &Service) -> Self {
        let Tree::Mapping(fields) = hashed(service.clone(), HashForm::V5) else { return Self::default() };
        let by_entry = Self::of_fields(&fields, &BY_ENTRY);
        if by_entry.to_string().len() <= MAX_LENGTH { by_entry } else { Self::of_fields(&fields, &[]) }
    }

    /// The fingerprint of the content of secrets and configs, with names such as `config.nginx_conf`.
    #[must_use]
    pub fn of_contents<C: AsRef<[u8]>>(contents: impl IntoIterator<Item = (String, C)>) -> Self {
        let fields = contents.into_iter().map(|(name, content)| (name, digest_of(content.as_ref())));
        Self { fields: fields.collect() }
    }

    /// The names of its fields, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }

    /// The part with the fields for which `keep` is true.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&str) -> bool) -> Self {
        let fields = self.fields.iter().filter(|(name, _)| keep(name));
        Self { fields: fields.map(|(name, digest)| (name.clone(), *digest)).collect() }
    }

    fn of_fields(fields: &[(String, Tree)], by_entry: &[&str]) -> Self {
        let mut digests = BTreeMap::new();
        for (name, value) in fields {
            if let Tree::Mapping(entries) = value
                && by_entry.contains(&name.as_str())
            {
                digests.extend(entries.iter().map(|(key, value)| (format!("{name}.{key}"), digest(value))));
            } else if *value != Tree::Null {
                digests.insert(name.clone(), digest(value));
            }
        }
        Self { fields: digests }
    }

    /// The fields that differ, sorted, including those that one of them lacks. Individual entries are named only if
    /// both have entries; otherwise the whole field is.
    #[must_use]
    pub fn changed(&self, other: &Self) -> Vec<String> {
        let (ours, theirs) = self.alike(other);
        let mut changed: Vec<_> = ours.iter().filter(|(name, digest)| theirs.get(*name) != Some(digest)).collect();
        changed.extend(theirs.iter().filter(|(name, _)| !ours.contains_key(*name)));
        let mut names: Vec<_> = changed.into_iter().map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        names
    }

    /// Both, without the entries of fields that one of them has only as a whole; such a field counts as changed.
    fn alike(&self, other: &Self) -> (BTreeMap<String, Digest>, BTreeMap<String, Digest>) {
        let (mut ours, mut theirs) = (self.fields.clone(), other.fields.clone());
        for field in BY_ENTRY {
            if ours.contains_key(field) != theirs.contains_key(field) {
                for (map, mark) in [(&mut ours, [0; 7]), (&mut theirs, [1; 7])] {
                    let had = map.len();
                    map.retain(|name, _| field_of(name) != field);
                    if map.len() < had {
                        map.insert(field.to_owned(), mark);
                    }
                }
            }
        }
        (ours, theirs)
    }
}

fn field_of(name: &str) -> &str {
    name.split_once('.').map_or(name, |(field, _)| field)
}

fn digest(value: &Tree) -> Digest {
    digest_of(value.to_json_compact().as_bytes())
}

fn digest_of(bytes: &[u8]) -> Digest {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let hash = Sha256::digest(bytes);
    std::array::from_fn(|at| ALPHABET[usize::from(hash[at] & 63)])
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, digest)) in self.fields.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            for character in name.chars() {
                match character {
                    '%' => f.write_str("%25")?,
                    ',' => f.write_str("%2C")?,
                    '=' => f.write_str("%3D")?,
                    other => write!(f, "{other}")?,
                }
            }
            f.write_str("=")?;
            digest.iter().try_for_each(|byte| write!(f, "{}", char::from(*byte)))?;
        }
        Ok(())
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let field = |entry: &str| {
            let (name, digest) = entry.split_once('=')?;
            let name = name.replace("%3D", "=").replace("%2C", ",").replace("%25", "%");
            Some((name, digest.as_bytes().try_into().ok()?))
        };
        let entries = text.split(',').filter(|entry| !entry.is_empty());
        let fields = entries.map(field).collect::<Option<_>>().ok_or(FingerprintError)?;
        Ok(Self { fields })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(environment: &[(&str, &str)]) -> Service {
        let environment =
            environment.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned()))).collect();
        Service { image: Some("app".to_owned()), environment, ..Service::new("s") }
    }

    fn changed(old: &Service, new: &Service) -> Vec<String> {
        let kept: Fingerprint = Fingerprint::of(old).to_string().parse().expect("our own text");
        kept.changed(&Fingerprint::of(new))
    }

    #[test]
    fn changed_fields_and_entries_are_named() {
        let old = service(&[("A", "1"), ("B", "1"), ("odd,=%2C", "1")]);
        let new = Service { tty: true, ..service(&[("A", "1"), ("B", "2"), ("C", "3"), ("odd,=%2C", "2")]) };
        assert_eq!(changed(&old, &new), ["environment.B", "environment.C", "environment.odd,=%2C", "tty"]);
        assert_eq!(changed(&old, &old), [""; 0]);
        assert_eq!(changed(&service(&[]), &service(&[("A", "1")])), ["environment.A"]);
    }

    #[test]
    fn long_ones_keep_whole_fields() {
        let names: Vec<_> = (0..400).map(|number| format!("VARIABLE_{number}")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
        let large = service(&many);
        assert!(Fingerprint::of(&large).to_string().len() < 100);
        assert_eq!(changed(&large, &large), [""; 0]);
        assert_eq!(changed(&large, &service(&[("A", "1")])), ["environment"]);
        assert_eq!(changed(&service(&[("A", "1")]), &large), ["environment"]);
    }

    #[test]
    fn other_labels_are_refused() {
        for text in ["image", "image=short", "image=1234567,x"] {
            assert_eq!(text.parse::<Fingerprint>(), Err(FingerprintError), "{text}");
        }
        assert_eq!("".parse(), Ok(Fingerprint::default()));
    }
}
