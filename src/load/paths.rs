//! Relative paths in, paths below a folder out.
//!
//! The folder is absolute for the project. For files from `extends` or `include` it is the path from the project
//! directory to the other file, so that paths stay relative in a project that keeps them as written.

use std::path::{Path, PathBuf};

use crate::diagnostic::Explain;
use crate::load::findings::Findings;
use crate::load::node_path::NodePath;
use crate::load::rules::{PATH_RULES, PathKind, Rules};
use crate::source::{Span, clean, is_remote_context};
use crate::yaml::{Node, Value};

/// A bind mount without a source.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{path}` is a bind mount without a `source`")]
pub struct MissingSource {
    /// Dotted path of the mount.
    pub path: String,
    /// Where it is in the file.
    pub span: Span,
}

impl Explain for MissingSource {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }

    fn hint(&self) -> Option<String> {
        Some("give the folder or file on this machine as `source`".to_owned())
    }
}

/// A `~` without a home folder to put in its place.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the `~` of `{path}` stays as it is: `HOME` is not set")]
pub struct NoHome {
    /// The path as written.
    path: String,
    /// Where it is in the file.
    span: Span,
}

impl Explain for NoHome {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }

    fn hint(&self) -> Option<String> {
        Some("set `HOME`, or write the folder itself".to_owned())
    }
}

/// The base that paths are resolved against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base<'a> {
    /// The base directory for relative paths.
    pub folder: &'a str,
    /// The home folder, for `~`; without one, `~` is a name like any other.
    pub home: &'a str,
}

/// Resolves every relative path of the model against the folder of `base`.
pub(super) fn resolve(model: &mut Node, base: Base<'_>, findings: &mut Findings<MissingSource, NoHome>) {
    walk(model, &PATH_RULES, base, NodePath::Top, findings);
}

