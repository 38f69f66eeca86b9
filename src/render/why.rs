//! What is wrong with a project, as text and as JSON.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::failure::{Files, evidence_lines};
use super::text;
use crate::event::{Evidence, Finding, ImageSource, Need, Obstacle, StepError, Trouble};
use crate::plan::{FieldChange, Reason};
use crate::project::{Condition, ServiceName};

/// The current time and zone, which ages and times of day depend on.
#[derive(Debug, Clone)]
pub struct Clock {
    /// The current time.
    pub now: Timestamp,
    /// The zone of times of day.
    pub zone: TimeZone,
}

/// All findings as text, each with what is behind it and what to do; a line if there are none.
#[must_use]
pub fn text(findings: &[Finding], files: &Files<'_>, clock: &Clock) -> String {
    if findings.is_empty() {
        return "nothing is wrong: every service is as the files say\n".to_owned();
    }
    let told: Vec<String> = findings.iter().map(|finding| one(finding, files, clock)).collect();
    told.join("\n")
}

fn one(finding: &Finding, files: &Files<'_>, clock: &Clock) -> String {
    let mut told = headline(finding);
    let mut line = |line: &str| writeln!(told, "{line}").expect("memory can be written to");
    line("");
    for more in below(finding, files, clock) {
        line(&format!("  {more}"));
    }
    if let Some(hint) = hint(finding) {
        line(&format!("  hint: {hint}"));
    }
    told
}

/// What is wrong and why, in one line.
fn headline(finding: &Finding) -> String {
    let name =
        finding.service.as_ref().map_or_else(|| finding.container.clone().unwrap_or_default(), ToString::to_string);
    match &finding.trouble {
        Trouble::CannotStart(error) => format!("{name} cannot start: {}", refusal(error)),
        Trouble::HookFailed { hook, exit_code, evidence } => {
            let hook = hook.map_or_else(|| "its pre_start hook".to_owned(), |index| format!("pre_start[{index}]"));
            format!("{name} cannot start: {hook} exited with status {exit_code}{}", meaning(*exit_code, evidence))
        }
        Trouble::Exited { exit_code, evidence } => {
            format!("{name} exited with status {exit_code}{}", meaning(*exit_code, evidence))
        }
        Trouble::Restarting { exit_code, evidence, .. } => {
            format!("{name} keeps exiting with status {exit_code}{}", meaning(*exit_code, evidence))
        }
        Trouble::Unhealthy { evidence, .. } => format!("{name} is unhealthy{}", probe(evidence)),
        Trouble::Paused => format!("{name} is paused"),
        Trouble::FileMissing { path } => match finding.container {
            None => format!("{name} has no container: the file {path} does not exist"),
            Some(_) => format!("{name} cannot be started again: the file {path} does not exist"),
        },
        Trouble::ImageMissing { image, source } => match source {
            ImageSource::Registry => format!("{name} has no container: the engine does not have its image {image}"),
            ImageSource::Build => format!("{name} has no container: its image {image} is not built"),
            ImageSource::Nowhere => format!(
                "{name} has no container: the engine does not have its image {image}, and `pull_policy: never` \
                 forbids to pull it"
            ),
        },
        Trouble::Missing => format!("{name} has no container: it was removed, or never created"),
        Trouble::NotStarted => format!("{name} was created, but never started"),
        Trouble::Ended => format!("{name} has ended, though it is meant to run all the time"),
        Trouble::Waiting { needs } => format!("{name} waits {}", chain(needs)),
        Trouble::NotReady { check, last } => format!("{name} is not ready: {check}: {last}"),
        Trouble::NotHealthyYet { evidence } => format!("{name} is not healthy yet{}", probe(evidence)),
        Trouble::TooFew { there, wanted } => format!("{name} has {there} of {wanted} containers"),
        Trouble::Outdated { reasons } => format!("{name} is not what the files say: {}", first_reason(reasons)),
        Trouble::Orphan => format!("{name} is not in the files, but its container exists"),
    }
}

