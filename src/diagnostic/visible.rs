//! Makes text from files, engines and programs safe for a terminal: nothing in it moves the cursor, sets a title or
//! changes what is already on the screen.

use std::borrow::Cow;

/// What to do with colours in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colors {
    /// They are kept: `ESC [ … m` is the only sequence that does nothing else.
    Kept,
    /// They are removed; the text they colour stays.
    Removed,
    /// They are shown as visible characters, like any other control character.
    Shown,
}

/// `text` with control characters replaced by their pictures (`␛`). Control characters without a picture, and
/// characters that change the text direction, break the line or are invisible, are replaced by `�`. Line breaks and
/// tabs stay, as do the joiners needed for emoji and some scripts.
///
/// ```
/// use hoist::diagnostic::visible::{Colors, visible};
/// assert_eq!(visible("a\u{1b}[2Jb", Colors::Kept), "a␛[2Jb");
/// assert_eq!(visible("\u{1b}[31mred\u{1b}[0m", Colors::Kept), "\u{1b}[31mred\u{1b}[0m");
/// assert_eq!(visible("\u{1b}[31mred\u{1b}[0m", Colors::Removed), "red");
/// assert_eq!(visible("\u{1b}[31mred", Colors::Shown), "␛[31mred");
/// assert_eq!(visible("gpj.\u{202e}exe", Colors::Shown), "gpj.\u{fffd}exe");
/// ```
#[must_use]
pub fn visible(text: &str, colors: Colors) -> Cow<'_, str> {
    let Some(first) = text.find(is_odd) else { return Cow::Borrowed(text) };
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(character) = rest.chars().next() {
        let length = if colors == Colors::Shown { 0 } else { color_sequence(rest) };
        if length > 0 {
            if colors == Colors::Kept {
                shown.push_str(&rest[..length]);
            }
            rest = &rest[length..];
            continue;
        }
        shown.push(picture(character));
        rest = &rest[character.len_utf8()..];
    }
    Cow::Owned(shown)
}

fn is_odd(character: char) -> bool {
    (character.is_control() && !matches!(character, '\n' | '\t'))
        || is_direction(character)
        || is_separator(character)
        || is_unseen(character)
}

/// Unicode's `Bidi_Control` characters, which reorder the text around them.
fn is_direction(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A line or paragraph separator, which only some terminals and programs treat as a line break.
fn is_separator(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}')
}

/// Characters without width or effect on the letters around them, which make different names look the same. U+200C and
/// U+200D, which join letters and emoji, and variation selectors do not count.
fn is_unseen(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e001f}')
}

fn picture(character: char) -> char {
    match character {
        character if !is_odd(character) => character,
        '\u{7f}' => '\u{2421}',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)).unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// The length of the colour sequence that `text` begins with.
fn color_sequence(text: &str) -> usize {
    let Some(rest) = text.strip_prefix("\u{1b}[") else { return 0 };
    let parameters = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, ';' | ':')).unwrap_or(rest.len());
    if rest[parameters..].starts_with('m') { "\u{1b}[m".len() + parameters } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        for (text, kept, shown) in [
            ("plain ü 🚀\n\tx", "plain ü 🚀\n\tx", "plain ü 🚀\n\tx"),
            ("\u{1b}]0;title\u{7}", "␛]0;title␇", "␛]0;title␇"),
            ("a\rb\u{8}c\u{7f}", "a␍b␈c␡", "a␍b␈c␡"),
            ("\u{9b}2J", "\u{fffd}2J", "\u{fffd}2J"),
            ("\u{1b}[1;31mx\u{1b}[m", "\u{1b}[1;31mx\u{1b}[m", "␛[1;31mx␛[m"),
            ("\u{1b}[2K\u{1b}[", "␛[2K␛[", "␛[2K␛["),
        ] {
            assert_eq!(visible(text, Colors::Kept), kept, "{text:?}");
            assert_eq!(visible(text, Colors::Shown), shown, "{text:?}");
            assert!(!visible(text, Colors::Removed).contains('\u{1b}'), "{text:?}");
        }
    }

    #[test]
    fn what_would_deceive_a_reader_is_shown() {
        let directions =
            ['\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}'];
        let isolates = ['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'];
        let separators = ['\u{2028}', '\u{2029}', '\u{85}'];
        let unseen = ['\u{ad}', '\u{200b}', '\u{2060}', '\u{feff}', '\u{206a}', '\u{fff9}', '\u{e0001}'];
        for character in directions.into_iter().chain(isolates).chain(separators).chain(unseen) {
            for colors in [Colors::Kept, Colors::Removed, Colors::Shown] {
                assert_eq!(visible(&format!("a{character}b"), colors), "a\u{fffd}b", "{character:?}");
            }
        }
    }

    #[test]
    fn what_scripts_and_emoji_are_written_with_stays() {
        let england = "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}";
        for text in ["👩\u{200d}💻", "❤\u{fe0f}", england, "می\u{200c}خواهم", "שלום", "e\u{301}", "a\u{a0}b"]
        {
            assert_eq!(visible(text, Colors::Shown), text);
        }
    }
}
