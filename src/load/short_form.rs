//! Short forms in, long forms out. The grammars of ports and mounts are with their types in [`crate::project::value`];
//! here their results become nodes with the span of the original text.

mod deep_dash;
mod mount;
mod part;
mod port;

pub(super) use mount::target as mount_target;

use crate::diagnostic::Explain;
use crate::load::findings::Findings;
use crate::load::merge::{all_gpus_to_list, context_to_mapping, names_to_mapping, null, started, string_to_mapping};
use crate::load::misplaced::Misplaced;
use crate::load::node_path::NodePath;
use crate::load::rules::{FORM_RULES, Form, Rules};
use crate::project::value::device;
use crate::source::{SourceMap, Span};
use crate::yaml::{Key, Mapping, Node, Value};

use part::{Unread, entry};

/// An invalid short form.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{path}`: {problem}")]
pub struct FormError {
    /// Dotted path of the value.
    pub path: String,
    /// What is wrong.
    pub problem: String,
    /// An accepted form.
    pub hint: Option<String>,
    /// Where it is in the file.
    pub span: Span,
}

impl Explain for FormError {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// `external: {name: …}`, the old form from before `name` and `external` could be used side by side.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{path}`: `external.name` is deprecated")]
pub struct DeprecatedExternalName {
    /// Dotted path of the resource.
    pub path: String,
    /// Where it is in the file.
    pub span: Span,
}

impl Explain for DeprecatedExternalName {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }

    fn hint(&self) -> Option<String> {
        Some("write `external: true` and `name: …` next to it".to_owned())
    }
}

/// Whether an unreadable short form is an error, or is kept as written because it still contains variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    Refused,
    Kept,
}

/// Converts every value of the model to its long form. Invalid values are reported to `findings` and removed from the
/// tree, or kept if `unreadable` says so.
pub(super) fn to_long_forms(
    model: &mut Node,
    unreadable: Unreadable,
    sources: &SourceMap,
    findings: &mut Findings<FormError, DeprecatedExternalName>,
) {
    let mut transform = Transform { unreadable, sources, findings };
    transform.walk(model, &FORM_RULES, NodePath::Top);
}

struct Transform<'a> {
    unreadable: Unreadable,
    sources: &'a SourceMap,
    findings: &'a mut Findings<FormError, DeprecatedExternalName>,
}