/// The lines below the first.
fn below(finding: &Finding, files: &Files<'_>, clock: &Clock) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(container) = &finding.container {
        let since = finding.since.and_then(|at| since(at, clock)).map(|since| format!(", {since}")).unwrap_or_default();
        lines.push(format!("container {container}{since}"));
    }
    match &finding.trouble {
        Trouble::CannotStart(error) => lines.extend(super::failure::explanation(error)),
        Trouble::HookFailed { evidence, .. } | Trouble::Exited { evidence, .. } => lines.extend(told(evidence)),
        Trouble::Restarting { evidence, next_try, .. } => {
            lines.extend(next_try.and_then(|at| next(at, clock)));
            lines.extend(told(evidence));
        }
        Trouble::Unhealthy { failed, of, interval, evidence } => {
            let every = interval.map(|every| format!(", every {}", short(every))).unwrap_or_default();
            lines.push(match (failed, of) {
                (1, 1) => "the engine remembers one health check, which failed".to_owned(),
                (failed, of) if failed == of => format!("all of its last {of} health checks failed{every}"),
                (failed, of) => format!("{failed} of its last {of} health checks failed{every}"),
            });
            lines.extend(told(&without_told_probe(evidence)));
        }
        Trouble::NotHealthyYet { evidence } => lines.extend(told(&without_told_probe(evidence))),
        Trouble::Outdated { reasons } => lines.extend(reasons.iter().flat_map(reason_lines)),
        Trouble::Paused
        | Trouble::NotReady { .. }
        | Trouble::FileMissing { .. }
        | Trouble::ImageMissing { .. }
        | Trouble::Missing
        | Trouble::NotStarted
        | Trouble::Ended
        | Trouble::Waiting { .. }
        | Trouble::TooFew { .. }
        | Trouble::Orphan => {}
    }
    lines.extend(files.place_of_trouble(finding));
    if !finding.holds_up.is_empty() {
        let names: Vec<&str> = finding.holds_up.iter().map(ServiceName::as_str).collect();
        let verb = if names.len() == 1 { "waits" } else { "wait" };
        lines.push(format!("{} {verb} for it", listed(&names)));
    }
    lines
}

/// What to do about it.
fn hint(finding: &Finding) -> Option<String> {
    let service = finding.service.as_ref().map_or("", ServiceName::as_str);
    Some(match &finding.trouble {
        Trouble::CannotStart(error) => {
            super::failure::hint(error).unwrap_or_else(|| format!("`hoist up -d {service}` makes anew what is missing"))
        }
        Trouble::HookFailed { .. } => {
            format!("mend the hook; `hoist up -d {service}` runs all hooks of the service again")
        }
        Trouble::Exited { exit_code, evidence } | Trouble::Restarting { exit_code, evidence, .. } => {
            after_exit(*exit_code, evidence, service)
        }
        Trouble::Unhealthy { evidence, .. } => return about_probe(evidence),
        Trouble::Paused => format!("`hoist unpause {service}` resumes it"),
        Trouble::FileMissing { .. } => "create the file, or change its path in the Compose file".to_owned(),
        Trouble::ImageMissing { source: ImageSource::Registry, .. } => {
            format!("`hoist up -d {service}` pulls it, or says why that is not possible")
        }
        Trouble::ImageMissing { source: ImageSource::Build, .. } => {
            format!("`hoist up -d {service}` builds it, or says why that is not possible")
        }
        Trouble::ImageMissing { source: ImageSource::Nowhere, image } => {
            format!("get it with `docker pull {image}`, or remove `pull_policy: never`")
        }
        Trouble::Missing | Trouble::TooFew { .. } | Trouble::NotStarted => {
            format!("`hoist up -d {service}` brings it up")
        }
        Trouble::Ended => format!("`hoist start {service}` starts it again"),
        Trouble::Waiting { needs } => return needs.last().and_then(past_obstacle),
        Trouble::NotHealthyYet { .. } | Trouble::NotReady { .. } => return None,
        Trouble::Outdated { .. } => format!("`hoist up -d {service}` applies the files; `hoist plan` shows how"),
        Trouble::Orphan => "`hoist up -d --remove-orphans` removes it".to_owned(),
    })
}

/// What runc and the engine say before the cause.
const PREAMBLES: [&str; 2] = ["unable to start container process: ", "failed to set up container networking: "];

/// The first line of a refusal, without what the headline says already.
fn refusal(error: &StepError) -> String {
    let message = super::failure::message(error);
    let message = message.lines().next().unwrap_or_default();
    let causes = PREAMBLES.iter().filter_map(|preamble| message.split_once(preamble));
    let message = causes.map(|(_, cause)| cause).next().unwrap_or(message);
    let StepError::PortTaken { container, .. } = error else { return message.to_owned() };
    message.trim_start_matches(&format!("cannot start container {container}: ")).to_owned()
}

/// What an exit status means, in brackets.
fn meaning(exit_code: i64, evidence: &[Evidence]) -> String {
    let out_of_memory = evidence.contains(&Evidence::OutOfMemory);
    let words = match exit_code {
        137 if out_of_memory => "it ran out of memory and was killed",
        137 => "killed by SIGKILL: it did not stop in time, or somebody killed it",
        126 => "its program cannot be executed",
        127 => "its program was not found",
        129 => "ended by SIGHUP",
        130 => "interrupted by SIGINT",
        131 => "ended by SIGQUIT",
        132 => "illegal instruction: the image may be for another processor",
        134 => "it aborted itself",
        135 => "bus error",
        136 => "arithmetic error",
        139 => "segmentation fault: a bug in the program",
        143 => "ended by SIGTERM, as `stop` does",
        _ if out_of_memory => "it ran out of memory",
        _ => return String::new(),
    };
    format!(" ({words})")
}

