//! Surprising results: values that Docker Compose silently changes or drops. hoist does the same, but warns where this
//! happens and what to write instead.

use std::convert::Infallible;

use crate::diagnostic::Explain;
use crate::load::changed_text::ChangedText;
use crate::load::findings::Findings;
use crate::load::look_alike_error::straight_quotes;
use crate::load::misplaced::Misplaced;
use crate::load::node_path::NodePath;
use crate::load::scalar;
use crate::project::value::{cron, mount};
use crate::project::{Project, ServiceName};
use crate::source::{SourceMap, Span};
use crate::yaml::{Node, Value};

/// A value that Docker Compose silently changes or drops.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LintWarning {
    /// A number or date where text is expected, which does not come out as written.
    #[error(transparent)]
    ChangedText(#[from] ChangedText),
    /// `a:/b`, which looks like a volume `a` but is a Windows drive.
    #[error("`{text}` is an anonymous volume at `{text}`: a single letter before a colon is read as a drive")]
    DriveLetter {
        /// The mount as written.
        text: String,
        /// Where it is in the file.
        span: Span,
    },
    /// An option of a short mount that has no meaning.
    #[error("`{option}` in `{text}` is not a mount option and is ignored")]
    MountOption {
        /// The option.
        option: String,
        /// The mount as written.
        text: String,
        /// Where it is in the file.
        span: Span,
    },
    /// A list item that belongs to another attribute.
    #[error("`{text}` in `{list}` looks like {}", misplaced.what)]
    Misplaced {
        /// The item.
        text: String,
        /// The attribute.
        list: &'static str,
        /// What it looks like.
        misplaced: Misplaced,
        /// Where it is in the file.
        span: Span,
    },
    /// A schedule that is no cron expression.
    #[error("`{text}` is not a cron expression")]
    Cron {
        /// The text.
        text: String,
        /// Where it is in the file.
        span: Span,
    },
    /// A job that nothing can trigger.
    #[error("job `{job}` never runs: it has no schedule, and `manual` is false")]
    NeverTriggered {
        /// The job.
        job: ServiceName,
        /// Where its triggers are.
        span: Option<Span>,
    },
    /// A restart policy that no engine knows.
    #[error("`restart` is `{word}`, which engines reject")]
    Restart {
        /// The word.
        word: String,
        /// Where it is in the file.
        span: Span,
    },
}

impl Explain for LintWarning {
    fn span(&self) -> Option<Span> {
        match self {
            Self::ChangedText(changed) => changed.span(),
            Self::NeverTriggered { span, .. } => *span,
            Self::Misplaced { span, .. }
            | Self::DriveLetter { span, .. }
            | Self::MountOption { span, .. }
            | Self::Cron { span, .. }
            | Self::Restart { span, .. } => Some(*span),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::ChangedText(changed) => return changed.hint(),
            Self::DriveLetter { .. } => {
                "for a volume with a one-letter name, write `{type: volume, source: …, target: …}`; for a folder, start with `./`"
                    .to_owned()
            }
            Self::MountOption { .. } => {
                "valid options are `ro`, `rw`, `z`, `Z`, `nocopy` and propagation modes such as `rslave`".to_owned()
            }
            Self::Cron { .. } => {
                "write minute, hour, day, month and weekday, as in `0 3 * * *`, or a word such as `@daily`".to_owned()
            }
            Self::NeverTriggered { .. } => "give it a `schedule`, or remove `manual: false`".to_owned(),
            Self::Misplaced { misplaced, .. } => format!("list it under `{}`", misplaced.home),
            Self::Restart { word, .. } if straight_quotes(word).is_some() => {
                let straight = straight_quotes(word).unwrap_or_default();
                format!("typographic quotes are not quotes in YAML: write straight ones, `{straight}`")
            }
            Self::Restart { .. } => {
                "write `\"no\"`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`".to_owned()
            }
        })
    }
}

/// Paths of mappings in a service whose values become text.
const TEXTS: [&[&str]; 7] = [
    &["environment"],
    &["labels"],
    &["annotations"],
    &["sysctls"],
    &["build", "args"],
    &["build", "labels"],
    &["deploy", "labels"],
];

/// Values of `restart` that engines accept, besides `on-failure:COUNT`.
const RESTARTS: [&str; 4] = ["no", "always", "on-failure", "unless-stopped"];

