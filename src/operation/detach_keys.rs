//! The keys that leave a program in a container without ending it.

use std::str::FromStr;

/// A sequence of keys such as `ctrl-p,ctrl-q`, which is the default.
///
/// Keys are separated by commas: a character, `DEL`, or `ctrl-` and a letter or one of `@ [ \ ] ^ _`.
///
/// ```
/// use hoist::operation::DetachKeys;
///
/// assert_eq!("ctrl-x,a".parse::<DetachKeys>().unwrap().to_string(), "ctrl-x,a");
/// assert!("ctrl-ä".parse::<DetachKeys>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachKeys {
    text: String,
    bytes: Vec<u8>,
}

/// A text that is no sequence of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid detach keys \"{keys}\": unknown key \"{key}\"\nhint: write keys as in `ctrl-p,ctrl-q`")]
pub struct DetachKeysError {
    keys: String,
    key: String,
}

impl Default for DetachKeys {
    fn default() -> Self {
        Self { text: "ctrl-p,ctrl-q".to_owned(), bytes: vec![16, 17] }
    }
}

impl std::fmt::Display for DetachKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for DetachKeys {
    type Err = DetachKeysError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text
            .split(',')
            .map(|key| byte_of(key).ok_or_else(|| DetachKeysError { keys: text.to_owned(), key: key.to_owned() }));
        Ok(Self { bytes: bytes.collect::<Result<_, _>>()?, text: text.to_owned() })
    }
}

/// What a terminal sends for a key.
fn byte_of(key: &str) -> Option<u8> {
    match *key.as_bytes() {
        [byte] if byte.is_ascii() => Some(byte),
        [b'D', b'E', b'L'] => Some(127),
        [b'c', b't', b'r', b'l', b'-', byte @ (b'a'..=b'z' | b'@' | b'['..=b'_')] => Some(byte & 0x1f),
        _ => None,
    }
}

/// Looks for the keys in what is typed.
#[derive(Debug, Clone, Default)]
pub(super) struct Watcher {
    keys: Vec<u8>,
    /// The beginning of the keys that was typed and is held back until it is clear what follows.
    held: Vec<u8>,
}

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// What goes to the program.
    Input(Vec<u8>),
    /// What goes to the program, and then the keys.
    Detached(Vec<u8>),
}

impl Watcher {
    pub(super) fn new(keys: &DetachKeys) -> Self {
        Self { keys: keys.bytes.clone(), held: Vec::new() }
    }

    /// What becomes of the next bytes.
    pub(super) fn watch(&mut self, bytes: Vec<u8>) -> Typed {
        if self.keys.is_empty() {
            return Typed::Input(bytes);
        }
        let mut passed = Vec::with_capacity(bytes.len());
        for byte in bytes {
            self.held.push(byte);
            while !self.keys.starts_with(&self.held) {
                passed.push(self.held.remove(0));
            }
            if self.held == self.keys {
                self.held.clear();
                return Typed::Detached(passed);
            }
        }
        Typed::Input(passed)
    }

    /// What was held back when nothing more comes.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_characters_and_control_characters() {
        let bytes = |text: &str| text.parse::<DetachKeys>().map(|keys| keys.bytes);
        assert_eq!(bytes("ctrl-p,ctrl-q"), Ok(DetachKeys::default().bytes));
        assert_eq!(
            bytes("ctrl-@,ctrl-a,ctrl-z,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_"),
            Ok(vec![0, 1, 26, 27, 28, 29, 30, 31])
        );
        assert_eq!(bytes("a,Z,-,DEL"), Ok(vec![b'a', b'Z', b'-', 127]));
        for wrong in ["", "a,", "ctrl-", "ctrl-A", "ctrl-1", "ctrl-p ctrl-q", "ab", "ä"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
        let message = bytes("ctrl-x,foo").unwrap_err().to_string();
        assert!(message.starts_with("invalid detach keys \"ctrl-x,foo\": unknown key \"foo\""), "{message}");
    }

    #[test]
    fn keys_are_found_wherever_reads_cut_them() {
        let typed = b"ab\x10c\x10\x10\x11d";
        for cut in 0..typed.len() {
            let mut watcher = Watcher::new(&DetachKeys::default());
            let mut passed = Vec::new();
            let found = [&typed[..cut], &typed[cut..]].into_iter().any(|part| match watcher.watch(part.to_vec()) {
                Typed::Input(bytes) => {
                    passed.extend(bytes);
                    false
                }
                Typed::Detached(bytes) => {
                    passed.extend(bytes);
                    true
                }
            });
            assert!(found, "cut at {cut}");
            assert_eq!(passed, b"ab\x10c\x10", "cut at {cut}");
        }
    }

    #[test]
    fn keys_that_repeat_themselves_are_found() {
        let mut watcher = Watcher::new(&"a,a,b".parse().unwrap());
        assert_eq!(watcher.watch(b"aaab".to_vec()), Typed::Detached(b"a".to_vec()));
    }

    #[test]
    fn a_beginning_that_goes_no_further_is_passed_on_at_the_end() {
        let mut watcher = Watcher::new(&DetachKeys::default());
        assert_eq!(watcher.watch(b"x\x10".to_vec()), Typed::Input(b"x".to_vec()));
        assert_eq!(watcher.rest(), b"\x10");
        assert_eq!(watcher.rest(), b"");
    }
}
