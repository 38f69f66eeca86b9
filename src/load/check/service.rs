//! Rules of one enabled service.

use std::collections::HashMap;

use super::definitions::Definitions;
use super::error::{CheckError, ContextProblem, Dependence, Form};
use super::lookup::{at, items, profiles_of, text};
use crate::diagnostic::suggest;
use crate::load::findings::Findings;
use crate::load::scalar;
use crate::load::unique::{ItemError, ItemProblem};
use crate::project::value::ByteSize;
use crate::source::{Span, Spanned};
use crate::yaml::{Key, Mapping, Node, Value};

pub(super) fn check(key: &Key, service: &Mapping, definitions: &Definitions<'_>, findings: &mut Findings<CheckError>) {
    let mut check = Check { key, service, definitions, findings };
    check.something_to_run();
    check.build();
    check.networks();
    check.healthcheck();
    check.ready();
    check.dependencies();
    check.mounts();
    check.references();
    check.replicas();
    check.limits();
    check.watch();
}

/// The sections that services refer to in other ways than by `depends_on`.
const OTHER_SECTIONS: [&str; 4] = ["networks", "volumes", "secrets", "configs"];

/// The checks of `x-hoist.ready`.
const READY_CHECKS: [&str; 4] = ["exec", "http", "log", "tcp"];

struct Check<'a, 'b> {
    key: &'a Key,
    service: &'a Mapping,
    definitions: &'a Definitions<'a>,
    findings: &'b mut Findings<CheckError>,
}

impl Check<'_, '_> {
    fn name(&self) -> String {
        self.key.name.clone()
    }

    fn exclusive(&mut self, first: (&'static str, Span), second: (&'static str, Span)) {
        let owner = format!("service `{}`", self.key.name);
        let (first, first_span) = first;
        let (second, span) = second;
        self.findings.error(CheckError::Exclusive { owner, first, first_span, second, span });
    }

    fn something_to_run(&mut self) {
        let image = text(self.service, "image").is_some_and(|(image, _)| !image.is_empty());
        let other = self.service.contains("build") || self.service.contains("provider");
        if !image && !other && !self.findings.is_broken("services", &self.key.name) {
            let service = Spanned::new(self.name(), self.key.span);
            let closest = self.closest_of_other_files();
            self.findings.error(CheckError::NothingToRun { what: "service", service, closest });
        }
    }

    /// The service of another file that this one may be meant to change.
    fn closest_of_other_files(&self) -> Option<String> {
        let others = self.definitions.services.iter().filter(|(key, service)| {
            key.span.file != self.key.span.file && (service.get("image").is_some() || service.get("build").is_some())
        });
        suggest::closest(&self.key.name, others.map(|(key, _)| key.name.as_str())).map(str::to_owned)
    }

    fn build(&mut self) {
        let Some(build) = self.service.get("build").and_then(Node::as_mapping) else { return };
        if let (Some((file, file_node)), Some((inline, inline_node))) =
            (text(build, "dockerfile"), text(build, "dockerfile_inline"))
            && !file.is_empty()
            && !inline.is_empty()
        {
            self.exclusive(("dockerfile", file_node.span), ("dockerfile_inline", inline_node.span));
        }
        if let Some(contexts) = build.get("additional_contexts").and_then(Node::as_mapping) {
            for (context, value) in contexts {
                self.additional_context(&context.name, value);
            }
        }
        let platforms = items(build, "platforms");
        if let Some((platform, node)) = text(self.service, "platform").filter(|(platform, _)| !platform.is_empty())
            && !platforms.is_empty()
            && !platforms.iter().any(|built| built.as_str() == Some(platform))
        {
            let platform = Spanned::new(platform.to_owned(), node.span);
            self.findings.error(CheckError::PlatformNotBuilt { service: self.name(), platform });
        }
        for secret in items(build, "secrets") {
            self.reference("secret", "secrets", secret);
        }
    }

