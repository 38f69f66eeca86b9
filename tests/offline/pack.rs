//! Many small files in one text file, as it is read and written: the cases of the loader, one pack per group.
//!
//! A line `-- CASE/FILE --` begins a file, and what follows up to the next such line is its content. What this cannot
//! hold is written as `-- CASE/FILE escaped --`: line breaks mean nothing there, `\n`, `\r`, `\t` and `\\` are what
//! they are in Rust, and `\xNN` is a byte. Text before the first file belongs to the pack.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write};

/// The files of one case by their paths.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// The cases of one group by their names, which is also their order when written.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Pack {
    /// What stands before the first file.
    pub(crate) preamble: String,
    pub(crate) cases: BTreeMap<String, Files>,
}

impl Pack {
    /// Reads a pack.
    ///
    /// # Errors
    ///
    /// The line that is wrong, and how.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut pack = Self::default();
        let mut entry: Option<(Marker<'_>, String)> = None;
        for (at, line) in text.split_inclusive('\n').enumerate() {
            let located = |problem: String| format!("line {}: {problem}", at + 1);
            if line.starts_with("-- ") {
                let marker = Marker::parse(line).map_err(located)?;
                pack.add(entry.replace((marker, String::new()))).map_err(located)?;
            } else {
                entry.as_mut().map_or(&mut pack.preamble, |(_, content)| content).push_str(line);
            }
        }
        pack.add(entry).map_err(|problem| format!("at the end: {problem}"))?;
        Ok(pack)
    }

    fn add(&mut self, entry: Option<(Marker<'_>, String)>) -> Result<(), String> {
        let Some((Marker { case, file, escaped }, content)) = entry else { return Ok(()) };
        let bytes = if escaped { unescape(&content)? } else { content.into_bytes() };
        match self.cases.entry(case.to_owned()).or_default().insert(file.to_owned(), bytes) {
            None => Ok(()),
            Some(_) => Err(format!("`{case}/{file}` is there twice")),
        }
    }
}

impl Display for Pack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.preamble)?;
        for (case, files) in &self.cases {
            for (file, bytes) in files {
                match plain(bytes) {
                    Some(text) => write!(f, "-- {case}/{file} --\n{text}")?,
                    None => write!(f, "-- {case}/{file} escaped --\n{}", escape(bytes))?,
                }
            }
        }
        Ok(())
    }
}

/// The line that begins a file.
struct Marker<'a> {
    case: &'a str,
    file: &'a str,
    escaped: bool,
}

impl<'a> Marker<'a> {
    fn parse(line: &'a str) -> Result<Self, String> {
        let wrong = || format!("`{}` is not `-- CASE/FILE --`", line.trim_end());
        let inside = line.strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --\n")).ok_or_else(wrong)?;
        let (path, escaped) = inside.strip_suffix(" escaped").map_or((inside, false), |path| (path, true));
        let (case, file) = path.split_once('/').ok_or_else(wrong)?;
        Ok(Self { case, file, escaped })
    }
}

/// The content as it can stand in a pack and be seen for what it is.
fn plain(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let whole = text.is_empty() || text.ends_with('\n');
    let visible = text.chars().all(|letter| matches!(letter, '\n' | '\t') || is_visible(letter));
    let unmarked = !text.lines().any(|line| line.starts_with("-- "));
    (whole && visible && unmarked).then_some(text)
}

fn is_visible(letter: char) -> bool {
    !letter.is_control() && letter != '\u{feff}'
}

fn escape(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|letter| escape_letter(letter, &mut text));
        chunk.invalid().iter().for_each(|byte| escape_byte(*byte, &mut text));
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn escape_letter(letter: char, text: &mut String) {
    let begins_line = text.is_empty() || text.ends_with('\n');
    match letter {
        // The line break is only for those who read the pack.
        '\n' => text.push_str("\\n\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        '\\' => text.push_str("\\\\"),
        '-' if begins_line => escape_byte(b'-', text),
        _ if is_visible(letter) => text.push(letter),
        _ => letter.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| escape_byte(byte, text)),
    }
}

fn escape_byte(byte: u8, text: &mut String) {
    write!(text, "\\x{byte:02x}").expect("a String takes all text");
}

fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'\n' => {}
            b'\\' => bytes.push(unescape_one(&mut rest)?),
            _ => bytes.push(byte),
        }
    }
    Ok(bytes)
}

fn unescape_one(rest: &mut impl Iterator<Item = u8>) -> Result<u8, String> {
    match rest.next() {
        Some(b'n') => Ok(b'\n'),
        Some(b'r') => Ok(b'\r'),
        Some(b't') => Ok(b'\t'),
        Some(b'\\') => Ok(b'\\'),
        Some(b'x') => {
            let digits: String = rest.take(2).map(char::from).collect();
            u8::from_str_radix(&digits, 16).map_err(|_| format!("`\\x{digits}` is not a byte"))
        }
        other => Err(format!("`\\{}` means nothing", other.map(char::from).unwrap_or_default())),
    }
}
