//! Renders a problem: message, `file:line:col`, the line, a caret, a hint.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;

use annotate_snippets::renderer::{AnsiColor, Effects, Style as Color};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level as Title, Renderer, Snippet};

use serde::Serialize;

use super::redact::{self, HIDDEN, Secrets};
use super::visible::{Colors, visible};
use super::{Explain, Level};
use crate::source::{FileId, SourceMap, Span};

/// How problems are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    /// Whether to use colour.
    pub color: bool,
    /// Width of the terminal in columns, 140 by default; longer lines are cut around the caret.
    pub width: usize,
    /// Whether to show values whose name suggests a secret.
    pub show_values: bool,
    /// The current directory; paths below it are shown relative to it.
    pub current_dir: Option<PathBuf>,
    /// The flags of this run that select the project, each followed by a space; hints add them to commands.
    pub flags: String,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, width: 140, show_values: false, current_dir: None, flags: String::new() }
    }
}

/// What follows `hoist` in hints about the current project.
const COMMANDS: [&str; 5] = ["up ", "up`", "down", "config ", "--profile "];

impl Style {
    /// `text` with the flags of this run added to each command in it, so that a copied command acts on the same
    /// project.
    ///
    /// ```
    /// use hoist::diagnostic::Style;
    /// let style = Style { flags: "-p shop ".to_owned(), ..Style::default() };
    /// assert_eq!(style.for_this_project("start it: `hoist up -d db`"), "start it: `hoist -p shop up -d db`");
    /// assert_eq!(style.for_this_project("`hoist -p other down` removes it"), "`hoist -p other down` removes it");
    /// ```
    #[must_use]
    pub fn for_this_project(&self, text: &str) -> String {
        let mut parts = text.split("hoist ");
        let mut shown = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let is_command = COMMANDS.iter().any(|command| part.starts_with(command));
            let stands_alone = shown.is_empty() || shown.ends_with(['`', ' ']);
            shown.push_str("hoist ");
            if is_command && stands_alone {
                shown.push_str(&self.flags);
            }
            shown.push_str(part);
        }
        shown
    }
}

/// `problem` as text, without a line break at the end.
#[must_use]
pub fn render(problem: &dyn Explain, level: Level, sources: &SourceMap, style: &Style) -> String {
    rendered(&Page::new(sources, style), problem, level)
}

fn rendered(page: &Page<'_>, problem: &dyn Explain, level: Level) -> String {
    let secrets = page.secrets(problem);
    let title = match level {
        Level::Error => Title::ERROR,
        Level::Warning => Title::WARNING,
    };
    let places: Vec<Place> = page.places(problem, &secrets);
    let excerpts: Vec<Excerpt> = page.excerpts(&places);
    let mut group = Group::with_title(title.primary_title(page.text(&problem.to_string(), &secrets)));
    for excerpt in &excerpts {
        group = group.element(excerpt.snippet());
    }
    let renderer = page.renderer();
    let hint = problem.hint().map(|hint| page.text(&hint, &secrets));
    let finish = |rendered: String| {
        let corrected = excerpts.iter().fold(rendered, |rendered, excerpt| excerpt.correct_column(rendered));
        visible(corrected.trim_end(), Colors::Kept).into_owned()
    };
    let Some(hint) = &hint else { return finish(renderer.render(&[group])) };
    let hint = Group::with_title(Title::HELP.with_name(Some("hint")).secondary_title(hint));
    if excerpts.is_empty() {
        // Without a source line there is no gutter for the hint to continue.
        return finish(format!("{}\n{}", renderer.render(&[group]).trim_end(), renderer.render(&[hint]).trim_end()));
    }
    finish(renderer.render(&[group, hint]))
}

/// Maximum number of lines of a value that are searched for secrets.
const MOST_LINES: usize = 64;

/// Maximum number of context lines before and after a line with a caret.
const NEAR: usize = 4;

/// Maximum number of problems shown in full. If there are more, one mistake usually repeats.
const MOST_SHOWN: usize = 100;

