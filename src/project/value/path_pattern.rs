//! The patterns of `.dockerignore` files and of the engine's requests for files: a list of them and a path in, whether
//! the path is matched out.
//!
//! The grammar is Docker's, which differs from `.gitignore`: a pattern is anchored at the root of the context, the last
//! one that matches a path or one of its parent folders decides, `!` negates, `**` matches any number of folders.
//! Engine and client must agree on every path, including quirks: a file that only one of them includes would break the
//! engine's cache.

use crate::source::clean;

/// A list of patterns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Patterns {
    patterns: Vec<Pattern>,
}

/// Which patterns of a list matched a folder; passed on to the paths inside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Matched(Vec<bool>);

/// An invalid pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid path pattern")]
pub(crate) struct BadPattern(pub(crate) String);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    text: String,
    negated: bool,
    matcher: Matcher,
}

/// How a path is matched. Most patterns are plain names, which need no automaton.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Matcher {
    Exact,
    /// `text/**`: the path begins with this.
    Prefix(String),
    /// `**text`: the path ends with this.
    Suffix(String),
    Glob(Glob),
}

impl Patterns {
    /// Parses patterns; empty ones are ignored.
    ///
    /// # Errors
    ///
    /// [`BadPattern`] for a lone `!`, an unclosed `[` and a `\` at the end.
    pub(crate) fn parse<S: AsRef<str>>(texts: &[S]) -> Result<Self, BadPattern> {
        let patterns = texts.iter().map(|text| text.as_ref().trim()).filter(|text| !text.is_empty());
        Ok(Self { patterns: patterns.map(Pattern::parse).collect::<Result<_, _>>()? })
    }

    /// Whether the list is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether the list matches a path, and the state to pass on to the paths inside it. `parent` is the state from its
    /// folder; `None` at the root.
    pub(crate) fn matches(&self, path: &str, parent: Option<&Matched>) -> (bool, Matched) {
        let mut result = false;
        let mut each = Vec::with_capacity(self.patterns.len());
        for (index, pattern) in self.patterns.iter().enumerate() {
            let inherited = parent.is_some_and(|parent| parent.0.get(index).copied().unwrap_or(false));
            // A pattern that cannot change the result is skipped, and then counts as not matched for the paths inside,
            // as in the engine.
            let matched = inherited || (pattern.negated == result && pattern.matches(path));
            if matched {
                result = !pattern.negated;
            }
            each.push(matched);
        }
        (result, Matched(each))
    }

    /// Whether the list matches a path, judged with its folders.
    pub(crate) fn matches_whole(&self, path: &str) -> bool {
        let mut parent: Option<Matched> = None;
        let mut end = 0;
        loop {
            end = path[end..].find('/').map_or(path.len(), |slash| end + slash);
            let (matched, state) = self.matches(&path[..end], parent.as_ref());
            if end == path.len() {
                return matched;
            }
            parent = Some(state);
            end += 1;
        }
    }

    /// Whether something inside an unmatched folder could be matched.
    pub(crate) fn may_match_inside(&self, folder: &str) -> bool {
        self.some_reaches_into(folder, false)
    }

    /// Whether a `!` pattern could apply to something inside a matched folder.
    pub(crate) fn may_take_back_inside(&self, folder: &str) -> bool {
        self.some_reaches_into(folder, true)
    }

