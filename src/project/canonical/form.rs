//! The kinds of document that a tree is built for.

/// The kind of document that a [`Tree`](crate::project::Tree) is built for.
///
/// The documents have the same order of keys, but show different subsets of the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The YAML of `config`: maps sorted naturally, `x-*` keys everywhere.
    Yaml,
    /// The JSON of `config`, as Docker Compose 5 prints it: maps sorted by bytes, `x-*` keys at the top level only.
    Json,
    /// The JSON that Docker Compose 5.5 hashed: like [`Form::Json`], but with the attributes of `pre_start` hooks that it
    /// knew, as written.
    JsonOfV5_5,
    /// The JSON that Docker Compose 2 hashed: like [`Form::JsonOfV5_5`], but a bind mount shows if the file says to create a
    /// missing source, rather than not to create it.
    JsonOfV2,
}

impl Form {
    pub(super) fn is_json(self) -> bool {
        self != Self::Yaml
    }
}