    fn additional_context(&mut self, name: &str, value: &Node) {
        let Some(other) = value.as_str().and_then(|value| value.strip_prefix("service:")) else { return };
        // Its profiles do not matter: only its build is needed.
        let found = self.definitions.services.get(other).and_then(Node::as_mapping);
        if found.is_some_and(|found| found.contains("build")) || self.findings.is_broken("services", other) {
            return;
        }
        let problem = match found {
            Some(_) => ContextProblem::NotBuilt,
            None => ContextProblem::Undefined { closest: self.definitions.closest("services", other) },
        };
        self.findings.error(CheckError::BadContext {
            service: self.name(),
            context: name.to_owned(),
            other: Spanned::new(other.to_owned(), value.span),
            problem,
        });
    }

    fn networks(&mut self) {
        let Some(networks) = self.service.get("networks").and_then(Node::as_mapping) else { return };
        if let Some((mode, node)) = text(self.service, "network_mode")
            && !mode.is_empty()
            && let Some((first, _)) = networks.iter().next()
        {
            self.exclusive(("networks", first.span), ("network_mode", node.span));
            return;
        }
        for (network, _) in networks {
            self.defined("network", "networks", (&network.name, network.span), Form::Short);
        }
    }

    /// Reports a name that its section does not define.
    fn defined(&mut self, what: &'static str, section: &'static str, (name, span): (&str, Span), form: Form) {
        if self.definitions.defines(section, name) || self.findings.is_broken(section, name) {
            return;
        }
        self.findings.error(CheckError::Undefined {
            user: format!("service `{}`", self.key.name),
            what,
            name: Spanned::new(name.to_owned(), span),
            closest: self.definitions.closest(section, name),
            section,
            form,
            is_service: section == "networks" && self.definitions.defines("services", name),
            exists: None,
        });
    }

    fn reference(&mut self, what: &'static str, section: &'static str, reference: &Node) {
        let Some(mapping) = reference.as_mapping() else { return };
        if let Some(source) = mapping.get("source") {
            let form = form_of(mapping, "source", reference);
            self.defined(what, section, (source.as_str().unwrap_or_default(), source.span), form);
        } else if !self.findings.is_broken("services", &self.key.name) {
            let path = format!("services.{}.{section}", self.key.name);
            let problem = ItemProblem::Missing("source");
            self.findings.error(ItemError { path, problem, span: reference.span });
        }
    }

    fn references(&mut self) {
        for (what, section) in [("secret", "secrets"), ("config", "configs")] {
            for reference in items(self.service, section) {
                self.reference(what, section, reference);
            }
        }
        if let Some(models) = self.service.get("models").and_then(Node::as_mapping) {
            for (model, _) in models {
                self.defined("model", "models", (&model.name, model.span), Form::Short);
            }
        }
    }

    fn healthcheck(&mut self) {
        let test = at(self.service, &["healthcheck", "test"]).and_then(Node::as_sequence);
        let Some(first) = test.and_then(|test| test.first()) else { return };
        if !matches!(first.as_str(), Some("CMD" | "CMD-SHELL" | "NONE")) {
            let word = Spanned::new(first.as_str().unwrap_or_default().to_owned(), first.span);
            self.findings.error(CheckError::HealthcheckWord { service: self.name(), word });
        }
    }

    /// One check says that a container is ready.
    fn ready(&mut self) {
        let Some(ready) = at(self.service, &["x-hoist", "ready"]).and_then(Node::as_mapping) else { return };
        let mut checks = READY_CHECKS.into_iter().filter_map(|name| Some((name, ready.entry(name)?.0.span)));
        if let (Some(first), Some(second)) = (checks.next(), checks.next()) {
            self.exclusive(first, second);
        }
        let Some(exec) = ready.get("exec").filter(|exec| exec.as_sequence().is_some()) else { return };
        let words: Vec<&str> = exec.as_sequence().into_iter().flatten().filter_map(Node::as_str).collect();
        let command = match words.split_first() {
            Some((&("CMD" | "CMD-SHELL"), command)) => command,
            Some((&"NONE", _)) | None => &[],
            Some(_) => words.as_slice(),
        };
        if command.first().is_none_or(|program| program.trim().is_empty()) {
            self.findings.error(CheckError::NoCommand { service: self.name(), span: exec.span });
        }
    }

