//! A timeline as a picture: an SVG file that follows the reader's light or dark theme and needs no font of its own.

use std::fmt::Write as _;
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::rows::{Row, rows};
use super::{advice, ended, headline, short, what, word};
use crate::event::timeline::{Ended, Kind, Span, Timeline};

/// Height of a row.
const ROW: f64 = 24.0;
/// Height of a bar.
const BAR: f64 = 14.0;
/// Width of the part that shows time.
const PLOT: f64 = 780.0;
/// Width of the mark of a probe.
const DOT: f64 = 6.0;
/// Space around everything.
const MARGIN: f64 = 16.0;
/// Where the rows begin.
const TOP: f64 = 62.0;
/// Width of a character, wide enough for the usual fonts.
const CHARACTER: f64 = 7.0;
/// The longest name of a row in characters; the whole one is shown by the pointer.
const LONGEST: usize = 34;

/// Colours for both themes, without variables, which many programs that show pictures do not know.
const STYLE: &str = "\
svg{background:#ffffff;font-family:ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
text{fill:#59636e;font-size:11.5px}
text.title{fill:#1f2328;font-size:15px;font-weight:600}
text.name{fill:#1f2328;font-size:12.5px;text-anchor:end}
text.tick{text-anchor:middle}
text.in{fill:#ffffff;font-size:10.5px}
text.inwait{fill:#1f2328;font-size:10.5px}
text.advice{fill:#1f2328;font-size:12.5px}
.grid{stroke:#d1d9e0;stroke-width:1}
.stripe{fill:#f6f8fa}
.pull,.push{fill:#8250df}.build{fill:#bf3989}.create,.change{fill:#0969da}.start,.provide{fill:#1a7f37}
.stop,.remove{fill:#6e7781}.hook{fill:#9a6700}
.wait,.delay{fill:#ddf4ff;stroke:#54aeff;stroke-width:1}
.failed{fill:#cf222e}
.held{stroke:#8c959f;stroke-width:1.5;stroke-dasharray:2 3}
.critical{fill:none;stroke:#bc4c00;stroke-width:2.5}
.path{fill:none;stroke:#bc4c00;stroke-width:1.5}
.passed{fill:#1a7f37}.missed{fill:#cf222e}
@media(prefers-color-scheme:dark){
svg{background:#0d1117}
text{fill:#9198a1}
text.title,text.name,text.advice,text.inwait{fill:#f0f6fc}
text.in{fill:#0d1117}
.grid{stroke:#30363d}
.stripe{fill:#161b22}
.pull,.push{fill:#ab7df8}.build{fill:#db61a2}.create,.change{fill:#58a6ff}.start,.provide{fill:#3fb950}
.stop,.remove{fill:#8b949e}.hook{fill:#d29922}
.wait,.delay{fill:#0c2d4d;stroke:#388bfd}
.failed{fill:#f85149}
.held{stroke:#6e7681}
.critical,.path{stroke:#f0883e}
.passed{fill:#3fb950}.missed{fill:#f85149}
}
";

/// Where things are in the picture.
struct Scale {
    /// Where time begins.
    left: f64,
    /// Pixels for a second.
    second: f64,
}

impl Scale {
    fn x(&self, time: Duration) -> f64 {
        self.left + time.as_secs_f64() * self.second
    }
}

/// Where the headline and the sentence are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// In the picture.
    Inside,
    /// On the page around it.
    Beside,
}

/// The timeline as an SVG picture.
#[must_use]
pub fn svg(timeline: &Timeline) -> String {
    draw(timeline, Words::Inside)
}

/// The picture, with or without its words.
pub(super) fn draw(timeline: &Timeline, words: Words) -> String {
    let rows = rows(timeline);
    let longest = rows.iter().map(|row| shortened(&row.name).width()).max().unwrap_or_default();
    let left = MARGIN + pixels(longest) + 12.0;
    let scale = Scale { left, second: PLOT / timeline.end.as_secs_f64().max(0.001) };
    let bottom = TOP + ROW * count(rows.len());
    let told = advice(timeline).filter(|_| words == Words::Inside);
    // The letters of the sentence are narrower than those of names.
    let sentence = told.as_deref().map_or(0.0, |told| pixels(told.width()) * 0.9 + 2.0 * MARGIN);
    let width = sentence.max(left + PLOT + MARGIN + 24.0);
    let height = bottom + 40.0 + if told.is_some() { 22.0 } else { 0.0 };
    let title = escape(&headline(timeline));
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n"
    );
    if words == Words::Inside {
        add(&mut picture, format_args!("<text class=\"title\" x=\"{MARGIN}\" y=\"26\">{title}</text>"));
    }
    for index in (0..rows.len()).step_by(2) {
        let y = TOP + ROW * count(index);
        add(
            &mut picture,
            format_args!("<rect class=\"stripe\" x=\"0\" y=\"{y:.1}\" width=\"{width:.0}\" height=\"{ROW}\"/>"),
        );
    }
    axis(&mut picture, timeline, &scale, bottom);
    for (index, row) in rows.iter().enumerate() {
        draw_row(&mut picture, timeline, row, TOP + ROW * count(index), &scale);
    }
    path(&mut picture, timeline, &rows, &scale);
    legend(&mut picture, timeline, left, bottom + 24.0);
    if let Some(told) = told {
        add(
            &mut picture,
            format_args!("<text class=\"advice\" x=\"{MARGIN}\" y=\"{:.1}\">{}</text>", bottom + 48.0, escape(&told)),
        );
    }
    picture + "</svg>\n"
}

fn add(picture: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(picture, "{line}").expect("memory can be written to");
}

/// Lines for round times.
fn axis(picture: &mut String, timeline: &Timeline, scale: &Scale, bottom: f64) {
    let step = step(timeline.end);
    let mut time = Duration::ZERO;
    while time <= timeline.end {
        let x = scale.x(time);
        add(
            picture,
            format_args!(
                "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\"/>\
             <text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                TOP - 6.0,
                TOP - 10.0,
                round(time)
            ),
        );
        time += step;
    }
}

/// The time between two lines: 1, 2 or 5 of something, so that there are at most ten.
fn step(end: Duration) -> Duration {
    let mut unit = Duration::from_millis(1);
    loop {
        for factor in [1, 2, 5] {
            if unit * factor * 10 >= end {
                return unit * factor;
            }
        }
        unit *= 10;
    }
}

/// A round time: `0`, `200 ms`, `15 s`.
fn round(time: Duration) -> String {
    match time.as_millis() {
        0 => "0".to_owned(),
        milliseconds if milliseconds % 1000 == 0 => format!("{} s", milliseconds / 1000),
        milliseconds if milliseconds > 1000 => format!("{} s", time.as_secs_f64()),
        milliseconds => format!("{milliseconds} ms"),
    }
}

fn draw_row(picture: &mut String, timeline: &Timeline, row: &Row, y: f64, scale: &Scale) {
    let middle = y + ROW / 2.0;
    if !row.name.is_empty() {
        add(
            picture,
            format_args!(
                "<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\"><title>{}</title>{}</text>",
                scale.left - 10.0,
                middle + 4.0,
                escape(&row.name),
                escape(&shortened(&row.name))
            ),
        );
        for held in timeline.waits.iter().filter(|held| held.lane == row.lane) {
            let (from, to) = (scale.x(held.start), scale.x(held.end));
            let on = escape(&what(&timeline.spans[held.on]));
            add(
                picture,
                format_args!(
                    "<line class=\"held\" x1=\"{from:.1}\" y1=\"{middle:.1}\" x2=\"{to:.1}\" y2=\"{middle:.1}\">\
                 <title>waits {} for: {on}</title></line>",
                    short(held.end.saturating_sub(held.start))
                ),
            );
        }
    }
    for index in &row.spans {
        bar(picture, &timeline.spans[*index], middle, scale);
    }
    for health in timeline.health.iter().filter(|health| row.spans.contains(&health.span)) {
        let wait = &timeline.spans[health.span];
        for (start, _, probe) in timeline.probes(health).filter(|(start, ..)| *start >= wait.start) {
            let when = format!("{} after the start of {}", short(probe.began), health.container);
            dot(picture, scale.x(start), middle + BAR / 2.0, "probe", probe.passed, &when);
        }
    }
    let mut last = f64::NEG_INFINITY;
    for tried in timeline.tries.iter().filter(|tried| row.spans.contains(&tried.span)) {
        // Above the probes of the engine, at the end: until then nothing is known. Of those that would cover each other
        // one is enough.
        let x = scale.x(tried.end);
        if x - last >= DOT || tried.passed {
            let when = format!("of {}, took {}", tried.container, short(tried.end.saturating_sub(tried.start)));
            dot(picture, x, middle - BAR / 2.0, "check by hoist", tried.passed, &when);
            last = x;
        }
    }
}

/// A mark for a probe.
fn dot(picture: &mut String, x: f64, y: f64, what: &str, passed: bool, when: &str) {
    let (class, word) = if passed { ("passed", "passed") } else { ("missed", "failed") };
    let (radius, when) = (DOT / 2.0, escape(when));
    add(
        picture,
        format_args!(
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"><title>{what} {word}, \
             {when}</title></circle>"
        ),
    );
}

fn bar(picture: &mut String, span: &Span, middle: f64, scale: &Scale) {
    let (x, top) = (scale.x(span.start), middle - BAR / 2.0);
    let width = (scale.x(span.end) - x).max(2.0);
    let class = if span.outcome == Ended::Failed { "failed" } else { word(span.kind) };
    let title = format!("{}{}: {}", escape(&what(span)), ended(span.outcome), short(span.duration()));
    let shape = format!("x=\"{x:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\"");
    add(picture, format_args!("<rect class=\"{class}\" {shape}><title>{title}</title></rect>"));
    if span.critical {
        add(picture, format_args!("<rect class=\"critical\" {shape}/>"));
    }
    let label = match (&span.condition, span.kind) {
        (Some(condition), _) => format!("{condition}: {}", short(span.duration())),
        (None, kind) => format!("{} {}", word(kind), short(span.duration())),
    };
    if pixels(label.width()) + 8.0 <= width {
        let is_pale = matches!(span.kind, Kind::Wait | Kind::Delay) && span.outcome != Ended::Failed;
        let class = if is_pale { "inwait" } else { "in" };
        add(
            picture,
            format_args!(
                "<text class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x + 7.0,
                middle + 3.8,
                escape(&label)
            ),
        );
    }
}

/// Lines from each step of the critical path to the next.
fn path(picture: &mut String, timeline: &Timeline, rows: &[Row], scale: &Scale) {
    let row_of = |span: usize| rows.iter().position(|row| row.spans.contains(&span));
    let steps = timeline.critical_path.iter().filter_map(|segment| Some((segment, row_of(segment.span?)?)));
    let steps: Vec<_> = steps.collect();
    for pair in steps.windows(2) {
        let [(before, from), (after, to)] = pair else { continue };
        if from == to {
            continue;
        }
        let (x, next) = (scale.x(before.end), scale.x(after.start));
        let down = if to > from { 1.0 } else { -1.0 };
        let (y, end) = (middle(*from) + down * BAR / 2.0, middle(*to) - down * BAR / 2.0);
        add(
            picture,
            format_args!("<path class=\"path\" d=\"M{x:.1} {y:.1}V{:.1}H{next:.1}V{end:.1}\"/>", end - down * 3.0),
        );
    }
}

fn middle(row: usize) -> f64 {
    TOP + ROW * count(row) + ROW / 2.0
}

/// What the colours mean, of those that there are.
fn legend(picture: &mut String, timeline: &Timeline, left: f64, y: f64) {
    let mut kinds: Vec<Kind> = timeline.spans.iter().map(|span| span.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut x = left;
    let mut item = |shape: &str, text: &str| {
        add(
            picture,
            format_args!("<g transform=\"translate({x:.1} {y:.1})\">{shape}<text x=\"17\" y=\"0\">{text}</text></g>"),
        );
        x += 17.0 + pixels(text.width()) + 14.0;
    };
    for kind in kinds {
        let square = format!("<rect class=\"{}\" x=\"0\" y=\"-10\" width=\"12\" height=\"12\" rx=\"2\"/>", word(kind));
        item(&square, word(kind));
    }
    if timeline.spans.iter().any(|span| span.outcome == Ended::Failed) {
        item("<rect class=\"failed\" x=\"0\" y=\"-10\" width=\"12\" height=\"12\" rx=\"2\"/>", "failed");
    }
    if !timeline.waits.is_empty() {
        item("<line class=\"held\" x1=\"0\" y1=\"-4\" x2=\"13\" y2=\"-4\"/>", "waits for others");
    }
    if !timeline.health.is_empty() || !timeline.tries.is_empty() {
        item(
            "<circle class=\"passed\" cx=\"9\" cy=\"-4\" r=\"3\"/><circle class=\"missed\" cx=\"2\" cy=\"-4\" r=\"3\"/>",
            "probes",
        );
    }
    item("<rect class=\"critical\" x=\"0\" y=\"-10\" width=\"12\" height=\"12\" rx=\"2\"/>", "critical path");
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    // The end of an image's name says more than its beginning.
    let skipped = text.chars().count() - (LONGEST - 1);
    std::iter::once('…').chain(text.chars().skip(skipped)).collect()
}

fn pixels(characters: usize) -> f64 {
    count(characters) * CHARACTER
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// Text inside an element or an attribute.
pub(super) fn escape(text: &str) -> String {
    let shown = text.chars().map(|character| if character.is_control() { ' ' } else { character });
    let text = shown.collect::<String>().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}