/// All of `problems`, separated by empty lines, with a line break at the end. From the 101st on, each takes one line:
/// place and message.
#[must_use]
pub fn render_all<'a>(
    problems: impl IntoIterator<Item = (&'a dyn Explain, Level)>,
    sources: &SourceMap,
    style: &Style,
) -> String {
    let mut shown = String::new();
    let page = Page::new(sources, style);
    for (at, (problem, level)) in problems.into_iter().enumerate() {
        if at < MOST_SHOWN {
            if at > 0 {
                shown.push('\n');
            }
            shown.push_str(&rendered(&page, problem, level));
        } else {
            if at == MOST_SHOWN {
                shown.push('\n');
            }
            shown.push_str(&page.brief(problem, level));
        }
        shown.push('\n');
    }
    shown
}

/// A problem in parts, for programs. Place and hint are left out if absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// What is wrong.
    pub message: String,
    /// The file it is in; a relative path if it is below the current directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column, in characters from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// `problem` in parts, with the same values hidden as in [`render`].
#[must_use]
pub fn describe(problem: &dyn Explain, sources: &SourceMap, style: &Style) -> Description {
    Page::new(sources, style).describe(problem)
}

/// All of `problems` in parts. Each file is analysed once for all its problems.
#[must_use]
pub fn describe_all<'a>(
    problems: impl IntoIterator<Item = &'a dyn Explain>,
    sources: &SourceMap,
    style: &Style,
) -> Vec<Description> {
    let page = Page::new(sources, style);
    problems.into_iter().map(|problem| page.describe(problem)).collect()
}

/// A place that a problem names.
struct Place {
    span: Span,
    label: Option<String>,
    primary: bool,
}

/// Lines of one file as they are shown, and the marks in them.
struct Excerpt {
    path: String,
    line: usize,
    column: usize,
    first_line: usize,
    text: String,
    marks: Vec<(Range<usize>, Option<String>, bool)>,
}

impl Excerpt {
    fn snippet(&self) -> Snippet<'_, Annotation<'_>> {
        let marks = self.marks.iter().map(|(range, label, primary)| {
            let kind = if *primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            kind.span(range.clone()).label(label.as_deref())
        });
        Snippet::source(&*self.text).path(&*self.path).line_start(self.first_line).annotations(marks)
    }

    /// `rendered` with the column of the file instead of that of the shown text, if something before the caret is
    /// hidden.
    fn correct_column(&self, rendered: String) -> String {
        let Some((range, _, _)) = self.marks.first() else { return rendered };
        let line_start = self.text[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
        let shown = self.text[line_start..range.start].chars().count() + 1;
        if shown == self.column {
            return rendered;
        }
        let place = |column: usize| format!("{}:{}:{column}\n", self.path, self.line);
        rendered.replacen(&place(shown), &place(self.column), 1)
    }
}

/// Ranges of a file that are not shown.
type Hidden = Rc<[Range<usize>]>;

struct Page<'a> {
    sources: &'a SourceMap,
    style: &'a Style,
    /// Cache of the hidden ranges of lines, by where they begin: many problems may be about one long line.
    hidden: RefCell<HashMap<(FileId, usize), Hidden>>,
    files: RefCell<HashMap<FileId, redact::Lines<'a>>>,
}

impl<'a> Page<'a> {
    fn new(sources: &'a SourceMap, style: &'a Style) -> Self {
        Self { sources, style, hidden: RefCell::default(), files: RefCell::default() }
    }

    /// The hidden ranges of a line.
    fn hidden_in(&self, file: FileId, line: Range<usize>) -> Hidden {
        let key = (file, line.start);
        if let Some(known) = self.hidden.borrow().get(&key) {
            return known.clone();
        }
        let source = self.sources.file(file);
        let mut files = self.files.borrow_mut();
        let lines = files.entry(file).or_insert_with(|| redact::Lines::of(source.text(), !source.is_env_file()));
        let ranges: Hidden = lines.hidden(line).into();
        self.hidden.borrow_mut().insert(key, ranges.clone());
        ranges
    }

    fn describe(&self, problem: &dyn Explain) -> Description {
        let secrets = self.secrets(problem);
        let place = problem.span().map(|span| (self.path(span.file), self.sources.position(span)));
        let (file, position) = place.unzip();
        Description {
            message: self.text(&problem.to_string(), &secrets),
            file,
            line: position.as_ref().map(|position| position.line),
            column: position.as_ref().map(|position| position.column),
            hint: problem.hint().map(|hint| self.text(&hint, &secrets)),
        }
    }

