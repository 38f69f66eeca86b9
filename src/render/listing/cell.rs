//! Formatting shared by the fields of several listings.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use unicode_width::UnicodeWidthChar;

use crate::render::text;

/// Whether to truncate long values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Truncate {
    /// They are.
    #[default]
    Long,
    /// They are not (`--no-trunc`).
    Never,
}

/// The age of something created at `created` seconds since 1970: `2 hours ago`.
pub(in crate::render) fn age(created: i64, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(created);
    format!("{} ago", text::duration(Duration::from_secs(u64::try_from(seconds).unwrap_or_default())))
}

/// Labels as one text: `a=1,b=2`.
pub(in crate::render) fn labels(labels: &BTreeMap<String, String>) -> String {
    joined(labels.iter().map(|(key, value)| format!("{key}={value}")))
}

/// Parts joined with commas.
pub(in crate::render) fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
}

/// `text` in at most `width` columns, ending with `…` if it is cut.
pub(in crate::render) fn cut(text: &str, width: usize) -> String {
    let columns = |character: char| character.width().unwrap_or_default().max(1);
    if text.chars().map(columns).sum::<usize>() <= width {
        return text.to_owned();
    }
    let mut used = 0;
    let fits = |character: &char| {
        used += columns(*character);
        used < width
    };
    text.chars().take_while(fits).chain(['…']).collect()
}
