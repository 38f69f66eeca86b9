//! Emits the YAML that `config` prints, character by character as Docker Compose does: two spaces per level, lists
//! indented under their key, quotes if text would be read as something else, long text folded at 80 columns.

use std::fmt::Write as _;

use super::{Path, scalar};
use crate::project::{Tree, number};

/// Returns the comment to write after the value at a path, without the `#`.
pub type Comments<'a> = &'a dyn Fn(&Path) -> Option<String>;

/// Column after which a space becomes a line break.
const WIDTH: usize = 80;

/// Maximum length in bytes of a simple key; a longer one is written after a `?`.
const LONGEST_SIMPLE_KEY: usize = 128;

/// `tree` as YAML, with a line break at the end.
///
/// With `comments`, a value's comment is on its line: after a scalar, after the key of a list or mapping, or after the
/// `|` of a text block.
///
/// ```
/// use hoist::project::Tree;
/// use hoist::yaml::emit;
/// let tree = Tree::Mapping(vec![
///     ("name".into(), Tree::from("demo")),
///     ("ports".into(), Tree::Sequence(vec![Tree::from("8080"), Tree::from("12:30")])),
/// ]);
/// assert_eq!(emit(&tree, None), "name: demo\nports:\n  - \"8080\"\n  - '12:30'\n");
/// ```
#[must_use]
pub fn emit(tree: &Tree, comments: Option<Comments<'_>>) -> String {
    let mut emitter = Emitter { out: String::new(), column: 0, comments };
    let path = Path::root();
    emitter.item(tree, 0, &path);
    emitter.out
}

struct Emitter<'a> {
    out: String,
    /// Number of characters on the current line.
    column: usize,
    comments: Option<Comments<'a>>,
}

