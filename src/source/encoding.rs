//! Bytes in, text out: UTF-8, or the UTF-16 of some editors and shells.

use std::char::REPLACEMENT_CHARACTER;

/// The encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16.
    Utf16 {
        /// Whether there is a byte order mark. Without one, the encoding was guessed from the zero bytes.
        marked: bool,
    },
}

/// A file's text and how it was read.
pub(super) struct Decoded {
    /// Without a byte order mark.
    pub(super) text: String,
    pub(super) encoding: Encoding,
    /// Offset of the first U+FFFD that replaces invalid bytes.
    pub(super) not_text: Option<usize>,
}

pub(super) fn decode(bytes: Vec<u8>) -> Decoded {
    match bytes[..] {
        [0xff, 0xfe, ..] => utf16(&bytes[2..], u16::from_le_bytes, true),
        [0xfe, 0xff, ..] => utf16(&bytes[2..], u16::from_be_bytes, true),
        [first, 0, ..] if is_text(first) => utf16(&bytes, u16::from_le_bytes, false),
        [0, second, ..] if is_text(second) => utf16(&bytes, u16::from_be_bytes, false),
        _ => utf8(bytes),
    }
}

/// Whether text files may begin with this character.
fn is_text(byte: u8) -> bool {
    byte.is_ascii_graphic() || byte.is_ascii_whitespace()
}

fn utf8(bytes: Vec<u8>) -> Decoded {
    let (mut text, mut not_text) = match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(valid))
        }
    };
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        not_text = not_text.map(|at| at - (text.len() - rest.len()));
        text = rest.to_owned();
    }
    Decoded { text, encoding: Encoding::Utf8, not_text }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, marked: bool) -> Decoded {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    let mut not_text = None;
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        if character.is_err() {
            not_text = not_text.or(Some(text.len()));
        }
        text.push(character.unwrap_or(REPLACEMENT_CHARACTER));
    }
    if !odd.is_empty() {
        not_text = not_text.or(Some(text.len()));
        text.push(REPLACEMENT_CHARACTER);
    }
    Decoded { text, encoding: Encoding::Utf16 { marked }, not_text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        type Case = (&'static [u8], &'static str, Encoding, Option<usize>);
        let marked = Encoding::Utf16 { marked: true };
        let guessed = Encoding::Utf16 { marked: false };
        let cases: [Case; 11] = [
            (b"", "", Encoding::Utf8, None),
            (b"\xef\xbb\xbfa\xc3\xa9", "aé", Encoding::Utf8, None),
            (b"\xef\xbb\xbfa\xff", "a\u{fffd}", Encoding::Utf8, Some(1)),
            (b"\xff\xfea\0\xe9\0", "aé", marked, None),
            (b"\xfe\xff\0a\xd8\x3d\xde\0", "a😀", marked, None),
            (b"\xff\xfe", "", marked, None),
            (b"\xff\xfea\0b", "a\u{fffd}", marked, Some(1)),
            (b"\xff\xfea\0\0\xd8b\0", "a\u{fffd}b", marked, Some(1)),
            (b"a\0\n\0", "a\n", guessed, None),
            (b"\0#\0a", "#a", guessed, None),
            (b"a\x01\0", "a\u{1}\0", Encoding::Utf8, None),
        ];
        for (bytes, text, encoding, not_text) in cases {
            let decoded = decode(bytes.to_vec());
            assert_eq!((&*decoded.text, decoded.encoding, decoded.not_text), (text, encoding, not_text), "{bytes:?}");
        }
    }
}
