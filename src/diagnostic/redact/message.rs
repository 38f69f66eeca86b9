//! Hides in a message what is hidden in the lines that it is about.

use super::lines::is_variable;
use super::{HIDDEN, is_secret, text};

/// Shorter quoted parts are syntax, such as an unclosed quote.
const SHORTEST: usize = 3;

/// YAML syntax around a value, which a message does not quote.
const MARKS: [char; 5] = ['"', '\'', '*', '&', '!'];

/// The hidden parts of the lines that a problem is about.
#[derive(Debug, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Takes the hidden parts of lines as they are written in the file.
    #[must_use]
    pub fn new(hidden: impl IntoIterator<Item = String>) -> Self {
        Self(hidden.into_iter().filter(|part| part.trim().chars().count() >= SHORTEST).collect())
    }

    /// `message` with these, and any recognisable secrets, hidden. A message about a variable whose name suggests a
    /// secret quotes nothing but that variable's path.
    ///
    /// ```
    /// use hoist::diagnostic::redact::Secrets;
    /// let secrets = Secrets::new(["\"abc${x$y}\"".to_owned()]);
    /// assert_eq!(secrets.out_of("`${x$y}` is no reference"), "`•••` is no reference");
    /// assert_eq!(secrets.out_of("`010` becomes `8` in `services.s.environment.API_KEY`"),
    ///     "`•••` becomes `•••` in `services.s.environment.API_KEY`");
    /// ```
    #[must_use]
    pub fn out_of(&self, message: &str) -> String {
        let mut shown = message.to_owned();
        for part in &self.0 {
            for part in [part.as_str(), part.trim().trim_matches(MARKS)] {
                if part.chars().count() >= SHORTEST {
                    shown = shown.replace(part, HIDDEN);
                }
            }
        }
        let about_a_secret = quoted(&shown).iter().any(|(start, end)| names_a_secret(&shown[*start..*end]));
        let mut from = 0;
        let mut result = String::with_capacity(shown.len());
        for (start, end) in quoted(&shown) {
            let part = &shown[start..end];
            let own = part.chars().count() >= SHORTEST && self.has(part.trim_matches(MARKS));
            if own || (about_a_secret && !is_path(part)) {
                result += &shown[from..start];
                result += HIDDEN;
                from = end;
            }
        }
        text(&(result + &shown[from..]))
    }

    /// Whether a quoted part belongs to a secret, rather than being the name of a variable that the secret refers to.
    /// Only names in capitals count as variables; others are more likely part of a secret that contains a `$`.
    fn has(&self, part: &str) -> bool {
        let refers = |secret: &String| {
            is_variable(part) && ["$", "${"].iter().any(|mark| secret.contains(&format!("{mark}{part}")))
        };
        self.0.iter().any(|secret| secret.contains(part) && !refers(secret))
    }
}

/// The parts in backticks or double quotes.
fn quoted(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(['`', '"']).map(|found| at + found) {
        let quote = &text[start..=start];
        let Some(length) = text[start + 1..].find(quote) else { break };
        found.push((start + 1, start + 1 + length));
        at = start + length + 2;
    }
    found
}

fn is_path(text: &str) -> bool {
    ["services.", "volumes.", "networks.", "secrets.", "configs.", "models.", "x-"]
        .iter()
        .any(|top| text.starts_with(top))
}

/// Whether a path leads to a variable, argument or option whose name suggests a secret.
fn names_a_secret(path: &str) -> bool {
    let below = |parent: &str| path.split_once(parent).is_some_and(|(_, name)| is_secret(name));
    is_path(path)
        && [".environment.", ".args.", ".labels.", ".annotations.", ".driver_opts.", ".options."]
            .iter()
            .any(|parent| below(parent))
}
