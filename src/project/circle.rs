//! Names around a circle as messages show them: of a long one the beginning and the end.

use std::fmt;

/// More names than this are not all shown.
const MOST: usize = 6;

/// Names at the beginning of a long circle that are shown.
const FIRST: usize = 3;

/// `a -> b -> a`, with `->` as the word between.
///
/// ```
/// use hoist::project::circle::Circle;
/// assert_eq!(Circle(&["a", "b"], "->").to_string(), "a -> b -> a");
/// let long: Vec<u32> = (1..=100).collect();
/// assert_eq!(Circle(&long, "needs").to_string(), "1 needs 2 needs 3 needs … 96 more … needs 100 needs 1");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Circle<'a, T>(pub &'a [T], pub &'a str);

impl<T: fmt::Display> fmt::Display for Circle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(names, between) = self;
        for (at, name) in names.iter().enumerate() {
            if is_shown(at, names.len()) {
                write!(f, "{name} {between} ")?;
            } else if at == FIRST {
                write!(f, "… {} more … {between} ", names.len() - FIRST - 1)?;
            }
        }
        names.first().map_or(Ok(()), |first| first.fmt(f))
    }
}

/// Whether the name at that position in a circle of so many is shown.
#[must_use]
pub fn is_shown(at: usize, count: usize) -> bool {
    count <= MOST || at < FIRST || at + 1 == count
}
