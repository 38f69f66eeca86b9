//! What a value may be: the building blocks of the table in [`super::table`].

/// What is accepted in one place: any of the scalars, a list, a mapping.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) scalars: Scalars,
    pub(super) text: Text,
    pub(super) range: Option<(i64, i64)>,
    pub(super) list: Option<List>,
    pub(super) map: Option<Map>,
    /// What to write if the value has another type.
    pub(super) advice: Option<&'static str>,
    /// What to write instead of this scalar.
    pub(super) instead: Option<fn(&str) -> Option<String>>,
}

/// A set of scalar kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scalars(u8);

/// What a string must look like.
#[derive(Debug, Clone, Copy)]
pub(super) enum Text {
    /// Anything.
    Any,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Whatever the function accepts; the text describes it.
    Form(fn(&str) -> bool, &'static str),
}

/// A list: its items, and whether duplicates are allowed.
#[derive(Debug)]
pub(super) struct List {
    pub(super) item: &'static Shape,
    pub(super) repeats: Repeats,
}

/// Whether a list may have duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeats {
    Allowed,
    Refused,
}

/// A mapping with known keys, or with keys chosen by the user.
#[derive(Debug)]
pub(super) enum Map {
    Fixed(&'static Keys),
    Free { value: &'static Shape, names: Names },
}

/// The keys of a mapping, sorted by name.
#[derive(Debug)]
pub(super) struct Keys {
    /// What a value of this shape is called: `a service`.
    pub(super) what: &'static str,
    pub(super) known: &'static [(&'static str, &'static Shape)],
    /// Keys that it has in common with others.
    pub(super) more: &'static [&'static Keys],
    pub(super) required: &'static [&'static str],
    /// At least one of these is required, if there are any.
    pub(super) one_of: &'static [&'static str],
    pub(super) extensions: Extensions,
}

/// Whether `x-*` keys are allowed in addition to the known ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extensions {
    Allowed,
    Refused,
}

/// Which keys the user may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Anything but the empty string.
    NonEmpty,
    /// Anything.
    Any,
    /// `[a-zA-Z0-9._-]+`; the text says what is named.
    Resource(&'static str),
}

impl Scalars {
    pub(super) const NONE: Self = Self(0);
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOL: Self = Self(2);
    pub(super) const INT: Self = Self(4);
    /// Integers and floats.
    pub(super) const NUMBER: Self = Self(4 | 8);
    pub(super) const STRING: Self = Self(16);
    pub(super) const ALL: Self = Self(31);

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl Shape {
    pub(super) const fn scalars(scalars: Scalars) -> Self {
        Self { scalars, text: Text::Any, range: None, list: None, map: None, advice: None, instead: None }
    }

    pub(super) const fn words(words: &'static [&'static str]) -> Self {
        Self { text: Text::OneOf(words), ..Self::scalars(Scalars::STRING) }
    }

    pub(super) const fn form(accepts: fn(&str) -> bool, what: &'static str) -> Self {
        Self { text: Text::Form(accepts, what), ..Self::scalars(Scalars::STRING) }
    }

    pub(super) const fn list(item: &'static Self, repeats: Repeats) -> Self {
        Self { list: Some(List { item, repeats }), ..Self::scalars(Scalars::NONE) }
    }

    pub(super) const fn keys(keys: &'static Keys) -> Self {
        Self { map: Some(Map::Fixed(keys)), ..Self::scalars(Scalars::NONE) }
    }

    pub(super) const fn free(value: &'static Self, names: Names) -> Self {
        Self { map: Some(Map::Free { value, names }), ..Self::scalars(Scalars::NONE) }
    }

    /// Also these scalars.
    pub(super) const fn or(self, scalars: Scalars) -> Self {
        Self { scalars: self.scalars.and(scalars), ..self }
    }

    /// Also a list.
    pub(super) const fn or_list(self, item: &'static Self, repeats: Repeats) -> Self {
        Self { list: Some(List { item, repeats }), ..self }
    }

    /// Also a mapping with these keys.
    pub(super) const fn or_keys(self, keys: &'static Keys) -> Self {
        Self { map: Some(Map::Fixed(keys)), ..self }
    }

    /// With this advice if the value has another type.
    pub(super) const fn advice(self, advice: &'static str) -> Self {
        Self { advice: Some(advice), ..self }
    }

    /// With what this says to write instead of a scalar.
    pub(super) const fn instead(self, instead: fn(&str) -> Option<String>) -> Self {
        Self { instead: Some(instead), ..self }
    }

    /// Only numbers from `low` to `high`.
    pub(super) const fn within(self, low: i64, high: i64) -> Self {
        Self { range: Some((low, high)), ..self }
    }

    /// Describes what is accepted: `a string, a list or a mapping`.
    pub(super) fn accepted(&self) -> String {
        let mut kinds: Vec<String> = Vec::new();
        if self.scalars.contains(Scalars::STRING) {
            kinds.push(match self.text {
                Text::OneOf(words) => quoted(words),
                Text::Any | Text::Form(..) => "a string".into(),
            });
        }
        if self.scalars.contains(Scalars::BOOL) {
            kinds.push("a boolean".into());
        }
        if self.scalars.contains(Scalars::NUMBER) {
            kinds.push("a number".into());
        } else if self.scalars.contains(Scalars::INT) {
            kinds.push("a whole number".into());
        }
        if let Some(list) = &self.list {
            kinds.push(if list.item.only_strings() { "a list of strings".into() } else { "a list".into() });
        }
        if self.map.is_some() {
            kinds.push("a mapping".into());
        }
        or_list(&kinds)
    }

    fn only_strings(&self) -> bool {
        self.scalars == Scalars::STRING && self.list.is_none() && self.map.is_none()
    }
}

impl Keys {
    /// The shape of `key`.
    pub(super) fn get(&self, key: &str) -> Option<&'static Shape> {
        let own = self.known.binary_search_by(|(name, _)| (*name).cmp(key)).ok().map(|at| self.known[at].1);
        own.or_else(|| self.more.iter().find_map(|more| more.get(key)))
    }

    /// The names of the keys.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.all().map(|(name, _)| *name)
    }

    /// All keys with their shapes.
    pub(super) fn all(&self) -> impl Iterator<Item = &'static (&'static str, &'static Shape)> {
        self.known.iter().chain(self.more.iter().flat_map(|more| more.known))
    }
}

impl Names {
    pub(super) fn accept(self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::NonEmpty => !name.is_empty(),
            Self::Resource(_) => {
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            }
        }
    }
}

/// `` `a`, `b` or `c` ``.
pub(super) fn quoted(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    or_list(&words)
}

/// `` `a`, `b`, `c` ``.
pub(super) fn in_order(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// `` `a`, `b` and `c` ``.
pub(super) fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(|word| format!("`{word}`")).collect();
            format!("{} and `{last}`", first.join(", "))
        }
    }
}

/// `a, b or c`.
fn or_list(words: &[String]) -> String {
    match words {
        [] => "nothing".into(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