impl Emitter<'_> {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += if text.is_ascii() { text.len() } else { text.chars().count() };
    }

    fn put_char(&mut self, character: char) {
        self.out.push(character);
        self.column += 1;
    }

    fn spaces(&mut self, mut count: usize) {
        const SPACES: &str = "                                ";
        while count > SPACES.len() {
            self.out.push_str(SPACES);
            count -= SPACES.len();
        }
        self.out.push_str(&SPACES[..count]);
    }

    fn new_line(&mut self, indent: usize) {
        self.out.push('\n');
        self.spaces(indent);
        self.column = indent;
    }

    fn start_line(&mut self, indent: usize) {
        if self.column > 0 {
            self.new_line(indent);
        } else {
            self.spaces(indent);
            self.column = indent;
        }
    }

    fn end_line(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    fn comment(&mut self, path: &Path) {
        if let Some(comment) = self.comments.and_then(|comments| comments(path)) {
            self.put(" # ");
            self.put(&comment);
        }
    }

    /// A path below `path`; only needed for comments.
    fn below(&self, path: &Path, then: impl FnOnce(&Path) -> Path) -> Path {
        if self.comments.is_some() { then(path) } else { Path::root() }
    }

    /// Writes the entries; the first continues the current line, if any.
    fn mapping(&mut self, entries: &[(String, Tree)], indent: usize, path: &Path) {
        for (at, (key, value)) in entries.iter().enumerate() {
            if at > 0 || self.column == 0 {
                self.start_line(indent);
            }
            let path = self.below(path, |path| path.key(key));
            if key.len() > LONGEST_SIMPLE_KEY || key.contains('\n') {
                self.put("? ");
                self.string(key, indent + 2, true, &Path::root());
                if self.column > 0 {
                    self.end_line();
                }
                self.start_line(indent);
                self.put(": ");
                self.item(value, indent + 2, &path);
            } else {
                self.key(key);
                self.put(":");
                self.value(value, indent, &path);
            }
        }
    }

    fn sequence(&mut self, items: &[Tree], indent: usize, path: &Path) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 || self.column == 0 {
                self.start_line(indent);
            }
            self.put("- ");
            let path = self.below(path, |path| path.index(at));
            self.item(item, indent + 2, &path);
        }
    }

    /// Writes what follows `- `.
    fn item(&mut self, tree: &Tree, indent: usize, path: &Path) {
        match tree {
            Tree::Mapping(entries) if !entries.is_empty() => self.mapping(entries, indent, path),
            Tree::Sequence(items) if !items.is_empty() => self.sequence(items, indent, path),
            Tree::Null
            | Tree::Bool(_)
            | Tree::Int(_)
            | Tree::Float(_)
            | Tree::Float32(_)
            | Tree::String(_)
            | Tree::Sequence(_)
            | Tree::Mapping(_) => self.leaf(tree, indent, path),
        }
    }

    /// Writes what follows `key:`, which is indented by `indent`.
    fn value(&mut self, tree: &Tree, indent: usize, path: &Path) {
        if matches!(tree, Tree::Mapping(_) | Tree::Sequence(_)) && !tree.is_empty_collection() {
            self.comment(path);
            self.end_line();
        } else {
            self.put(" ");
        }
        self.item(tree, indent + 2, path);
    }

    /// Writes a scalar or an empty collection, and the end of its line.
    fn leaf(&mut self, tree: &Tree, indent: usize, path: &Path) {
        match tree {
            Tree::Null => self.put("null"),
            Tree::Bool(value) => self.put(if *value { "true" } else { "false" }),
            Tree::Int(value) => self.put(&value.to_string()),
            Tree::Float(value) => self.put(&float(&number::text(*value))),
            Tree::Float32(value) => self.put(&float(&number::text32(*value))),
            Tree::String(text) => return self.string(text, indent, false, path),
            Tree::Sequence(_) => self.put("[]"),
            Tree::Mapping(_) => self.put("{}"),
        }
        self.comment(path);
        self.end_line();
    }

    /// Writes text that may span lines, and the end of its line.
    fn string(&mut self, text: &str, indent: usize, key: bool, path: &Path) {
        match Style::of(text) {
            // If it fits, it needs no folding.
            Style::Plain if self.column + text.len() <= WIDTH => self.put(text),
            Style::Plain => self.folded(text, indent, !key, Self::put_char),
            Style::Single => self.single(text, indent, !key),
            Style::Double => self.double(text, indent, !key),
            Style::Literal => return self.literal(text, indent, path),
        }
        self.comment(path);
        self.end_line();
    }

    fn key(&mut self, text: &str) {
        match Style::of(text) {
            Style::Plain => self.put(text),
            Style::Single => self.single(text, 0, false),
            Style::Double | Style::Literal => self.double(text, 0, false),
        }
    }

    /// Writes `text`; in long lines, spaces may become line breaks.
    fn folded(&mut self, text: &str, indent: usize, fold: bool, put: impl Fn(&mut Self, char)) {
        let mut spaces = false;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let breaks = fold
                && character == ' '
                && !spaces
                && self.column > WIDTH
                && characters.peek().is_some_and(|next| *next != ' ');
            spaces = character == ' ';
            if breaks {
                self.new_line(indent);
            } else {
                put(self, character);
            }
        }
    }

    fn single(&mut self, text: &str, indent: usize, fold: bool) {
        self.put("'");
        self.folded(text, indent, fold, |emitter, character| {
            emitter.put_char(character);
            if character == '\'' {
                emitter.put_char(character);
            }
        });
        self.put("'");
    }

    fn double(&mut self, text: &str, indent: usize, fold: bool) {
        self.put("\"");
        let mut spaces = false;
        let mut characters = text.chars().enumerate().peekable();
        while let Some((at, character)) = characters.next() {
            if character != ' ' {
                self.escaped(character);
                spaces = false;
                continue;
            }
            let next = characters.peek().map(|(_, next)| *next);
            if fold && !spaces && self.column > WIDTH && at > 0 && next.is_some() {
                self.new_line(indent);
                if next == Some(' ') {
                    self.put("\\");
                }
            } else {
                self.put(" ");
            }
            spaces = true;
        }
        self.put("\"");
    }

    /// Writes one character in double quotes.
    fn escaped(&mut self, character: char) {
        let short = match character {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ if is_printable(character) => return self.put_char(character),
            _ => {
                let code = u32::from(character);
                let (mark, width) = match code {
                    0..=0xff => ('x', 2),
                    0x100..=0xffff => ('u', 4),
                    _ => ('U', 8),
                };
                let mut text = String::new();
                let _ = write!(text, "\\{mark}{code:0width$X}");
                return self.put(&text);
            }
        };
        self.put_char('\\');
        self.put_char(short);
    }

    /// Writes a text block, and the end of its line.
    fn literal(&mut self, text: &str, indent: usize, path: &Path) {
        self.put("|");
        if text.starts_with([' ', '\n']) {
            self.put("2");
        }
        if !text.ends_with('\n') {
            self.put("-");
        } else if text == "\n" || text.ends_with("\n\n") {
            self.put("+");
        }
        self.comment(path);
        self.end_line();
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            if !line.is_empty() {
                self.spaces(indent);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
    }
}

