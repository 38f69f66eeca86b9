//! Finds PEM private keys in a text by their first and last lines.

use std::ops::Range;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Headers that may stand between the first line of a key and its content (RFC 1421, RFC 9580).
const HEADERS: [&str; 6] = ["Proc-Type:", "DEK-Info:", "Comment:", "Version:", "Hash:", "Charset:"];

/// The private keys in `text`, in order, from the first dash to the last. A key without a last line extends as far as
/// its lines look like part of a key.
pub(super) fn private_keys(text: &str) -> Vec<Range<usize>> {
    let mut keys = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find(BEGIN).map(|at| from + at) {
        from = start + BEGIN.len();
        if let Some(label) = label(&text[from..]) {
            from = end(text, from + label.len() + DASHES.len());
            keys.push(start..from);
        }
    }
    keys
}

/// The label at the start of `text`, if it is that of a private key.
fn label(text: &str) -> Option<&str> {
    let line = text.lines().next().unwrap_or_default();
    let label = &line[..line.find(DASHES)?];
    label.contains("PRIVATE KEY").then_some(label)
}

/// Where the key whose first line ends at `from` ends.
fn end(text: &str, from: usize) -> usize {
    let mut at = from;
    for (number, line) in text[from..].split_inclusive('\n').enumerate() {
        if let Some(last) = line.find(END) {
            let after = &line[last + END.len()..];
            let closing = after.find(DASHES).map_or(after.trim_end().len(), |found| found + DASHES.len());
            return at + last + END.len() + closing;
        }
        // The rest of the first line may be the whole key, with `\n` written as two characters.
        if number > 0 && !belongs_to_key(line) {
            break;
        }
        at += line.len();
    }
    from + text[from..at].trim_end().len()
}

fn belongs_to_key(line: &str) -> bool {
    let line = line.trim().trim_start_matches("- ").trim_matches(['"', '\'', '\\']);
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_');
    line.trim_start_matches('=').trim_end_matches('=').chars().all(is_base64)
        || HEADERS.iter().any(|header| line.starts_with(header))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_with_and_without_an_end() {
        for (before, key, after) in [
            ("a ", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", " b"),
            ("", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMI+/==", "\nNAME=x"),
            ("KEY=\"", r"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", r#"\n""#),
            ("", "-----BEGIN OPENSSH PRIVATE KEY-----", ""),
        ] {
            let text = format!("{before}{key}{after}");
            let found: Vec<&str> = private_keys(&text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, [key]);
        }
        for text in ["-----BEGIN CERTIFICATE-----\nMIIE", "-----BEGIN ", "-----BEGIN PRIVATE KEY"] {
            assert!(private_keys(text).is_empty(), "{text}");
        }
    }
}
