//! Timelines: what a run did and waited for; as text, as a picture, as a page, and as JSON for programs and for trace
//! viewers.

mod html;
mod json;
mod rows;
mod svg;
mod text;
mod trace;

pub use html::html;
pub use json::{json, read};
pub use svg::svg;
pub use text::text;
pub use trace::trace;

use std::time::Duration;

use crate::event::timeline::{Advice, Ended, Kind, Span, Timeline};

/// What the run was, how long it took and how it ended.
#[must_use]
pub fn headline(timeline: &Timeline) -> String {
    let ended = match timeline.outcome {
        Ended::Done => "took",
        Ended::Failed => "failed after",
        Ended::Interrupted => "was interrupted after",
    };
    format!("{} of {} {ended} {}", timeline.operation, timeline.project, short(timeline.end))
}

/// The one thing to say about a run; `None` if nothing stands out.
#[must_use]
pub fn advice(timeline: &Timeline) -> Option<String> {
    Some(match timeline.advice()? {
        Advice::Probes { name, healthy_after, gap, saved, setting, better } => format!(
            "{name} was healthy after {}, up to {gap} of it waiting for the next probe: --eager-health could save up to \
             {gap}, {setting}: {} up to {}",
            short(healthy_after),
            setting_of(better),
            tenths(saved),
            gap = short(gap),
        ),
        Advice::Dominated { kind, name, condition, took, holds_others, total } => {
            let (took, total) = (short(took), short(total));
            match kind {
                Kind::Pull => format!("pulling {name} took {took} of {total}: `hoist pull` can do that beforehand"),
                Kind::Build => format!(
                    "building the image of {name} took {took} of {total}: `hoist build` can do that beforehand, and \
                     its output shows which step takes the time"
                ),
                Kind::Wait if condition.as_deref() == Some("completed") => {
                    let waited = if holds_others { ", and others waited for its end" } else { "" };
                    format!("{name} ran for {took} of {total}{waited}")
                }
                Kind::Wait => format!("{name} took {took} of {total} to become {}", condition.unwrap_or_default()),
                Kind::Stop => format!(
                    "stopping {name} took {took} of {total}: a program that ends at its stop signal stops at once"
                ),
                Kind::Hook => format!("the hook {name} took {took} of {total}"),
                Kind::Provider => format!("the provider of {name} took {took} of {total}"),
                Kind::Delay => format!("the delay between updates of {name} took {took} of {total}"),
                Kind::Push => format!("pushing {name} took {took} of {total}"),
                Kind::Create => format!("creating {name} took {took} of {total}"),
                Kind::Start => format!("starting {name} took {took} of {total}"),
                Kind::Remove => format!("removing {name} took {took} of {total}"),
                Kind::Change => format!("changing {name} took {took} of {total}"),
            }
        }
    })
}

/// What a step did: `create web/1`, `wait for db to be healthy`.
fn what(span: &Span) -> String {
    let name = &span.name;
    match (span.kind, &span.condition) {
        (Kind::Wait, Some(condition)) if condition == "completed" => format!("wait for {name} to complete"),
        (Kind::Wait, Some(condition)) => format!("wait for {name} to be {condition}"),
        (kind, _) => format!("{} {name}", word(kind)),
    }
}

/// What a step did, in a word.
fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Pull => "pull",
        Kind::Build => "build",
        Kind::Push => "push",
        Kind::Create => "create",
        Kind::Start => "start",
        Kind::Stop => "stop",
        Kind::Remove => "remove",
        Kind::Change => "change",
        Kind::Hook => "hook",
        Kind::Provider => "provide",
        Kind::Wait => "wait",
        Kind::Delay => "delay",
    }
}

/// How a step ended, behind what it did; empty if it succeeded.
fn ended(outcome: Ended) -> &'static str {
    match outcome {
        Ended::Done => "",
        Ended::Failed => ", failed",
        Ended::Interrupted => ", interrupted",
    }
}

/// A duration: `14.2 s`, `320 ms`, `3 min 5 s`.
fn short(time: Duration) -> String {
    let milliseconds = time.as_millis();
    match milliseconds {
        0..950 => format!("{milliseconds} ms"),
        950..99_950 => format!("{:.1} s", time.as_secs_f64()),
        _ => {
            let seconds = time.as_secs_f64().round();
            format!("{} min {} s", (seconds / 60.0).floor(), seconds % 60.0)
        }
    }
}

/// A duration of which no more is known than that it is the most: `0.5 s`.
fn tenths(time: Duration) -> String {
    if time < Duration::from_secs(1) { format!("{:.1} s", time.as_secs_f64()) } else { short(time) }
}

/// A duration as files have it: `2s`, `500ms`.
fn setting_of(time: Duration) -> String {
    if time.subsec_millis() == 0 { format!("{}s", time.as_secs()) } else { format!("{}ms", time.as_millis()) }
}