    fn dependencies(&mut self) {
        let Some(dependencies) = self.service.get("depends_on").and_then(Node::as_mapping) else { return };
        for (key, dependency) in dependencies {
            if self.definitions.enabled(&key.name).is_some() || self.findings.is_broken("services", &key.name) {
                continue;
            }
            let name = Spanned::new(key.name.clone(), key.span);
            if self.definitions.defines("jobs", &key.name) {
                self.findings.error(CheckError::DependsOnJob { service: self.name(), job: name });
                continue;
            }
            let disabled = self.definitions.services.get(&key.name).and_then(Node::as_mapping);
            let optional = dependency.get("required").is_some_and(|required| required.value == Value::Bool(false));
            let error = match disabled {
                Some(_) if optional => continue,
                Some(disabled) => CheckError::DisabledDependency {
                    service: self.name(),
                    dependency: name,
                    profiles: profiles_of(disabled),
                    written: self.written(key, dependency),
                },
                None => CheckError::UndefinedDependency {
                    service: self.name(),
                    closest: self.definitions.closest("services", &key.name),
                    section: OTHER_SECTIONS.into_iter().find(|section| self.definitions.defines(section, &key.name)),
                    dependency: name,
                },
            };
            self.findings.error(error);
        }
    }

    /// How the dependency under `key` is written.
    fn written(&self, key: &Key, dependency: &Node) -> Dependence {
        const LISTS: [&str; 2] = ["links", "volumes_from"];
        const TEXTS: [&str; 5] = ["network_mode", "ipc", "pid", "uts", "cgroup"];
        let in_list = |name: &&&str| items(self.service, name).iter().any(|item| item.span == key.span);
        let as_text = |name: &&&str| self.service.get(name).is_some_and(|node| node.span == key.span);
        if let Some(attribute) = LISTS.iter().find(in_list).or_else(|| TEXTS.iter().find(as_text)) {
            return Dependence::By(attribute);
        }
        // What hoist fills in for a list item is not in the file.
        let condition = dependency.as_mapping().and_then(|mapping| mapping.entry("condition"));
        if condition.is_some_and(|(key, _)| !key.span.is_empty()) {
            Dependence::Conditional
        } else {
            Dependence::Listed
        }
    }

    fn mounts(&mut self) {
        let mut targets: HashMap<String, Span> = HashMap::new();
        if let Some(tmpfs) = self.service.get("tmpfs") {
            let one = std::slice::from_ref(tmpfs);
            for item in tmpfs.as_sequence().unwrap_or(one) {
                let target = item.as_str().and_then(|text| text.split(':').next()).unwrap_or_default();
                self.mounted(target, item.span, &mut targets);
            }
        }
        for mount in items(self.service, "volumes") {
            let Some(mapping) = mount.as_mapping() else { continue };
            let (target, node) = text(mapping, "target").unwrap_or(("", mount));
            self.mounted(target, node.span, &mut targets);
            if text(mapping, "type").is_some_and(|(kind, _)| kind == "volume")
                && let Some((source, node)) = text(mapping, "source").filter(|(source, _)| !source.is_empty())
            {
                let form = form_of(mapping, "type", mount);
                self.defined("volume", "volumes", (source, node.span), form);
            }
        }
    }

    fn mounted(&mut self, target: &str, span: Span, targets: &mut HashMap<String, Span>) {
        if let Some(first) = targets.insert(target.to_owned(), span) {
            let target = Spanned::new(target.to_owned(), span);
            self.findings.error(CheckError::MountTwice { service: self.name(), target, first });
        }
    }

    fn replicas(&mut self) {
        let scale = self.service.get("scale");
        let replicas = at(self.service, &["deploy", "replicas"]);
        let written = [("scale", scale), ("deploy.replicas", replicas)];
        for (attribute, node) in written {
            if let Some((number, node)) = node.and_then(|node| Some((integer(node)?, node)))
                && number < 0
            {
                self.findings.error(CheckError::Negative { service: self.name(), attribute, span: node.span });
                return;
            }
        }
        if let (Some(scale), Some(replicas)) = (scale, replicas)
            && integer(scale) != integer(replicas)
        {
            self.different(("scale", scale.span), ("deploy.replicas", replicas.span), false);
            return;
        }
        let Some((number, node)) = scale.or(replicas).and_then(|node| Some((integer(node)?, node))) else { return };
        if let Some((name, name_node)) = text(self.service, "container_name")
            && number > 1
            && !name.is_empty()
        {
            self.findings.error(CheckError::NameForSeveral {
                service: self.name(),
                scale: number,
                scale_span: node.span,
                span: name_node.span,
            });
        }
    }

