//! Commands written as one text (Compose spec: `05-services.md`, `command`).

/// The words of a command, and where Docker Compose stops reading early.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandWords {
    /// The words.
    pub words: Vec<String>,
    /// The byte at which an unquoted `;`, `&`, `|`, `<` or `>` ended the command; nothing after it is in `words`.
    pub cut_at: Option<usize>,
}

/// Why a text cannot be split into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// A quote is not closed.
    #[error("the command has an unmatched `{quote}`")]
    OpenQuote {
        /// The quote.
        quote: char,
        /// The byte at which it stands.
        at: usize,
    },
    /// An unmatched parenthesis.
    #[error("the command has a `{parenthesis}` outside quotes")]
    Parenthesis {
        /// Which one.
        parenthesis: char,
        /// The byte at which it stands.
        at: usize,
    },
    /// A backslash at the end.
    #[error("the command ends in a backslash")]
    TrailingBackslash {
        /// The byte at which it stands.
        at: usize,
    },
}

impl CommandError {
    /// The byte of the text with the problem.
    #[must_use]
    pub fn at(&self) -> usize {
        match self {
            Self::OpenQuote { at, .. } | Self::Parenthesis { at, .. } | Self::TrailingBackslash { at } => *at,
        }
    }

    /// An example of what is accepted.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::OpenQuote { .. } => "close the quote, or write `\\` before it to use it literally",
            Self::Parenthesis { .. } => {
                "no shell is involved; put the command in quotes after `sh -c`, or write it as a list"
            }
            Self::TrailingBackslash { .. } => "write `\\\\` for a backslash, or leave it out",
        }
    }
}

/// Splits `text` into words. No shell is involved:
///
/// - Spaces separate words; `'…'` is literal, `"…"` groups; outside single quotes `\` escapes the next character, and
///   `\t` and `\n` are tab and line break.
/// - `$(…)` and backquoted spans are kept as they are, including spaces.
/// - An unquoted `;`, `&`, `|`, `<` or `>` ends the command; a word right before `>` that begins with a digit is left
///   out as well.
///
/// ```
/// use hoist::project::value::command::split;
/// assert_eq!(split("echo 'hello   world' end")?.words, ["echo", "hello   world", "end"]);
/// assert_eq!(split("one && two")?.cut_at, Some(4));
/// assert!(split("echo 'a").is_err());
/// # Ok::<(), hoist::project::value::command::CommandError>(())
/// ```
///
/// # Errors
///
/// For unclosed quotes, unquoted parentheses and a backslash at the end.
pub fn split(text: &str) -> Result<CommandWords, CommandError> {
    let mut splitter = Splitter::default();
    for (at, character) in text.char_indices() {
        if splitter.step(at, character)? {
            splitter.cut_at = Some(at);
            break;
        }
    }
    splitter.finish()
}

/// The state of splitting. Quotes of different kinds can nest, so each kind is tracked separately, by the byte at which
/// it was opened.
#[derive(Debug, Default)]
struct Splitter {
    words: Vec<String>,
    word: String,
    /// Whether there is a current word, even an empty one.
    in_word: bool,
    escape: Option<usize>,
    double: Option<usize>,
    single: Option<usize>,
    back: Option<usize>,
    dollar: Option<usize>,
    cut_at: Option<usize>,
}

impl Splitter {
    fn is_grouped(&self) -> bool {
        self.double.is_some() || self.single.is_some() || self.back.is_some() || self.dollar.is_some()
    }

    /// Processes one character; returns whether the command ends before it.
    fn step(&mut self, at: usize, character: char) -> Result<bool, CommandError> {
        if self.escape.take().is_some() {
            self.push(match character {
                't' => '\t',
                'n' => '\n',
                other => other,
            });
            return Ok(false);
        }
        match character {
            '\\' if self.single.is_none() => self.escape = Some(at),
            ' ' | '\t' | '\r' | '\n' if !self.is_grouped() => self.end_word(),
            '"' if self.single.is_none() && self.dollar.is_none() => {
                self.in_word |= self.double.is_some();
                toggle(&mut self.double, at);
            }
            '\'' if self.double.is_none() && self.dollar.is_none() => {
                self.in_word |= self.single.is_some();
                toggle(&mut self.single, at);
            }
            '`' if self.single.is_none() && self.double.is_none() && self.dollar.is_none() => {
                toggle(&mut self.back, at);
                self.push('`');
            }
            '(' | ')' if self.single.is_none() && self.double.is_none() && self.back.is_none() => {
                self.parenthesis(at, character)?;
            }
            ';' | '&' | '|' | '<' | '>' if !self.is_grouped() => {
                if character == '>' && self.word.starts_with(|c: char| c.is_ascii_digit()) {
                    self.in_word = false;
                }
                return Ok(true);
            }
            ' ' | '\t' | '\r' | '\n' => self.word.push(character),
            other => self.push(other),
        }
        Ok(false)
    }