    fn some_reaches_into(&self, folder: &str, negated: bool) -> bool {
        let candidates = || self.patterns.iter().filter(|pattern| pattern.negated == negated);
        candidates().any(|pattern| pattern.beginning().contains(['*', '[', ']', '?', '^', '\\']))
            || candidates().any(|pattern| is_inside_or_same(pattern.beginning(), folder))
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, BadPattern> {
        let cleaned = clean(text);
        let (negated, cleaned) = match cleaned.strip_prefix('!') {
            Some(rest) => (true, rest.to_owned()),
            None => (false, cleaned),
        };
        if cleaned.is_empty() {
            return Err(BadPattern(text.to_owned()));
        }
        let matcher = Matcher::parse(&cleaned).ok_or_else(|| BadPattern(text.to_owned()))?;
        Ok(Self { text: cleaned, negated, matcher })
    }

    fn matches(&self, path: &str) -> bool {
        match &self.matcher {
            Matcher::Exact => self.text == path,
            Matcher::Prefix(prefix) => path.starts_with(prefix.as_str()),
            Matcher::Suffix(suffix) => path.ends_with(suffix.as_str()) || suffix.strip_prefix('/') == Some(path),
            Matcher::Glob(glob) => glob.matches(path),
        }
    }

    /// The text without a trailing `/**` or `/*`.
    fn beginning(&self) -> &str {
        let text = self.text.strip_suffix("/**").unwrap_or(&self.text);
        text.strip_suffix("/*").unwrap_or(text)
    }
}

impl Matcher {
    fn parse(text: &str) -> Option<Self> {
        const SPECIAL: [char; 5] = ['*', '?', '[', ']', '\\'];
        if !text.contains(SPECIAL) {
            return Some(Self::Exact);
        }
        if let Some(suffix) = text.strip_prefix("**")
            && !suffix.contains(SPECIAL)
        {
            return Some(Self::Suffix(suffix.to_owned()));
        }
        if let Some(prefix) = text.strip_suffix("**")
            && !prefix.contains(SPECIAL)
        {
            return Some(Self::Prefix(prefix.to_owned()));
        }
        Glob::parse(text).map(Self::Glob)
    }
}

fn is_inside_or_same(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A pattern with wildcards, as a list of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob {
    tokens: Vec<Token>,
    /// What every matching path begins with: the text before the first wildcard.
    beginning: String,
    /// What every matching path ends with: the text after the last wildcard.
    end: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Literal(char),
    /// `?`: one character of a name.
    One,
    /// `*`: any part of a name.
    Part,
    /// `**` with more after it: nothing, or anything that ends with a slash.
    Folders,
    /// `**` at the end: anything.
    Rest,
    /// `[a-z]`.
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Glob {
    /// Parses a pattern; `None` if it is invalid.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut rest = text.chars().peekable();
        while let Some(next) = rest.next() {
            tokens.push(match next {
                '*' if rest.next_if_eq(&'*').is_some() => {
                    rest.next_if_eq(&'/');
                    if rest.peek().is_some() { Token::Folders } else { Token::Rest }
                }
                '*' => Token::Part,
                '?' => Token::One,
                '[' => Token::class(&mut rest)?,
                '\\' => Token::Literal(rest.next()?),
                other => Token::Literal(other),
            });
        }
        let beginning = tokens.iter().map_while(Token::literal).collect();
        let literals = tokens.iter().rev().map_while(Token::literal).count();
        let end = tokens[tokens.len() - literals..].iter().filter_map(Token::literal).collect();
        Some(Self { tokens, beginning, end })
    }

    /// Whether it matches a whole path. The time is proportional to the product of both lengths for any pattern.
    pub(crate) fn matches(&self, path: &str) -> bool {
        // Most paths match none of the patterns, and are rejected here.
        if !path.ends_with(self.end.as_str()) || !path.starts_with(self.beginning.as_str()) {
            return false;
        }
        let tokens = &self.tokens;
        let mut states = States::new(tokens.len());
        states.enter(tokens, 0);
        let mut next = States::new(tokens.len());
        for character in path.chars() {
            next.clear();
            for (index, token) in tokens.iter().enumerate() {
                if states.at[index] {
                    token.step(character, index, tokens, &mut next);
                }
                // Within folders matched by `**`, only a slash moves on.
                if states.within[index] {
                    next.within[index] = true;
                    if character == '/' {
                        next.enter(tokens, index + 1);
                    }
                }
            }
            std::mem::swap(&mut states, &mut next);
            if states.is_dead() {
                return false;
            }
        }
        states.at[tokens.len()]
    }
}

impl Token {
    fn literal(&self) -> Option<char> {
        match self {
            Self::Literal(literal) => Some(*literal),
            Self::One | Self::Part | Self::Folders | Self::Rest | Self::Class { .. } => None,
        }
    }

    fn class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Self> {
        let negated = rest.next_if_eq(&'^').is_some();
        let mut ranges = Vec::new();
        loop {
            let first = match rest.next()? {
                ']' if ranges.is_empty() => return None,
                ']' => return Some(Self::Class { negated, ranges }),
                '\\' => rest.next()?,
                other => other,
            };
            let last = if rest.next_if_eq(&'-').is_none() {
                first
            } else {
                match rest.next()? {
                    ']' => return None,
                    '\\' => rest.next()?,
                    other => other,
                }
            };
            ranges.push((first, last));
        }
    }

    fn step(&self, character: char, index: usize, tokens: &[Self], next: &mut States) {
        match self {
            Self::Literal(literal) if *literal == character => next.enter(tokens, index + 1),
            Self::One if character != '/' => next.enter(tokens, index + 1),
            Self::Part if character != '/' => next.enter(tokens, index),
            Self::Rest => next.enter(tokens, index),
            Self::Folders => {
                next.within[index] = true;
                if character == '/' {
                    next.enter(tokens, index + 1);
                }
            }
            Self::Class { negated, ranges } => {
                if ranges.iter().any(|(first, last)| (first..=last).contains(&&character)) != *negated {
                    next.enter(tokens, index + 1);
                }
            }
            Self::Literal(_) | Self::One | Self::Part => {}
        }
    }
}

/// The positions in a pattern after the text read so far.
struct States {
    /// Before the token.
    at: Vec<bool>,
    /// Inside folders matched by a [`Token::Folders`].
    within: Vec<bool>,
}

impl States {
    fn new(tokens: usize) -> Self {
        Self { at: vec![false; tokens + 1], within: vec![false; tokens + 1] }
    }

    fn clear(&mut self) {
        self.at.fill(false);
        self.within.fill(false);
    }

    fn is_dead(&self) -> bool {
        !self.at.contains(&true) && !self.within.contains(&true)
    }

    /// Enters a position, and those after it that need no character.
    fn enter(&mut self, tokens: &[Token], mut index: usize) {
        while !std::mem::replace(&mut self.at[index], true) {
            match tokens.get(index) {
                Some(Token::Part | Token::Folders | Token::Rest) => index += 1,
                Some(Token::Literal(_) | Token::One | Token::Class { .. }) | None => return,
            }
        }
    }
}

/// The patterns in an ignore file, as Docker's own tools read them.
pub(crate) fn of_ignore_file(text: &str) -> Vec<String> {
    let lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.starts_with('#'));
    let lines = lines.map(str::trim).filter(|line| !line.is_empty());
    let pattern = |line: &str| {
        let (sign, path) = line.strip_prefix('!').map_or(("", line), |path| ("!", path.trim()));
        if path.is_empty() {
            return sign.to_owned();
        }
        let clean = clean(path);
        // A leading slash means the context itself.
        let clean = clean.strip_prefix('/').filter(|rest| !rest.is_empty()).unwrap_or(&clean);
        format!("{sign}{clean}")
    };
    lines.map(pattern).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignore_file_becomes_patterns() {
        let text = "\u{feff}# not this\n#nor this\n a # b \r\n\n! /x/../y/\n/\n./z/.\n!\n";
        assert_eq!(of_ignore_file(text), ["a # b", "!y", "/", "z", "!"]);
    }

    fn matches(patterns: &[&str], path: &str) -> bool {
        Patterns::parse(patterns).expect("patterns").matches_whole(path)
    }

    #[test]
    fn patterns_match_as_dockers_do() {
        let cases: &[(&[&str], &str, bool)] = &[
            (&["a"], "a", true),
            (&["a"], "b/a", false),
            (&["a"], "a/b/c", true),
            (&["a/"], "a/b", true),
            (&["./a"], "a", true),
            (&["*.log"], "x.log", true),
            (&["*.log"], "d/x.log", false),
            (&["**/*.log"], "x.log", true),
            (&["**/*.log"], "d/e/x.log", true),
            (&["**/*.log"], "d/e/x.logs", false),
            (&["**"], "d/e", true),
            (&["**/node_modules"], "node_modules/x", true),
            (&["**/node_modules"], "a/node_modules/x", true),
            (&["**/node_modules"], "a/my_node_modules/x", false),
            (&["**foo"], "d/barfoo", true),
            (&["foo**"], "foobar/x", true),
            (&["foo/**"], "foo", false),
            (&["foo/**"], "foo/x/y", true),
            (&["**/foo/**"], "a/foo/b", true),
            (&["**/foo/**"], "a/foo", false),
            (&["a/**/b"], "a/b", true),
            (&["a/**/b"], "a/x/y/b", true),
            (&["a/**/b"], "a/xb", false),
            (&["a?c"], "abc", true),
            (&["a?c"], "a/c", false),
            (&["[a-c]x"], "bx", true),
            (&["[^a-c]x"], "bx", false),
            (&["[^a-c]x"], "dx", true),
            (&["a\\*"], "a*", true),
            (&["a\\*"], "ab", false),
            (&["*", "!keep"], "keep", false),
            (&["*", "!keep"], "other", true),
            (&["*", "!keep"], "keep/inside", false),
            (&["d", "!d/keep"], "d/keep", false),
            (&["d", "!d/keep"], "d/other", true),
            (&["*.md", "!README*.md", "README-secret.md"], "README-secret.md", true),
            (&["*.md", "!README*.md", "README-secret.md"], "README.md", false),
            (&["!keep", "*"], "keep", true),
            (&["é?"], "éü", true),
            (&["  a  ", ""], "a", true),
            (&["**/a**/b*c"], "x/a/q/bxc", true),
            (&["**/*.log"], "d/.log", true),
            (&["a*ba"], "aba", true),
            (&["a*ba"], "ba", false),
            (&["ab*ba"], "aba", false),
            (&["a/**/a"], "a/a", true),
            (&["a/**/a"], "a", false),
            (&["d/\\*x*.é"], "d/*x.é", true),
            (&["d/\\*x*.é"], "d/x.é", false),
        ];
        for (patterns, path, expected) in cases {
            assert_eq!(matches(patterns, path), *expected, "{patterns:?} on {path}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["!", "[", "[]", "[a", "a\\", "[a-]"] {
            assert_eq!(Patterns::parse(&[text]), Err(BadPattern(text.to_owned())));
        }
    }

    #[test]
    fn many_wildcards_take_no_longer() {
        let pattern = "**/*a".repeat(12);
        assert!(!matches(&[&pattern], &"a/".repeat(200).replace("//", "/").trim_end_matches('/').replace('a', "b")));
    }

    #[test]
    fn folders_are_left_out_only_when_nothing_inside_can_matter() {
        let patterns = Patterns::parse(&["src/lib", "docs/*"]).expect("patterns");
        assert!(patterns.may_match_inside("src"));
        assert!(patterns.may_match_inside("src/lib"));
        assert!(!patterns.may_match_inside("sr"));
        assert!(!patterns.may_match_inside("target"));
        let patterns = Patterns::parse(&["*", "!src/keep"]).expect("patterns");
        assert!(patterns.may_take_back_inside("src"));
        assert!(!patterns.may_take_back_inside("target"));
        assert!(Patterns::parse(&["a", "!**/keep"]).expect("patterns").may_take_back_inside("a"));
    }
}