impl Transform<'_> {
    fn walk(&mut self, node: &mut Node, rules: &Rules<Form>, node_path: NodePath<'_>) {
        if let Some(form) = rules.rule() {
            self.apply(form, node, node_path);
        }
        match &mut node.value {
            Value::Mapping(mapping) => {
                for (key, value) in mapping.values_mut() {
                    if let Some(rules) = rules.key(&key.name) {
                        self.walk(value, rules, node_path.key(&key.name));
                    }
                }
            }
            Value::Sequence(items) => {
                if let Some(rules) = rules.item() {
                    for (index, item) in items.iter_mut().enumerate() {
                        self.walk(item, rules, node_path.index(index));
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::String(_) => {
            }
        }
    }

    fn apply(&mut self, form: Form, node: &mut Node, node_path: NodePath<'_>) {
        match form {
            Form::Build => context_to_mapping(node),
            Form::NamedValues => self.named_values(node, node_path),
            Form::Ssh => self.ssh(node, node_path),
            Form::Text => {
                if let Value::Bool(flag) = node.value {
                    node.value = Value::String(flag.to_string());
                }
            }
            Form::FileReferences => {
                for item in items_mut(node) {
                    string_to_mapping(item, "source");
                }
            }
            Form::DependsOn => depends_on(node),
            Form::Devices => self.devices(node, node_path),
            Form::List => {
                string_to_list(node);
                if node_path.last_key() == Some("dns")
                    && let Value::Sequence(items) = &mut node.value
                {
                    items.retain(|item| item.as_str() != Some(""));
                }
            }
            Form::EnvFile => env_file(node),
            Form::Schedules => {
                for item in items_mut(node) {
                    string_to_mapping(item, "cron");
                }
            }
            Form::Extends => string_to_mapping(node, "service"),
            Form::Gpus => all_gpus_to_list(node),
            Form::NamesToMapping => names_to_mapping(node, null),
            Form::Ports => self.ports(node, node_path),
            Form::Volumes => self.volumes(node, node_path),
            Form::External => self.external(node, node_path),
        }
    }

    /// Reports `unread` unless unreadable values are kept. Returns whether to remove the value.
    fn refuse(&mut self, unread: Unread, span: Span, node_path: NodePath<'_>) -> bool {
        if self.unreadable == Unreadable::Kept {
            return false;
        }
        if let Some((section, name)) = node_path.resource() {
            self.findings.mark_broken(section, name);
        }
        let Unread { problem, hint } = unread;
        self.findings.error(FormError { path: node_path.path().to_string(), problem, hint, span });
        true
    }

    fn named_values(&mut self, node: &mut Node, node_path: NodePath<'_>) {
        let Value::Sequence(items) = &node.value else { return };
        let mut entries = Mapping::new();
        for (index, item) in items.iter().enumerate() {
            let text = item.as_str().unwrap_or_default();
            if let Some((name, value)) = text.split_once('=') {
                let key = Key { name: name.to_owned(), span: item.span };
                entries.insert(key, Node::string(value, item.span));
                continue;
            }
            let unread = Unread {
                problem: format!("`{text}` has no value"),
                hint: Some("write `name=value`, as in `app=../app`".to_owned()),
            };
            if !self.refuse(unread, item.span, node_path.index(index)) {
                return;
            }
        }
        node.value = Value::Mapping(entries);
    }

    fn ssh(&mut self, node: &mut Node, node_path: NodePath<'_>) {
        let Value::Sequence(items) = &node.value else { return };
        let mut entries = Mapping::new();
        for (index, item) in items.iter().enumerate() {
            let text = item.as_str().unwrap_or_default();
            let (id, value) = match text.split_once('=') {
                Some((id, path)) => (id, Node::string(path, item.span)),
                None if text == "default" => (text, null(item.span)),
                None => {
                    let unread = Unread {
                        problem: format!("`{text}` has no path"),
                        hint: Some(format!("write `{text}=<path of a key or socket>`, or `default` for the agent")),
                    };
                    if self.refuse(unread, item.span, node_path.index(index)) {
                        continue;
                    }
                    return;
                }
            };
            entries.insert(Key { name: id.to_owned(), span: item.span }, value);
        }
        node.value = Value::Mapping(entries);
    }

    fn devices(&mut self, node: &mut Node, node_path: NodePath<'_>) {
        let Value::Sequence(items) = &mut node.value else { return };
        let mut index = 0;
        items.retain_mut(|item| {
            index += 1;
            let span = item.span;
            let Some(text) = item.as_str() else { return true };
            let device = match device::parse_short(text) {
                Ok(device) => device,
                Err(error) => {
                    let unread = Unread { problem: error.to_string(), hint: Some(error.hint().to_owned()) };
                    return !self.refuse(unread, span, node_path.index(index - 1));
                }
            };
            let entries = [
                ("source", device.source),
                ("target", device.target.unwrap_or_default()),
                ("permissions", device.permissions.unwrap_or_default()),
            ];
            item.value = Value::Mapping(entries.into_iter().map(|(key, text)| entry(key, &text, span)).collect());
            true
        });
    }

    fn ports(&mut self, node: &mut Node, node_path: NodePath<'_>) {
        let Value::Sequence(items) = &mut node.value else { return };
        if items.iter().all(|item| matches!(item.value, Value::Mapping(_))) {
            return;
        }
        let mut long = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match port::long_forms(item, self.sources) {
                Ok(ports) => long.extend(ports),
                Err(mut unread) => {
                    let text = item.as_str().unwrap_or_default();
                    let mut span = item.span;
                    if let Some(inner) = deep_dash::inner_item(item, self.sources) {
                        (unread, span) = (self.deep_dash(inner), inner);
                    } else if let Some(misplaced) = Misplaced::of(text, "ports") {
                        unread.hint = Some(misplaced.hint(text));
                    }
                    if !self.refuse(unread, span, node_path.index(index)) {
                        return;
                    }
                }
            }
        }
        node.value = Value::Sequence(long);
    }

    /// The error about `inner`, the line of an item that looks like an item of its own.
    fn deep_dash(&self, inner: Span) -> Unread {
        let text = self.sources.text(inner);
        Unread {
            problem: format!("`{text}` is indented deeper than the item above, so it is part of that item"),
            hint: Some("indent the dash like the one above".to_owned()),
        }
    }

    fn volumes(&mut self, node: &mut Node, node_path: NodePath<'_>) {
        let Value::Sequence(items) = &mut node.value else { return };
        let mut index = 0;
        items.retain_mut(|item| {
            index += 1;
            let Some(text) = item.as_str() else { return true };
            match mount::long_form(text, item.span) {
                Ok(value) => {
                    item.value = value;
                    true
                }
                Err(unread) => match deep_dash::inner_item(item, self.sources) {
                    Some(inner) => !self.refuse(self.deep_dash(inner), inner, node_path.index(index - 1)),
                    None => !self.refuse(unread, item.span, node_path.index(index - 1)),
                },
            }
        });
    }

    /// Converts `external: {name: N}`, the old form from before `name` and `external` could be used side by side.
    fn external(&mut self, node: &mut Node, node_path: NodePath<'_>) {
        let Some(resource) = node.as_mapping_mut() else { return };
        let Some(external) = resource.get_mut("external") else { return };
        let Value::Mapping(inner) = &mut external.value else { return };
        let span = external.span;
        let old_name = inner.remove("name");
        external.value = Value::Bool(true);
        let Some(old_name) = old_name else { return };
        let path = node_path.path().to_string();
        match resource.get("name") {
            Some(name) if name.value != old_name.value => {
                let unread = Unread {
                    problem: "`name` and `external.name` differ".to_owned(),
                    hint: Some("keep `name` and write `external: true`".to_owned()),
                };
                self.refuse(unread, old_name.span, node_path);
            }
            Some(_) => self.findings.warn(DeprecatedExternalName { path, span }),
            None => {
                resource.insert(Key { name: "name".to_owned(), span: old_name.span }, old_name);
                self.findings.warn(DeprecatedExternalName { path, span });
            }
        }
    }
}

fn items_mut(node: &mut Node) -> &mut [Node] {
    node.as_sequence_mut().map_or(&mut [], Vec::as_mut_slice)
}

fn string_to_list(node: &mut Node) {
    if let Value::String(text) = &mut node.value {
        let item = Node::string(std::mem::take(text), node.span);
        node.value = Value::Sequence(vec![item]);
    }
}

fn depends_on(node: &mut Node) {
    names_to_mapping(node, started);
    let Some(entries) = node.as_mapping_mut() else { return };
    for (key, dependency) in entries.values_mut() {
        let span = key.span.at_start();
        if let Some(dependency) = dependency.as_mapping_mut()
            && !dependency.contains("required")
        {
            dependency.insert(Key { name: "required".to_owned(), span }, Node::new(Value::Bool(true), span));
        }
    }
}

fn env_file(node: &mut Node) {
    string_to_list(node);
    for item in items_mut(node) {
        string_to_mapping(item, "path");
        let span = item.span.at_start();
        if let Some(file) = item.as_mapping_mut()
            && !file.contains("required")
        {
            file.insert(Key { name: "required".to_owned(), span }, Node::new(Value::Bool(true), span));
        }
    }
}