    /// Handles a parenthesis: `$(` opens a span that `)` closes; any other is an error.
    fn parenthesis(&mut self, at: usize, character: char) -> Result<(), CommandError> {
        match character {
            '(' if self.dollar.is_none() && self.word.ends_with('$') => self.dollar = Some(at),
            ')' if self.dollar.is_some() => self.dollar = None,
            // Docker Compose treats a lone `)` as if it opened a span.
            ')' => self.dollar = Some(at),
            _ => return Err(CommandError::Parenthesis { parenthesis: character, at }),
        }
        self.push(character);
        Ok(())
    }

    fn push(&mut self, character: char) {
        self.word.push(character);
        self.in_word = true;
    }

    fn end_word(&mut self) {
        if std::mem::take(&mut self.in_word) {
            self.words.push(std::mem::take(&mut self.word));
        }
    }

    fn finish(mut self) -> Result<CommandWords, CommandError> {
        if let Some(at) = self.escape {
            return Err(CommandError::TrailingBackslash { at });
        }
        for (quote, opened) in [('\'', self.single), ('"', self.double), ('`', self.back)] {
            if let Some(at) = opened {
                return Err(CommandError::OpenQuote { quote, at });
            }
        }
        if let Some(at) = self.dollar {
            let parenthesis = if self.word[..].contains('(') { '(' } else { ')' };
            return Err(CommandError::Parenthesis { parenthesis, at });
        }
        self.end_word();
        Ok(CommandWords { words: self.words, cut_at: self.cut_at })
    }
}

fn toggle(opened: &mut Option<usize>, at: usize) {
    *opened = if opened.is_some() { None } else { Some(at) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let cases: [(&str, &[&str]); 30] = [
            ("", &[]),
            ("   ", &[]),
            ("bundle   exec thin -p 3000", &["bundle", "exec", "thin", "-p", "3000"]),
            (r"a\ b c", &["a b", "c"]),
            (r#"say \"hi\" it\'s"#, &["say", "\"hi\"", "it's"]),
            (r"a\\b", &[r"a\b"]),
            (r"a\tb\nc\dd", &["a\tb\ncdd"]),
            (r#""a\"b" "c\\d" "e\tf" "g\$h""#, &["a\"b", r"c\d", "e\tf", "g$h"]),
            (r"'a\tb' 'c\\d'", &[r"a\tb", r"c\\d"]),
            ("server \\\n  --port 80\n", &["server", "\n", "--port", "80"]),
            ("echo \"hello   world\" end", &["echo", "hello   world", "end"]),
            ("a'b c'd\"e f\"g", &["ab cde fg"]),
            ("a '' \"\" b", &["a", "", "", "b"]),
            ("sh -c \"echo 'x y'\"", &["sh", "-c", "echo 'x y'"]),
            ("sh -c 'echo \"x y\"'", &["sh", "-c", "echo \"x y\""]),
            ("echo $(date +%s) end", &["echo", "$(date +%s)", "end"]),
            ("echo `date +%s` end", &["echo", "`date +%s`", "end"]),
            ("echo $HOME $$", &["echo", "$HOME", "$$"]),
            ("echo a #b", &["echo", "a", "#b"]),
            ("ls *.txt ~ {a,b}", &["ls", "*.txt", "~", "{a,b}"]),
            ("écho 'ñandú 日本' ☃", &["écho", "ñandú 日本", "☃"]),
            ("one two && three", &["one", "two"]),
            ("one; two", &["one"]),
            ("one;two", &["one"]),
            ("one 2>file two", &["one"]),
            ("one x2>file two", &["one", "x2"]),
            ("one & two", &["one"]),
            ("sh -c 'one && two | three > four'", &["sh", "-c", "one && two | three > four"]),
            ("a \"(b)\" c", &["a", "(b)", "c"]),
            ("$(a 'b) c", &["$(a 'b)", "c"]),
        ];
        for (text, words) in cases {
            assert_eq!(
                split(text).map(|split| split.words),
                Ok(words.iter().map(ToString::to_string).collect()),
                "{text}"
            );
        }
    }

    #[test]
    fn the_place_of_the_cut_is_known() {
        for (text, at) in [("one && two", Some(4)), ("one", None), ("'é' | two", Some(5)), ("a ';' b", None)] {
            assert_eq!(split(text).map(|split| split.cut_at), Ok(at), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            ("echo 'a", CommandError::OpenQuote { quote: '\'', at: 5 }),
            ("echo \"a", CommandError::OpenQuote { quote: '"', at: 5 }),
            ("echo `a", CommandError::OpenQuote { quote: '`', at: 5 }),
            ("echo $(a", CommandError::Parenthesis { parenthesis: '(', at: 6 }),
            ("echo (a)", CommandError::Parenthesis { parenthesis: '(', at: 5 }),
            ("echo a)", CommandError::Parenthesis { parenthesis: ')', at: 6 }),
            ("$(a $(b))", CommandError::Parenthesis { parenthesis: '(', at: 5 }),
            (r"a \", CommandError::TrailingBackslash { at: 2 }),
        ];
        for (text, error) in cases {
            assert_eq!(split(text), Err(error), "{text}");
        }
    }
}
