//! Which of the documents a tree is made for.

/// What a [`Tree`](crate::project::Tree) is made for.
///
/// Documents are made of the same values in the same order of keys, but not of the same ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The YAML of `config`: maps sorted naturally, `x-*` keys everywhere.
    Yaml,
    /// The JSON of `config`, as Docker Compose 5 prints it: maps sorted by bytes, `x-*` keys at the top level only.
    Json,
    /// The JSON that Docker Compose 2 hashed: as [`Form::Json`], but a bind mount shows that its source is made if
    /// missing, where the file says so, rather than that it is not.
    JsonOfV2,
}

impl Form {
    pub(super) fn is_json(self) -> bool {
        self != Self::Yaml
    }
}