    fn renderer(&self) -> Renderer {
        if !self.style.color {
            return Renderer::plain().term_width(self.style.width);
        }
        let bold = |color: AnsiColor| color.on_default().effects(Effects::BOLD);
        Renderer::styled()
            .term_width(self.style.width)
            .error(bold(AnsiColor::Red))
            .warning(bold(AnsiColor::Yellow))
            .help(bold(AnsiColor::Cyan))
            .emphasis(Color::new().effects(Effects::BOLD))
    }

    /// Place and message on one line.
    fn brief(&self, problem: &dyn Explain, level: Level) -> String {
        let level = match level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        let message = visible(&self.text(&problem.to_string(), &self.secrets(problem)), Colors::Shown).into_owned();
        let Some(span) = problem.span() else { return format!("{level}: {message}") };
        let place = self.sources.position(span);
        format!("{level}: {}:{}:{}: {message}", visible(&self.path(span.file), Colors::Shown), place.line, place.column)
    }

    /// A message or hint, on one line.
    fn text(&self, text: &str, secrets: &Secrets) -> String {
        let text = self.style.for_this_project(&text.replace(['\n', '\r'], " "));
        if self.style.show_values { text } else { secrets.out_of(&text) }
    }

    /// The hidden parts of the lines that `problem` is about.
    fn secrets(&self, problem: &dyn Explain) -> Secrets {
        if self.style.show_values {
            return Secrets::default();
        }
        let related = problem.related().into_iter().map(|(span, _)| span);
        Secrets::new(problem.span().into_iter().chain(related).flat_map(|span| self.hidden_at(span)))
    }

    /// The hidden parts of the lines of a place, as written in the file.
    fn hidden_at(&self, span: Span) -> Vec<String> {
        let text = self.sources.file(span.file).text();
        let first = self.sources.line(span);
        let (mut at, end) = (first.start as usize, (first.end as usize).max(span.end as usize).min(text.len()));
        let mut hidden = Vec::new();
        for line in text[at..].split_inclusive('\n').take(MOST_LINES) {
            if at >= end {
                break;
            }
            let content = line.trim_end_matches(['\n', '\r']);
            let ranges = self.hidden_in(span.file, at..at + content.len());
            hidden.extend(ranges.iter().map(|range| text[range.clone()].to_owned()));
            at += line.len();
        }
        hidden
    }

    fn places(&self, problem: &dyn Explain, secrets: &Secrets) -> Vec<Place> {
        let main = problem.span().map(|span| Place { span, label: None, primary: true });
        let related = problem.related().into_iter();
        main.into_iter()
            .chain(related.map(|(span, words)| Place { span, label: Some(self.text(&words, secrets)), primary: false }))
            .collect()
    }

    /// One excerpt per file, that of the main place first.
    fn excerpts(&self, places: &[Place]) -> Vec<Excerpt> {
        let mut files: Vec<FileId> = Vec::new();
        for place in places {
            if !files.contains(&place.span.file) {
                files.push(place.span.file);
            }
        }
        files
            .into_iter()
            .map(|file| {
                let places: Vec<&Place> = places.iter().filter(|place| place.span.file == file).collect();
                self.excerpt(file, &places)
            })
            .collect()
    }

    fn excerpt(&self, file: FileId, places: &[&Place]) -> Excerpt {
        let source = self.sources.file(file);
        let lines: Vec<Span> = places.iter().map(|place| self.sources.line(place.span)).collect();
        let start = lines.iter().map(|line| line.start as usize).min().unwrap_or_default();
        let end = lines.iter().map(|line| line.end as usize).max().unwrap_or_default();
        let mut shown = Shown::default();
        let mut at = start;
        let first_line = self.sources.position(Span::new(file, start, start)).line;
        let numbers: Vec<usize> = lines.iter().map(|line| self.sources.position(*line).line).collect();
        for (number, line) in source.text()[start..end].split_inclusive('\n').enumerate() {
            let content = line.trim_end_matches(['\n', '\r']);
            let range = at..at + content.len();
            // Lines further away from a caret are folded and need no check.
            let near = numbers.iter().any(|marked| marked.abs_diff(first_line + number) <= NEAR);
            let hidden =
                if near && !self.style.show_values { self.hidden_in(file, range.clone()) } else { Rc::default() };
            shown.line(source.text(), range, &hidden);
            at += line.len();
        }
        let main = places.first().map(|place| self.sources.position(place.span));
        let marks = places
            .iter()
            .zip(&lines)
            .map(|(place, line)| {
                let mut from = (place.span.start as usize).clamp(line.start as usize, line.end as usize);
                let mut to = (place.span.end as usize).clamp(from, line.end as usize);
                while !source.text().is_char_boundary(from) {
                    from -= 1;
                }
                while !source.text().is_char_boundary(to) {
                    to += 1;
                }
                (shown.map(from, false)..shown.map(to, true), place.label.clone(), place.primary)
            })
            .map(|(range, label, primary)| (range.start..range.end.max(range.start), label, primary))
            .collect();
        Excerpt {
            path: self.path(file),
            line: main.map_or(1, |position| position.line),
            column: main.map_or(1, |position| position.column),
            first_line,
            text: shown.text,
            marks,
        }
    }