fn after_exit(exit_code: i64, evidence: &[Evidence], service: &str) -> String {
    let out_of_memory = evidence.contains(&Evidence::OutOfMemory);
    match exit_code {
        _ if out_of_memory => "raise its memory limit, or find out what takes the memory".to_owned(),
        126 => "look at `command` and `entrypoint`: the file needs the right to be executed".to_owned(),
        127 => "look at `command` and `entrypoint`: the name of the program, and whether the image has it".to_owned(),
        137 | 143 => format!("`hoist start {service}` starts it again"),
        _ => format!("`hoist logs {service}` shows all of its output"),
    }
}

/// The exit status and the output of the last probe.
fn last_probe(evidence: &[Evidence]) -> Option<(i64, &[String])> {
    evidence.iter().find_map(|evidence| {
        let Evidence::Probe { exit_code, output } = evidence else { return None };
        Some((*exit_code, output.as_slice()))
    })
}

/// The result of the last probe, behind a colon, if it is one line.
fn probe(evidence: &[Evidence]) -> String {
    match last_probe(evidence) {
        Some((exit_code, [line])) => format!(": its health check exited with status {exit_code}: {line}"),
        Some((exit_code, _)) => format!(": its health check exited with status {exit_code}"),
        None if evidence.contains(&Evidence::NoProbe) => ": no health check has finished".to_owned(),
        None => String::new(),
    }
}

fn about_probe(evidence: &[Evidence]) -> Option<String> {
    let (exit_code, output) = last_probe(evidence)?;
    let output = output.join("\n").to_lowercase();
    let says = |words: &str| output.contains(words);
    if says("executable file not found") || says("not found") && exit_code != 1 || exit_code == 127 {
        return Some("its image does not have the program of the health check: choose one that it has".to_owned());
    }
    if says("health check exceeded timeout") || exit_code == -1 {
        return Some("the health check takes longer than its `timeout`: raise it, or use a faster check".to_owned());
    }
    if says("connection refused") || says("can't connect") {
        return Some(
            "nothing listens on the address of the health check: look at its port, and at the logs".to_owned(),
        );
    }
    None
}

/// `until db is healthy, which waits until schema has completed`.
fn chain(needs: &[Need]) -> String {
    let needs = needs.iter().map(|need| {
        let condition = match need.condition {
            Condition::Started => "has started",
            Condition::Healthy => "is healthy",
            Condition::CompletedSuccessfully => "has completed successfully",
        };
        let name = &need.dependency;
        match need.obstacle {
            None => format!("until {name} {condition}"),
            Some(Obstacle::Exited(status)) => {
                format!("until {name} {condition}, but {name} exited with status {status}")
            }
            Some(Obstacle::NoHealthcheck) => format!("until {name} {condition}, but {name} has no healthcheck"),
        }
    });
    needs.collect::<Vec<_>>().join(", which waits ")
}

/// What to do so that a condition can come to hold.
fn past_obstacle(need: &Need) -> Option<String> {
    let name = &need.dependency;
    Some(match need.obstacle? {
        Obstacle::Exited(_) => {
            format!("if {name} is meant to end, wait for it with `condition: service_completed_successfully`")
        }
        Obstacle::NoHealthcheck => format!(
            "give {name} a `healthcheck` or `x-hoist: {{ready: …}}`, or wait for it with `condition: service_started`"
        ),
    })
}

fn first_reason(reasons: &[Reason]) -> String {
    match reasons.first() {
        Some(Reason::ConfigChanged(fields)) => match fields.as_slice() {
            [] => "its definition has changed".to_owned(),
            [field] => format!("{} has changed", field.field),
            [first, rest @ ..] => {
                format!("{} and {} have changed", first.field, text::plural(rest.len() as u64, "other field"))
            }
        },
        Some(Reason::ImageChanged { .. }) => "there is a newer image".to_owned(),
        Some(reason) => reason.to_string(),
        None => String::new(),
    }
}

/// The fields that differ, with old and new values as far as they are known; one without any is in the headline.
fn reason_lines(reason: &Reason) -> Vec<String> {
    let Reason::ConfigChanged(fields) = reason else { return Vec::new() };
    let is_told = |change: &&FieldChange| fields.len() > 1 || change.from.is_some() || change.to.is_some();
    fields.iter().filter(is_told).map(ToString::to_string).collect()
}

fn told(evidence: &[Evidence]) -> Vec<String> {
    let shown = evidence.iter().filter(|evidence| !matches!(evidence, Evidence::OutOfMemory));
    shown.flat_map(evidence_lines).collect()
}