/// A float; infinity and NaN have special names in YAML.
fn float(text: &str) -> String {
    match text {
        "+Inf" => ".inf".to_owned(),
        "-Inf" => "-.inf".to_owned(),
        "NaN" => ".nan".to_owned(),
        _ => text.to_owned(),
    }
}

/// The styles of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

impl Style {
    fn of(text: &str) -> Self {
        if is_long_word(text) {
            return Self::Plain;
        }
        let shape = if is_simple(text) { Shape::ANY } else { Shape::of(text) };
        if text.contains('\n') && shape.block {
            return Self::Literal;
        }
        if text.is_empty() || !shape.single || reads_as_other(text) {
            return Self::Double;
        }
        if shape.plain && !looks_old(text) { Self::Plain } else { Self::Single }
    }
}

/// Which styles the characters of a text allow.
struct Shape {
    plain: bool,
    single: bool,
    block: bool,
}

impl Shape {
    const ANY: Self = Self { plain: true, single: true, block: true };

    fn of(text: &str) -> Self {
        let mut shape = Self::ANY;
        if text.starts_with("---") || text.starts_with("...") {
            shape.plain = false;
        }
        let mut before = None;
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            let blank_behind = next.is_none_or(|next| is_blank(next) || is_break(next));
            let indicator = match character {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`'
                    if at == 0 =>
                {
                    true
                }
                '?' | '-' if at == 0 => blank_behind,
                ':' => blank_behind,
                '#' => before.is_some_and(|before| is_blank(before) || is_break(before)),
                _ => false,
            };
            let edge = at == 0 || next.is_none();
            if indicator || is_break(character) || (edge && character == ' ') {
                shape.plain = false;
            }
            if character == ' ' && next.is_none() {
                shape.block = false;
            }
            if character == ' ' && before.is_some_and(is_break) {
                (shape.plain, shape.single) = (false, false);
            }
            let space_break = is_break(character) && before == Some(' ');
            let special = character != '\t' && !is_printable(character);
            if character == '\t' || is_break(character) {
                (shape.plain, shape.single) = (false, false);
            }
            if space_break || special {
                (shape.plain, shape.single, shape.block) = (false, false, false);
            }
            before = Some(character);
        }
        shape
    }
}

/// A byte of a text that stands for itself wherever it is in a word.
const WORD: u8 = 1;
/// A byte of a text that stands for itself inside the text; a colon does unless a space follows.
const INNER: u8 = 2;
/// A byte of a text that stands for itself at both ends of the text, too.
const EDGE: u8 = 4;

/// What bytes stand for: looked up, because all that is printed goes through here.
static BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        bytes[byte as usize] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'/' => WORD | INNER | EDGE,
            b'-' | b'.' => WORD | INNER,
            b'#' => 0,
            b'$' | b'(' | b')' | b'+' | b';' | b'<' | b'=' | b'\\' | b'^' | b'~' => INNER | EDGE,
            _ => INNER,
        };
        byte += 1;
    }
    bytes
};

fn is(byte: u8, class: u8) -> bool {
    BYTES[usize::from(byte)] & class != 0
}

/// Whether a text is a name or path, as most are: only letters, digits and marks without meaning, and too long to be
/// one of the words that are not read as text.
fn is_long_word(text: &str) -> bool {
    text.len() > "false".len()
        && text.as_bytes()[0].is_ascii_alphabetic()
        && text.as_bytes().iter().all(|byte| is(*byte, WORD))
}

/// Whether the characters of a text allow every style, as far as can be told at a glance.
fn is_simple(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let mut after_colon = false;
    let mut stands_for_itself = |byte: &u8| {
        let ends_a_key = std::mem::replace(&mut after_colon, *byte == b':') && *byte == b' ';
        is(*byte, INNER) && !ends_a_key
    };
    is(*first, EDGE) && is(*last, WORD | EDGE) && bytes.iter().all(&mut stands_for_itself)
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

fn is_break(character: char) -> bool {
    matches!(character, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a character is written as is; those beyond the basic plane are escaped, as in Docker Compose.
fn is_printable(character: char) -> bool {
    matches!(character,
        '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// Whether `text`, written plainly, would be read as something other than text.
fn reads_as_other(text: &str) -> bool {
    scalar::resolve_special(text).is_some()
}

/// Whether `text` has another meaning in YAML 1.1: a boolean, a base-60 number, or the merge key.
fn looks_old(text: &str) -> bool {
    const WORDS: [&str; 16] =
        ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF"];
    text == "<<" || (text.len() <= "off".len() && WORDS.contains(&text)) || is_base_60(text)
}

/// `12:30`, `190:20:30.5`.
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default();
    let first_fits = first.starts_with(|c: char| c.is_ascii_digit())
        && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if !first_fits {
        return false;
    }
    let rest: Vec<&str> = parts.collect();
    let last = rest.len().saturating_sub(1);
    !rest.is_empty()
        && rest.iter().enumerate().all(|(at, part)| {
            let (whole, fraction) = match part.split_once('.') {
                Some((whole, fraction)) if at == last => (whole, fraction),
                Some(_) => return false,
                None => (*part, ""),
            };
            matches!(whole.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'])
                && fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;
    use crate::yaml;

    fn value(text: &str) -> String {
        let out = emit(&Tree::Mapping(vec![("k".into(), Tree::from(text))]), None);
        out.strip_prefix("k: ").and_then(|out| out.strip_suffix('\n')).expect("one entry").to_owned()
    }

    #[test]
    fn quotes() {
        for (text, expected) in [
            ("app", "app"),
            ("a b", "a b"),
            ("a: b", "'a: b'"),
            ("a:b", "a:b"),
            ("a:", "'a:'"),
            ("a #b", "'a #b'"),
            ("a#b", "a#b"),
            ("#x", "'#x'"),
            ("*.go", "'*.go'"),
            ("{a", "'{a'"),
            ("[x]", "'[x]'"),
            ("@a", "'@a'"),
            ("-", "'-'"),
            ("- a", "'- a'"),
            ("-a", "-a"),
            ("--- a", "'--- a'"),
            ("?", "'?'"),
            ("?a", "?a"),
            (":a", ":a"),
            (" a", "' a'"),
            ("a ", "'a '"),
            ("it's", "it's"),
            ("'x'", "'''x'''"),
            ("\"x\"", "'\"x\"'"),
            ("", "\"\""),
            ("~", "\"~\""),
            ("8080", "\"8080\""),
            ("1.0", "\"1.0\""),
            ("true", "\"true\""),
            ("null", "\"null\""),
            ("2020-01-01", "\"2020-01-01\""),
            ("18446744073709551615", "\"18446744073709551615\""),
            ("1e3", "\"1e3\""),
            (".5", "\".5\""),
            ("yes", "'yes'"),
            ("N", "'N'"),
            ("oN", "oN"),
            ("12:30", "'12:30'"),
            ("12:75", "12:75"),
            ("190:20:30.5", "'190:20:30.5'"),
            ("8080:80", "8080:80"),
            ("<<", "'<<'"),
            ("=", "="),
            ("a\tb", "\"a\\tb\""),
            ("a\rb", "\"a\\rb\""),
            ("a\u{7}", "\"a\\a\""),
            ("\u{1}", "\"\\x01\""),
            ("ü日", "ü日"),
            ("🚀", "\"\\U0001F680\""),
            ("$${A}", "$${A}"),
            ("./x:/y:ro", "./x:/y:ro"),
        ] {
            assert_eq!(value(text), expected, "{text:?}");
        }
    }

    #[test]
    fn text_blocks() {
        for (text, expected) in [
            ("a\nb", "|-\n  a\n  b"),
            ("a\nb\n", "|\n  a\n  b"),
            ("a\n\n", "|+\n  a\n"),
            ("\na", "|2-\n\n  a"),
            ("  a\nb\n", "|2\n    a\n  b"),
            ("a\n\nb\n", "|\n  a\n\n  b"),
            ("a \nb", "\"a \\nb\""),
            ("a\nb ", "\"a\\nb \""),
            ("a\r\nb", "\"a\\r\\nb\""),
            ("a\tb\nc", "|-\n  a\tb\n  c"),
        ] {
            assert_eq!(value(text), expected, "{text:?}");
        }
    }

    #[test]
    fn long_text_is_folded_behind_column_80() {
        let words = "word ".repeat(30);
        let folded = value(words.trim_end());
        let lines: Vec<&str> = folded.lines().collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(format!("k: {}", lines[0]).len(), 82);
        assert!(lines[1].starts_with("  word"));
        let quoted = value(&format!("# {}", words.trim_end()));
        assert!(quoted.lines().count() == 2 && quoted.starts_with('\''), "{quoted}");
        assert_eq!(value(&"x".repeat(200)).lines().count(), 1);
    }

    #[test]
    fn layout() {
        let tree = Tree::Mapping(vec![
            (
                "a".into(),
                Tree::Sequence(vec![
                    Tree::Mapping(vec![
                        ("x".into(), Tree::Int(1)),
                        ("y".into(), Tree::Sequence(vec![Tree::from("z")])),
                    ]),
                    Tree::Sequence(vec![Tree::Int(1), Tree::Int(2)]),
                    Tree::Null,
                ]),
            ),
            ("b".into(), Tree::Mapping(vec![("true".into(), Tree::Bool(true)), ("on".into(), Tree::Float(0.5))])),
            ("c".into(), Tree::Mapping(vec![])),
            ("d".into(), Tree::Sequence(vec![])),
            ("e".into(), Tree::Float(1e6)),
            ("k".repeat(129), Tree::from("v")),
        ]);
        let expected = format!(
            "a:\n  - x: 1\n    'y':\n      - z\n  - - 1\n    - 2\n  - null\nb:\n  \"true\": true\n  'on': 0.5\nc: {{}}\nd: []\n\
             e: 1e+06\n? {}\n: v\n",
            "k".repeat(129)
        );
        assert_eq!(emit(&tree, None), expected);
    }

    #[test]
    fn comments_stand_behind_values() {
        let tree = Tree::Mapping(vec![(
            "a".into(),
            Tree::Sequence(vec![Tree::from("x"), Tree::from("l\nm"), Tree::Mapping(vec![("b".into(), Tree::Int(1))])]),
        )]);
        let comments = |path: &Path| Some(path.to_string());
        assert_eq!(
            emit(&tree, Some(&comments)),
            "a: # a\n  - x # a[0]\n  - |- # a[1]\n    l\n    m\n  - b: 1 # a[2].b\n"
        );
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(text in "[ -~\t\n\u{e9}:#'\"-]{0,120}", key in "[ -~]{1,20}") {
            let out = emit(&Tree::Mapping(vec![(key.clone(), Tree::Sequence(vec![Tree::from(text.as_str())]))]), None);
            let mut sources = SourceMap::default();
            let file = sources.add("out.yaml", out.clone());
            let parsed = yaml::parse(&sources, file);
            proptest::prop_assert_eq!(&parsed.errors, &vec![], "{}", out);
            let items = parsed.documents[0].get(&key).and_then(yaml::Node::as_sequence).expect("a list");
            proptest::prop_assert_eq!(items[0].as_str(), Some(text.as_str()), "{}", out);
        }
    }
}
