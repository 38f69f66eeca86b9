//! Shows the names in a cycle in messages; of a long one, only the beginning and the end.

use std::fmt;

/// Maximum number of names in a cycle that is shown completely.
const MOST: usize = 6;

/// How many names of a long cycle are shown at its beginning.
const FIRST: usize = 3;

/// A cycle such as `a -> b -> a`, with `->` as the separator.
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

/// Whether the name at position `at` in a cycle of `count` names is shown.
#[must_use]
pub fn is_shown(at: usize, count: usize) -> bool {
    count <= MOST || at < FIRST || at + 1 == count
}
