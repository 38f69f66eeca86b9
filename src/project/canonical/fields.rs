//! Builds a mapping of the canonical form: leaves out empty values and sorts maps.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde_yaml::Value;

use super::form::Form;
use crate::project::{Extensions, Tree, natural_order};

/// A mapping under construction. Keys are in the order of the calls.
pub(super) struct Fields {
    form: Form,
    entries: Vec<(String, Tree)>,
}

impl Fields {
    pub(super) fn new(form: Form) -> Self {
        Self { form, entries: Vec::new() }
    }

    /// Adds any value.
    pub(super) fn put(&mut self, key: &str, value: impl Into<Tree>) {
        self.entries.push((key.to_owned(), value.into()));
    }

    /// Adds a value if there is one.
    pub(super) fn some<T: Into<Tree>>(&mut self, key: &str, value: Option<T>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    /// Adds a block, converted by `tree`, if there is one.
    pub(super) fn block<T>(&mut self, key: &str, value: Option<&T>, tree: fn(&T, Form) -> Tree) {
        if let Some(value) = value {
            self.put(key, tree(value, self.form));
        }
    }

    /// Adds a value as text, if there is one.
    pub(super) fn shown<T: Display>(&mut self, key: &str, value: Option<T>) {
        if let Some(value) = value {
            self.put(key, value.to_string());
        }
    }

    /// Adds text unless it is empty.
    pub(super) fn text(&mut self, key: &str, text: Option<&str>) {
        self.some(key, text.filter(|text| !text.is_empty()));
    }

    /// Adds a number unless it is 0.
    pub(super) fn number(&mut self, key: &str, number: i64) {
        self.some(key, Some(number).filter(|number| *number != 0));
    }

    /// Adds a number unless it is 0.
    pub(super) fn float(&mut self, key: &str, number: f32) {
        self.some(key, Some(number).filter(|number| *number != 0.0).map(Tree::Float32));
    }

    /// Adds a quantity as text unless it is 0.
    pub(super) fn quantity<T: Display + Default + PartialEq>(&mut self, key: &str, quantity: T) {
        self.shown(key, Some(quantity).filter(|quantity| *quantity != T::default()));
    }

    /// Adds a flag if it is true.
    pub(super) fn flag(&mut self, key: &str, flag: bool) {
        self.some(key, Some(flag).filter(|flag| *flag));
    }

    /// Adds a list or mapping unless it is empty.
    pub(super) fn filled(&mut self, key: &str, value: Tree) {
        if !value.is_empty_collection() {
            self.put(key, value);
        }
    }

    /// Adds texts, if there are any.
    pub(super) fn texts<T: Display>(&mut self, key: &str, texts: &[T]) {
        self.filled(key, words(texts));
    }

    /// Adds items, if there are any.
    pub(super) fn list<T>(&mut self, key: &str, items: &[T], tree: impl Fn(&T, Form) -> Tree) {
        let form = self.form;
        self.filled(key, Tree::Sequence(items.iter().map(|item| tree(item, form)).collect()));
    }

    /// Adds texts by name, if there are any.
    pub(super) fn texts_by_name(&mut self, key: &str, texts: &BTreeMap<String, String>) {
        let map = self.entries(texts, |text, _| Tree::from(text.as_str()));
        self.filled(key, map);
    }

    /// Adds texts or nulls by name, if there are any.
    pub(super) fn variables(&mut self, key: &str, variables: &BTreeMap<String, Option<String>>) {
        let map = self.entries(variables, |text, _| optional(text.as_deref()));
        self.filled(key, map);
    }

    /// Adds a map, sorted as the form requires.
    pub(super) fn entries<K: AsRef<str> + Ord, V>(
        &self,
        map: &BTreeMap<K, V>,
        tree: impl Fn(&V, Form) -> Tree,
    ) -> Tree {
        let entry = |(key, value): (&K, &V)| (key.as_ref().to_owned(), tree(value, self.form));
        let mut entries: Vec<_> = map.iter().map(entry).collect();
        if self.form == Form::Yaml {
            entries.sort_by(|(a, _), (b, _)| natural_order(a, b));
        }
        Tree::Mapping(entries)
    }

    /// Adds the words of a command: if unset, YAML leaves it out and JSON shows null.
    pub(super) fn command(&mut self, key: &str, command: Option<&Vec<String>>) {
        match command {
            Some(command) => self.put(key, words(command)),
            None if self.form.is_json() => self.put(key, Tree::Null),
            None => {}
        }
    }

    /// Adds a block that JSON always shows.
    pub(super) fn block_or_empty<T>(&mut self, key: &str, value: &T, is_empty: bool, tree: fn(&T, Form) -> Tree) {
        if self.form.is_json() || !is_empty {
            self.put(key, tree(value, self.form));
        }
    }

    /// The same with its keys sorted by `rank`; those with the same rank keep their order.
    pub(super) fn ranked(mut self, rank: impl Fn(&str) -> usize) -> Self {
        self.entries.sort_by_cached_key(|(key, _)| rank(key));
        self
    }

    /// The finished mapping, with its `x-*` keys if the form shows them.
    pub(super) fn end(mut self, extensions: &Extensions) -> Tree {
        if self.form == Form::Yaml {
            let map = self.entries(extensions, extension);
            if let Tree::Mapping(entries) = map {
                self.entries.extend(entries);
            }
        }
        Tree::Mapping(self.entries)
    }

    /// The finished mapping, with its keys sorted by bytes.
    pub(super) fn sorted(mut self) -> Tree {
        self.entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        Tree::Mapping(self.entries)
    }
}

/// A list of texts.
pub(super) fn words<T: Display>(texts: &[T]) -> Tree {
    Tree::Sequence(texts.iter().map(|text| Tree::String(text.to_string())).collect())
}

/// Text or null.
pub(super) fn optional(text: Option<&str>) -> Tree {
    text.map_or(Tree::Null, Tree::from)
}

/// The value of an `x-*` key, with its maps sorted as the form requires.
pub(super) fn extension(value: &Value, form: Form) -> Tree {
    match value {
        Value::Null => Tree::Null,
        Value::Bool(value) => Tree::Bool(*value),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Tree::Int(number),
            (None, Some(number)) => Tree::Float(number),
            (None, None) => Tree::Null,
        },
        Value::String(text) => Tree::from(text.as_str()),
        Value::Sequence(items) => Tree::Sequence(items.iter().map(|item| extension(item, form)).collect()),
        Value::Mapping(entries) => {
            let entry = |(key, value): (&Value, &Value)| Some((key.as_str()?.to_owned(), extension(value, form)));
            let mut entries: Vec<_> = entries.iter().filter_map(entry).collect();
            entries.sort_by(|(a, _), (b, _)| if form == Form::Yaml { natural_order(a, b) } else { a.cmp(b) });
            Tree::Mapping(entries)
        }
        Value::Tagged(tagged) => extension(&tagged.value, form),
    }
}