/// Without a probe that the headline tells whole, and without saying again that there was none.
fn without_told_probe(evidence: &[Evidence]) -> Vec<Evidence> {
    let is_told = |evidence: &&Evidence| {
        matches!(evidence, Evidence::Probe { output, .. } if output.len() < 2) || **evidence == Evidence::NoProbe
    };
    evidence.iter().filter(|evidence| !is_told(evidence)).cloned().collect()
}

/// `for 3 minutes, since 14:02:11`.
fn since(nanoseconds: i128, clock: &Clock) -> Option<String> {
    let at = Timestamp::from_nanosecond(nanoseconds).ok()?;
    let span = Duration::try_from(clock.now.duration_since(at)).unwrap_or_default();
    let time = at.to_zoned(clock.zone.clone()).strftime("%H:%M:%S").to_string();
    Some(format!("for {}, since {time}", text::duration(span).to_lowercase()))
}

fn next(nanoseconds: i128, clock: &Clock) -> Option<String> {
    let at = Timestamp::from_nanosecond(nanoseconds).ok()?;
    let left = Duration::try_from(at.duration_since(clock.now)).ok().filter(|left| !left.is_zero())?;
    Some(format!("the engine starts it again in {}", text::plural(left.as_secs() + 1, "second")))
}

fn short(span: Duration) -> String {
    if span.subsec_millis() == 0 { format!("{} s", span.as_secs()) } else { format!("{} ms", span.as_millis()) }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A finding for programs.
#[derive(Debug, Serialize)]
struct Record<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a str>,
    trouble: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waits_for: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    holds_up: Vec<&'a str>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    changed_fields: BTreeSet<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    context: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// All findings as a JSON array on one line.
///
/// # Panics
///
/// Never: texts and numbers can always be written as JSON.
#[must_use]
pub fn json(findings: &[Finding], files: &Files<'_>, clock: &Clock) -> String {
    let records: Vec<Record<'_>> = findings.iter().map(|finding| record(finding, files, clock)).collect();
    serde_json::to_string(&records).expect("texts and numbers are JSON") + "\n"
}

fn record<'a>(finding: &'a Finding, files: &Files<'_>, clock: &Clock) -> Record<'a> {
    let since = finding.since.and_then(|at| Timestamp::from_nanosecond(at).ok());
    Record {
        service: finding.service.as_ref().map(ServiceName::as_str),
        container: finding.container.as_deref(),
        trouble: finding.trouble.name(),
        message: headline(finding),
        since: since.map(|at| text::time(at, &TimeZone::UTC)),
        exit_code: finding.trouble.exit_code(),
        waits_for: finding.trouble.needs().iter().map(|need| need.dependency.as_str()).collect(),
        holds_up: finding.holds_up.iter().map(ServiceName::as_str).collect(),
        changed_fields: finding.trouble.reasons().iter().flat_map(changed).collect(),
        context: below(finding, files, clock),
        hint: hint(finding),
    }
}

fn changed(reason: &Reason) -> impl Iterator<Item = &str> {
    let fields = if let Reason::ConfigChanged(fields) = reason { fields.as_slice() } else { &[] };
    fields.iter().map(|change| change.field.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::FieldValue;

    #[test]
    fn a_wait_that_cannot_end_says_why() {
        let need = |obstacle| Need { dependency: ServiceName::from("a"), condition: Condition::Healthy, obstacle };
        for (obstacle, expected) in [
            (None, "until a is healthy"),
            (Some(Obstacle::Exited(0)), "until a is healthy, but a exited with status 0"),
            (Some(Obstacle::NoHealthcheck), "until a is healthy, but a has no healthcheck"),
        ] {
            assert_eq!(chain(&[need(obstacle)]), expected);
            assert_eq!(past_obstacle(&need(obstacle)).is_some(), obstacle.is_some());
        }
    }

    #[test]
    fn fields_that_differ_have_the_values_that_are_known() {
        let json = |text: &str| Some(FieldValue::Json(text.to_owned()));
        let change = |field: &str, from, to| FieldChange { field: field.to_owned(), from, to };
        let hooks = change("post_start", None, json(r#"[{"command":["true"]}]"#));
        let volumes = change("volumes", None, None);
        let lines = |changes: &[&FieldChange]| {
            reason_lines(&Reason::ConfigChanged(changes.iter().map(|change| (*change).clone()).collect()))
        };
        assert_eq!(lines(&[&hooks]), [r#"post_start is now [{"command":["true"]}]"#]);
        assert_eq!(lines(&[&volumes]), [""; 0], "the headline says it");
        assert_eq!(
            lines(&[&change("tty", json("false"), json("true")), &volumes]),
            ["tty: false → true", "volumes changed"]
        );
    }
}