/// Checks a layer whose variables are expanded.
pub(super) fn look(layer: &Node, sources: &SourceMap, findings: &mut Findings<Infallible, LintWarning>) {
    let services = layer.get("services").and_then(Node::as_mapping);
    let section = NodePath::Top.key("services");
    let mut look = Look { sources, findings };
    for (key, service) in services.into_iter().flatten() {
        look.service(service, section.key(&key.name));
    }
    let jobs = layer.get("jobs").and_then(Node::as_mapping);
    for (_, job) in jobs.into_iter().flatten() {
        let schedule = job.get("triggers").and_then(|triggers| triggers.get("schedule"));
        for item in schedule.and_then(Node::as_sequence).unwrap_or_default() {
            look.cron(item.get("cron").unwrap_or(item));
        }
    }
}

/// A warning for each enabled job that nothing can trigger.
pub(super) fn never_triggered(project: &Project) -> impl Iterator<Item = LintWarning> {
    let never = project.jobs.iter().filter(|(_, job)| !job.is_manual() && !job.is_scheduled());
    never.map(|(name, _)| LintWarning::NeverTriggered {
        job: name.clone(),
        span: project.origins.nearest(&["jobs", name.as_str(), "triggers", "manual"]),
    })
}

struct Look<'a> {
    sources: &'a SourceMap,
    findings: &'a mut Findings<Infallible, LintWarning>,
}

impl Look<'_> {
    fn service(&mut self, service: &Node, node_path: NodePath<'_>) {
        for way in TEXTS {
            if let Some(found) = way.iter().try_fold(service, |node, key| node.get(key)) {
                self.texts(found, node_path, way);
            }
        }
        if let Some(restart) = service.get("restart") {
            self.restart(restart);
        }
        for item in service.get("environment").and_then(Node::as_sequence).unwrap_or_default() {
            self.misplaced(item, "environment");
        }
        for item in service.get("volumes").and_then(Node::as_sequence).unwrap_or_default() {
            self.misplaced(item, "volumes");
            self.mount(item);
        }
    }

    /// Warns of an item that is accepted, but clearly belongs to another list. Ports in `volumes` are an error later.
    fn misplaced(&mut self, item: &Node, list: &'static str) {
        let Some(text) = item.as_str() else { return };
        if text.contains('=') == (list == "environment") {
            return;
        }
        if let Some(misplaced) =
            Misplaced::of(text, list).filter(|kind| list == "environment" || kind.home == "environment")
        {
            self.findings.warn(LintWarning::Misplaced { text: text.to_owned(), list, misplaced, span: item.span });
        }
    }

    /// Warns of a schedule that is no cron expression; one with variables that are not expanded may be.
    fn cron(&mut self, node: &Node) {
        let Some(text) = node.as_str() else { return };
        if !cron::is_valid(text) {
            self.findings.warn(LintWarning::Cron { text: text.to_owned(), span: node.span });
        }
    }

    /// Warns of a restart policy that engines do not know.
    fn restart(&mut self, node: &Node) {
        let Some(word) = node.as_str().filter(|word| !word.is_empty()) else { return };
        let known = match word.split_once(':') {
            Some(("on-failure", count)) => count.parse::<u32>().is_ok(),
            _ => RESTARTS.contains(&word),
        };
        if !known {
            self.findings.warn(LintWarning::Restart { word: word.to_owned(), span: node.span });
        }
    }

    /// Warns of numbers, dates and booleans whose text differs from what was written.
    fn texts(&mut self, node: &Node, node_path: NodePath<'_>, way: &[&str]) {
        for (key, value) in node.as_mapping().into_iter().flatten() {
            if matches!(value.value, Value::String(_) | Value::Null) {
                continue;
            }
            let Some(becomes) = scalar::text(&value.value) else { continue };
            let written = self.sources.text(value.span);
            if written != becomes && !written.is_empty() && !written.starts_with(['*', '&', '!']) {
                let path = format!("{}.{}.{}", node_path.path(), way.join("."), key.name);
                let written = written.to_owned();
                self.findings.warn(LintWarning::from(ChangedText { path, written, becomes, span: value.span }));
            }
        }
    }

    /// Warns of `a:/b`.
    fn mount(&mut self, item: &Node) {
        let Some(text) = item.as_str() else { return };
        let bytes = text.as_bytes();
        let drive = bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && bytes[2] == b'/';
        for option in mount::unknown_options(text) {
            let option = option.to_owned();
            self.findings.warn(LintWarning::MountOption { option, text: text.to_owned(), span: item.span });
        }
        if drive && mount::parse_short(text).is_ok_and(|mount| mount.source.is_none()) {
            self.findings.warn(LintWarning::DriveLetter { text: text.to_owned(), span: item.span });
        }
    }
}