    fn path(&self, file: FileId) -> String {
        let path = self.sources.file(file).path();
        let below = self.style.current_dir.as_ref().and_then(|folder| path.strip_prefix(folder).ok());
        below.unwrap_or(path).display().to_string()
    }
}

/// Text as shown, and where its parts come from.
#[derive(Default)]
struct Shown {
    text: String,
    /// Ranges of the file, the ranges they became in the shown text, and whether they were replaced; in order.
    parts: Vec<(Range<usize>, Range<usize>, bool)>,
}

impl Shown {
    /// Adds the line `range` of `source`, with `hidden` parts of it replaced.
    fn line(&mut self, source: &str, range: Range<usize>, hidden: &[Range<usize>]) {
        let mut from = range.start;
        for part in hidden {
            self.part(from..part.start, &source[from..part.start], false);
            self.part(part.clone(), HIDDEN, true);
            from = part.end;
        }
        self.part(from..range.end, &source[from..range.end], false);
        self.text.push('\n');
    }

    fn part(&mut self, from: Range<usize>, text: &str, hidden: bool) {
        let start = self.text.len();
        self.text.push_str(text);
        self.parts.push((from, start..self.text.len(), hidden));
    }

    /// Where byte `at` of the file is shown. Inside a hidden range that is the range's start, or its end if `end` is
    /// set.
    fn map(&self, at: usize, end: bool) -> usize {
        for (from, to, hidden) in &self.parts {
            if at < from.start || at > from.end {
                continue;
            }
            if !hidden {
                return to.start + (at - from.start);
            }
            if at < from.end || end {
                return if end { to.end } else { to.start };
            }
        }
        self.parts.last().map_or(0, |(_, to, _)| to.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, thiserror::Error)]
    #[error("{message}")]
    struct Problem {
        message: String,
        span: Option<Span>,
        hint: Option<String>,
        related: Vec<(Span, String)>,
    }

    impl Explain for Problem {
        fn span(&self) -> Option<Span> {
            self.span
        }

        fn hint(&self) -> Option<String> {
            self.hint.clone()
        }

        fn related(&self) -> Vec<(Span, String)> {
            self.related.clone()
        }
    }

    /// The problem with `wanted` in a file of `text`.
    fn show(text: &str, wanted: &str, level: Level) -> String {
        let mut sources = SourceMap::default();
        let file = sources.add("/srv/app/compose.yaml", text);
        let at = text.find(wanted).expect("it is there");
        let problem = Problem {
            message: "service `web` depends on undefined service `dbb`".to_owned(),
            span: Some(Span::new(file, at, at + wanted.len())),
            hint: Some("did you mean `db`?".to_owned()),
            ..Problem::default()
        };
        let style = Style { current_dir: Some(PathBuf::from("/srv/app")), ..Style::default() };
        render(&problem, level, &sources, &style)
    }

    #[test]
    fn a_place_inside_of_what_is_hidden() {
        // As many bytes as the replacement, but different characters.
        let shown = show("services:\n  web:\n    environment:\n      PASSWORD: abcdefghi\n", "fg", Level::Error);
        assert!(shown.contains("PASSWORD: •••"), "{shown}");
    }

