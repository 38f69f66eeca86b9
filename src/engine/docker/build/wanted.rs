//! The headers of the engine's request for a folder in, what it wants of it out.

use tonic::Status;
use tonic::metadata::MetadataMap;

/// What the engine requests in headers, besides the protocol's messages.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The name under which the folder is offered.
    pub(super) name: String,
    /// Patterns of what is sent; everything without one.
    pub(super) include: Vec<String>,
    /// Patterns of what is not sent.
    pub(super) exclude: Vec<String>,
    /// Paths whose symbolic links are followed.
    pub(super) follow: Vec<String>,
}

impl Wanted {
    /// Reads the headers of a request.
    pub(super) fn of(metadata: &MetadataMap) -> Result<Self, Status> {
        let values = |key: &str| header_values(metadata, key);
        Ok(Self {
            name: values("dir-name")?.into_iter().next().unwrap_or_default(),
            include: values("include-patterns")?,
            exclude: values("exclude-patterns")?,
            follow: values("followpaths")?,
        })
    }
}

/// The values of a header. If they are not ASCII, another header says that they are encoded as in a URL query.
fn header_values(metadata: &MetadataMap, key: &str) -> Result<Vec<String>, Status> {
    let refuse = || Status::invalid_argument(format!("cannot read the header {key}"));
    let encoded = metadata.get(format!("{key}-encoded")).is_some_and(|flag| flag == "1" || flag == "true");
    let mut values = Vec::new();
    for value in metadata.get_all(key) {
        let value = value.to_str().map_err(|_| refuse())?;
        values.push(if encoded { decode_query(value).ok_or_else(refuse)? } else { value.to_owned() });
    }
    Ok(values)
}

/// Decodes `+` and `%20`.
fn decode_query(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_of_a_request_are_read() {
        let mut metadata = MetadataMap::new();
        metadata.insert("dir-name", "context".parse().expect("value"));
        metadata.append("exclude-patterns", "a%20b".parse().expect("value"));
        metadata.append("exclude-patterns", "c".parse().expect("value"));
        metadata.insert("followpaths-encoded", "1".parse().expect("value"));
        metadata.append("followpaths", "%C3%BC+x%2F%2B".parse().expect("value"));
        let wanted = Wanted::of(&metadata).expect("headers");
        assert_eq!(wanted.name, "context");
        assert_eq!(wanted.exclude, ["a%20b", "c"]);
        assert_eq!(wanted.follow, ["ü x/+"]);
        assert!(wanted.include.is_empty());
        assert_eq!(decode_query("%zz"), None);
        assert_eq!(decode_query("%4"), None);
    }
}