    fn different(&mut self, first: (&'static str, Span), second: (&'static str, Span), missing: bool) {
        self.findings.error(CheckError::Different {
            service: self.name(),
            first: first.0,
            span: first.1,
            second: second.0,
            second_span: second.1,
            missing,
        });
    }

    /// Checks limits that can be written in two places.
    fn limits(&mut self) {
        type Reading = fn(&Node) -> Option<f64>;
        const PAIRS: [(&str, &str, &[&str; 4], Reading); 4] = [
            ("cpus", "deploy.resources.limits.cpus", &["deploy", "resources", "limits", "cpus"], processors),
            ("mem_limit", "deploy.resources.limits.memory", &["deploy", "resources", "limits", "memory"], bytes),
            (
                "mem_reservation",
                "deploy.resources.reservations.memory",
                &["deploy", "resources", "reservations", "memory"],
                bytes,
            ),
            ("pids_limit", "deploy.resources.limits.pids", &["deploy", "resources", "limits", "pids"], count),
        ];
        for (attribute, other, path, read) in PAIRS {
            let Some(node) = self.service.get(attribute) else { continue };
            let Some(block) = at(self.service, &path[..3]).filter(|block| block.as_mapping().is_some()) else {
                continue;
            };
            let Some(value) = read(node).filter(|value| *value != 0.0) else { continue };
            let limit = block.get(path[3]);
            let same = match limit {
                Some(limit) => read(limit).is_none_or(|limit| (limit - value).abs() < f64::EPSILON),
                None => false,
            };
            if !same {
                let place = limit.map_or(block.span, |limit| limit.span);
                self.different((attribute, node.span), (other, place), limit.is_none());
            }
        }
    }

    fn watch(&mut self) {
        let rules = at(self.service, &["develop", "watch"]).and_then(Node::as_sequence).unwrap_or_default();
        for rule in rules {
            let Some(mapping) = rule.as_mapping() else { continue };
            let action = text(mapping, "action").map_or("", |(action, _)| action);
            let target = text(mapping, "target").is_some_and(|(target, _)| !target.is_empty());
            if !target && !matches!(action, "rebuild" | "restart") {
                let action = action.to_owned();
                self.findings.error(CheckError::NoWatchTarget { service: self.name(), action, span: rule.span });
            }
        }
    }
}

/// The form of an item: in the long form each key has its own place.
pub(super) fn form_of(mapping: &Mapping, key: &str, item: &Node) -> Form {
    let is_short = mapping.entry(key).is_some_and(|(key, _)| key.span == item.span);
    if is_short { Form::Short } else { Form::Long }
}

fn integer(node: &Node) -> Option<i64> {
    match &node.value {
        Value::Int(number) => Some(*number),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a number of replicas with a fraction is cut, as decoding does"
        )]
        Value::Float(number) => Some(*number as i64),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Timestamp(_) | Value::Sequence(_) | Value::Mapping(_) => None,
    }
}

/// Numbers of CPUs are 32-bit floats, so `0.1` and `"0.10"` are the same.
fn processors(node: &Node) -> Option<f64> {
    scalar::text(&node.value)?.parse::<f32>().ok().map(f64::from)
}

#[expect(clippy::cast_precision_loss, reason = "both sides lose the same")]
fn bytes(node: &Node) -> Option<f64> {
    match &node.value {
        Value::Int(number) => Some(*number as f64),
        Value::String(text) => text.parse::<ByteSize>().ok().map(|size| size.as_bytes() as f64),
        Value::Null
        | Value::Bool(_)
        | Value::Float(_)
        | Value::Timestamp(_)
        | Value::Sequence(_)
        | Value::Mapping(_) => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "both sides lose the same")]
fn count(node: &Node) -> Option<f64> {
    integer(node).map(|number| number as f64)
}