    #[test]
    fn a_place_and_a_hint() {
        let text = "services:\n  web:\n    image: a\n    depends_on:\n      - x\n      - y\n      - dbb\n";
        let expected = indoc::indoc! {"
            error: service `web` depends on undefined service `dbb`
             --> compose.yaml:7:9
              |
            7 |       - dbb
              |         ^^^
              |
            hint: did you mean `db`?"};
        assert_eq!(show(text, "dbb", Level::Error), expected);
        assert!(show(text, "dbb", Level::Warning).starts_with("warning: "));
    }

    #[test]
    fn the_caret_is_right_with_tabs_wide_characters_and_carriage_returns() {
        let shown = show("a: 1\r\nemoji: 🚀日本 dbb\r\nb: 2\r\n", "dbb", Level::Error);
        assert!(shown.contains("2 | emoji: 🚀日本 dbb\n  |               ^^^\n"), "{shown}");
        assert!(shown.contains("compose.yaml:2:12"), "{shown}");
        let shown = show("a:\tdbb\n", "dbb", Level::Error);
        assert!(shown.contains("1 | a:    dbb\n  |       ^^^"), "{shown}");
        let shown = show("a: dbb", "dbb", Level::Error);
        assert!(shown.contains("1 | a: dbb\n  |    ^^^"), "{shown}");
    }

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        let text = format!("a: {}dbb{}\n", "x ".repeat(3000), " y".repeat(3000));
        let shown = show(&text, "dbb", Level::Error);
        assert!(shown.lines().all(|line| line.chars().count() < 160), "{shown}");
        assert!(shown.contains("dbb y") && shown.contains("^^^"), "{shown}");
    }

    #[test]
    fn values_of_secrets_are_hidden_and_the_caret_stays() {
        let text = "services:\n  s:\n    environment:\n      API_KEY: hunter2\n";
        let shown = show(text, "hunter2", Level::Error);
        assert!(shown.contains("4 |       API_KEY: •••\n  |                ^^^"), "{shown}");
        assert!(shown.contains("compose.yaml:4:16"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
        let shown = show("environment: {API_KEY: hunter22222, B: dbb}\n", "dbb", Level::Error);
        assert!(
            shown.contains("1 | environment: {API_KEY: •••, B: dbb}\n  |                                ^^^"),
            "{shown}"
        );
        assert!(shown.contains("compose.yaml:1:40"), "{shown}");
    }

    #[test]
    fn problems_without_a_place_and_with_several() {
        let mut sources = SourceMap::default();
        let problem =
            Problem { message: "no file".to_owned(), hint: Some("name one".to_owned()), ..Problem::default() };
        assert_eq!(render(&problem, Level::Error, &sources, &Style::default()), "error: no file\nhint: name one");
        let one = sources.add("one.yaml", "s:\n  image: a\n  image: b\n");
        let two = sources.add("two.yaml", "x: 1\n");
        let problem = Problem {
            message: "twice".to_owned(),
            span: Some(Span::new(one, 16, 21)),
            related: vec![
                (Span::new(one, 5, 10), "first defined here".to_owned()),
                (Span::new(two, 0, 1), "and here".to_owned()),
            ],
            ..Problem::default()
        };
        insta::assert_snapshot!(render(&problem, Level::Error, &sources, &Style::default()));
        let empty = Problem { message: "end".to_owned(), span: Some(Span::new(two, 5, 5)), ..Problem::default() };
        insta::assert_snapshot!(render(&empty, Level::Error, &sources, &Style::default()));
        let color = Style { color: true, ..Style::default() };
        assert!(render(&problem, Level::Error, &sources, &color).contains("\u{1b}["));
    }

    #[test]
    fn several_problems_have_a_line_between_them() {
        let problem = Problem { message: "one".to_owned(), ..Problem::default() };
        let all: [(&dyn Explain, Level); 2] = [(&problem, Level::Error), (&problem, Level::Warning)];
        assert_eq!(render_all(all, &SourceMap::default(), &Style::default()), "error: one\n\nwarning: one\n");
    }

    proptest::proptest! {
        #[test]
        fn any_text_and_span_can_be_shown(text in "[ -~\té🚀\r\n]{0,80}", start in 0..90_usize, length in 0..20_usize) {
            let mut sources = SourceMap::default();
            let file = sources.add("f.yaml", text);
            let span = Span::new(file, start, start + length);
            let problem = Problem { span: Some(span), related: vec![(span, "x".to_owned())], ..Problem::default() };
            let _ = render(&problem, Level::Error, &sources, &Style::default());
        }
    }
}