fn walk(
    node: &mut Node,
    rules: &Rules<PathKind>,
    base: Base<'_>,
    node_path: NodePath<'_>,
    findings: &mut Findings<MissingSource, NoHome>,
) {
    if let Some(kind) = rules.rule() {
        apply(kind, node, base, node_path, findings);
    }
    match &mut node.value {
        Value::Mapping(mapping) => {
            for (key, value) in mapping.values_mut() {
                if let Some(rules) = rules.key(&key.name) {
                    walk(value, rules, base, node_path.key(&key.name), findings);
                }
            }
        }
        Value::Sequence(items) => {
            if let Some(rules) = rules.item() {
                for (index, item) in items.iter_mut().enumerate() {
                    walk(item, rules, base, node_path.index(index), findings);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::String(_) => {}
    }
}

fn apply(
    kind: PathKind,
    node: &mut Node,
    base: Base<'_>,
    node_path: NodePath<'_>,
    findings: &mut Findings<MissingSource, NoHome>,
) {
    match kind {
        PathKind::Context => edit(node, base, findings, context),
        PathKind::Local => edit(node, base, findings, local),
        PathKind::AnyPlatform => edit(node, base, findings, any_platform),
        PathKind::Watched => edit(node, base, findings, |path, base| follow_first_link(&local(path, base))),
        PathKind::Mount => mount(node, base, node_path, findings),
        PathKind::VolumeDevice => volume_device(node, base, findings),
    }
}

fn edit(
    node: &mut Node,
    base: Base<'_>,
    findings: &mut Findings<MissingSource, NoHome>,
    change: impl FnOnce(&str, Base<'_>) -> String,
) {
    let span = node.span;
    if let Value::String(path) = &mut node.value {
        if path.starts_with('~') && base.home.is_empty() {
            findings.warn(NoHome { path: path.clone(), span });
        }
        *path = change(path, base);
    }
}

fn mount(node: &mut Node, base: Base<'_>, node_path: NodePath<'_>, findings: &mut Findings<MissingSource, NoHome>) {
    if node.get("type").and_then(Node::as_str) != Some("bind") {
        return;
    }
    let span = node.span;
    let Some(mount) = node.as_mapping_mut() else { return };
    match mount.get_mut("source") {
        Some(source) if source.as_str() != Some("") => edit(source, base, findings, any_platform),
        _ => {
            if let Some((section, name)) = node_path.resource() {
                findings.mark_broken(section, name);
            }
            findings.error(MissingSource { path: node_path.path().to_string(), span });
        }
    }
}

/// Resolves the device of a volume that is a bind mount of the local driver.
fn volume_device(node: &mut Node, base: Base<'_>, findings: &mut Findings<MissingSource, NoHome>) {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    if text(node, "driver").as_deref() != Some("local") {
        return;
    }
    let Some(options) = node.as_mapping_mut().and_then(|volume| volume.get_mut("driver_opts")) else { return };
    if text(options, "o").as_deref() != Some("bind") {
        return;
    }
    if let Some(device) = options.as_mapping_mut().and_then(|options| options.get_mut("device")) {
        edit(device, base, findings, any_platform);
    }
}

fn context(path: &str, base: Base<'_>) -> String {
    if is_remote_context(path) || path.starts_with("service:") {
        return path.to_owned();
    }
    let path = expand_home(path, base.home);
    if path.starts_with('/') { path } else { join(base.folder, &path) }
}

fn local(path: &str, base: Base<'_>) -> String {
    let path = expand_home(path, base.home);
    if path.is_empty() || path.starts_with('/') { path } else { join(base.folder, &path) }
}

fn any_platform(path: &str, base: Base<'_>) -> String {
    let path = expand_home(path, base.home);
    if path.starts_with('/') || is_windows_absolute(&path) { path } else { join(base.folder, &path) }
}

/// Replaces `~` with the home folder; in `~name` too, which becomes `name` in the home folder.
fn expand_home(path: &str, home: &str) -> String {
    match path.strip_prefix('~') {
        Some(rest) if !home.is_empty() => join(home, rest),
        Some(_) | None => path.to_owned(),
    }
}

/// A drive with a separator, a UNC path or a device.
fn is_windows_absolute(path: &str) -> bool {
    let bytes = path.as_bytes();
    let separator = |at: usize| matches!(bytes.get(at), Some(b'\\' | b'/'));
    let drive = bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':');
    drive && separator(2) || separator(0) && separator(1)
}

/// `path` below `folder`, cleaned.
pub(super) fn join(folder: &str, path: &str) -> String {
    match (folder, path) {
        ("", "") => String::new(),
        ("", path) => clean(path),
        (folder, "") => clean(folder),
        (folder, path) => clean(&format!("{folder}/{path}")),
    }
}

/// `path` below `folder`, cleaned; unchanged if it is absolute.
pub(super) fn join_unless_absolute(folder: &str, path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { join(folder, path) }
}

/// The relative path from the folder `from` to `to`, both absolute; `.` if they are the same.
pub(super) fn relative(from: &str, to: &str) -> String {
    let (from, to) = (clean(from), clean(to));
    let parts = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (parts(&from), parts(&to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - common);
    let way: Vec<&str> = up.chain(to[common..].iter().map(String::as_str)).collect();
    if way.is_empty() { ".".to_owned() } else { way.join("/") }
}

/// The path with its first symbolic link resolved.
fn follow_first_link(path: &str) -> String {
    let mut prefix = PathBuf::new();
    let mut parts = Path::new(path).components();
    while let Some(part) = parts.next() {
        prefix.push(part);
        if prefix.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink())
            && let Ok(target) = prefix.canonicalize()
        {
            return target.join(parts.as_path()).to_string_lossy().into_owned();
        }
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Base<'_> = Base { folder: "/srv/app", home: "/home/me" };

    #[test]
    fn ways_between_folders() {
        assert_eq!(relative("/a/b", "/a/b/c"), "c");
        assert_eq!(relative("/a/b", "/a/c"), "../c");
        assert_eq!(relative("/a", "/a"), ".");
        assert_eq!(relative("/", "/a/b"), "a/b");
    }

    #[test]
    fn contexts_that_are_no_folders_stay() {
        for path in ["https://x/y.git", "docker-image://a", "service:a", "git@x:y", "github.com/a/b"] {
            assert_eq!(context(path, BASE), path);
        }
        assert_eq!(context("../b", BASE), "/srv/b");
        assert_eq!(context("~/b", BASE), "/home/me/b");
    }

    #[test]
    fn absolute_paths_of_either_platform_stay() {
        for path in ["/a/../b", r"C:\a", "c:/a", r"\\server\share", r"\\.\pipe\x"] {
            assert_eq!(any_platform(path, BASE), path);
        }
        assert_eq!(any_platform("./a", BASE), "/srv/app/a");
        assert_eq!(any_platform("~me/a", BASE), "/home/me/me/a");
        let homeless = Base { home: "", ..BASE };
        assert_eq!(any_platform("~/a", homeless), "/srv/app/~/a", "not the root of this machine");
        assert_eq!(local("", BASE), "");
    }
}
