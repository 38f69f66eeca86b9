//! The menu of an attached `up`: its keys in; one line out, which stays below everything else.

use std::borrow::Cow;

use console::{Style, truncate_str};

/// Spaces between two items.
const GAP: &str = "   ";

/// What the menu shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Menu {
    /// What the keys do.
    Keys(Vec<MenuKey>),
    /// What is going on, while no key does anything.
    Notice(Cow<'static, str>),
}

/// A key and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MenuKey {
    /// The key.
    pub key: char,
    /// What it does, in a word or two.
    pub does: &'static str,
}

impl Menu {
    /// The line, cut to fit into `columns` with one left free, where the cursor stays.
    pub(super) fn line(&self, columns: usize, color: bool) -> String {
        let paint = |style: Style, text: &str| {
            if color { style.force_styling(true).apply_to(text).to_string() } else { text.to_owned() }
        };
        let line = match self {
            Self::Notice(text) => paint(Style::new().dim(), text),
            Self::Keys(keys) => {
                let items = keys.iter().map(|MenuKey { key, does }| {
                    let key = paint(Style::new().bold().reverse(), &key.to_string());
                    format!("{key} {}", paint(Style::new().dim(), does))
                });
                items.collect::<Vec<_>>().join(GAP)
            }
        };
        truncate_str(&line, columns.saturating_sub(1), "").into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Menu, MenuKey};

    #[test]
    fn the_line_names_the_keys_and_is_cut() {
        let keys = Menu::Keys(vec![MenuKey { key: 'w', does: "Watch" }, MenuKey { key: 'd', does: "Detach" }]);
        assert_eq!(keys.line(80, false), "w Watch   d Detach");
        assert_eq!(keys.line(13, false), "w Watch   d ");
        assert_eq!(keys.line(0, false), "");
        assert_eq!(Menu::Notice("Detaching...".into()).line(6, false), "Detac");
        assert_eq!(console::strip_ansi_codes(&keys.line(13, true)), "w Watch   d ");
    }
}
