//! Which files of a folder the engine requests: the patterns of its request in, a decision for each path out.

use std::collections::BTreeSet;
use std::path::Path;

use crate::project::value::path_pattern::{BadPattern, Glob, Matched, Patterns};
use crate::source::clean;

/// Decides which paths of a folder to send.
#[derive(Debug, Default)]
pub(super) struct Filter {
    include: Option<Patterns>,
    exclude: Option<Patterns>,
}

/// The state that a folder passes on to the paths inside it.
#[derive(Debug, Clone, Default)]
pub(super) struct Inherited {
    include: Option<Matched>,
    exclude: Option<Matched>,
}

/// The decision about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is sent.
    Send,
    /// It is not sent, but something inside it may be.
    Descend,
    /// Neither it nor anything inside it is sent.
    Skip,
}

impl Filter {
    /// Parses the patterns of a request. `follow` has paths whose symbolic links are followed within `root`, so that
    /// both link and target are included.
    ///
    /// # Errors
    ///
    /// [`BadPattern`] for a text that is not a pattern.
    pub(super) fn new(
        root: &Path,
        include: &[String],
        exclude: &[String],
        follow: &[String],
    ) -> Result<Self, BadPattern> {
        let mut wanted = Some(include.to_vec());
        if !follow.is_empty() {
            let mut all: BTreeSet<String> = include.iter().cloned().collect();
            all.extend(follow_links(root, follow));
            wanted = without_nested(all);
        }
        let not_empty = |patterns: Patterns| Some(patterns).filter(|patterns| !patterns.is_empty());
        Ok(Self {
            include: not_empty(Patterns::parse(&wanted.unwrap_or_default())?),
            exclude: not_empty(Patterns::parse(exclude)?),
        })
    }

    /// Decides about a path, given the state from its folder.
    pub(super) fn decide(&self, path: &str, is_folder: bool, parent: &Inherited) -> (Decision, Inherited) {
        let mut inherited = Inherited::default();
        let mut decision = Decision::Send;
        if let Some(include) = &self.include {
            let (matched, state) = include.matches(path, parent.include.as_ref());
            inherited.include = Some(state);
            if !matched {
                if !is_folder || !include.may_match_inside(path) {
                    return (Decision::Skip, inherited);
                }
                decision = Decision::Descend;
            }
        }
        if let Some(exclude) = &self.exclude {
            let (matched, state) = exclude.matches(path, parent.exclude.as_ref());
            inherited.exclude = Some(state);
            if matched {
                if !is_folder || !exclude.may_take_back_inside(path) {
                    return (Decision::Skip, inherited);
                }
                decision = Decision::Descend;
            }
        }
        (decision, inherited)
    }
}

/// Removes paths inside other paths; `None` if one is the root, so that everything is wanted.
fn without_nested(paths: BTreeSet<String>) -> Option<Vec<String>> {
    let mut kept: Vec<String> = Vec::new();
    for path in paths {
        if path == "." {
            return None;
        }
        let nested = |outer: &String| path.strip_prefix(outer.as_str()).is_some_and(|rest| rest.starts_with('/'));
        if !kept.iter().any(nested) {
            kept.push(path);
        }
    }
    Some(kept)
}

/// The paths, with every symbolic link on the way and its target. Links never lead out of the folder: absolute targets
/// are relative to its root.
fn follow_links(root: &Path, paths: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<String> = paths.iter().map(|path| rooted(path)).collect();
    while let Some(path) = open.pop() {
        let mut current = String::from(".");
        let mut rest = path.as_str();
        loop {
            let (name, after) = rest.split_once('/').unwrap_or((rest, ""));
            current = if current == "." { clean(name) } else { format!("{current}/{name}") };
            let targets = link_targets(root, &current);
            if after.is_empty() || !targets.is_empty() {
                // A link that is visited again on the way to another path is followed too; the very same path is not.
                let known = !found.insert(current.clone());
                if !known || !after.is_empty() {
                    let next = targets.iter().map(|target| rooted(&format!("{target}/{after}")));
                    open.extend(next.filter(|next| !found.contains(next) && open_limit(&found)));
                }
                break;
            }
            rest = after;
        }
    }
    found
}

/// Links can form growing cycles; no sensible context has this many.
fn open_limit(found: &BTreeSet<String>) -> bool {
    found.len() < 10_000
}

/// A path relative to the root of the folder, without a leading slash; `.` for the root itself.
fn rooted(path: &str) -> String {
    let cleaned = clean(&format!("/{path}"));
    let relative = cleaned.trim_start_matches('/');
    if relative.is_empty() { ".".to_owned() } else { relative.to_owned() }
}

/// The targets of the links that match a path, whose last component may have wildcards.
fn link_targets(root: &Path, path: &str) -> Vec<String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if !has_wildcards(name) {
        return link_target(root, folder, name).into_iter().collect();
    }
    let Some(glob) = Glob::parse(name) else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(root.join(folder)) else { return Vec::new() };
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    names.iter().filter(|name| glob.matches(name)).filter_map(|name| link_target(root, folder, name)).collect()
}

fn link_target(root: &Path, folder: &str, name: &str) -> Option<String> {
    let target = std::fs::read_link(root.join(folder).join(name)).ok()?;
    let target = target.to_str()?.replace(std::path::MAIN_SEPARATOR, "/");
    Some(if target.starts_with('/') { target } else { format!("/{folder}/{target}") })
}

fn has_wildcards(name: &str) -> bool {
    let mut rest = name.chars();
    while let Some(next) = rest.next() {
        match next {
            '\\' => {
                rest.next();
            }
            '*' | '?' | '[' => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    #[cfg(unix)]
    fn links_are_followed_inside_the_folder() {
        let folder = tempfile::tempdir().expect("folder");
        let link = |target: &str, name: &str| {
            std::os::unix::fs::symlink(target, folder.path().join(name)).expect("link");
        };
        std::fs::create_dir_all(folder.path().join("real/deep")).expect("folders");
        std::fs::write(folder.path().join("real/deep/file"), "x").expect("file");
        link("real", "soft");
        link("/real/deep", "absolute");
        link("../../../etc/passwd", "outside");
        link("circle-b", "circle-a");
        link("circle-a", "circle-b");
        let cases: &[(&[&str], &[&str])] = &[
            (&["soft/deep/file"], &["real/deep/file", "soft"]),
            (&["absolute"], &["absolute", "real/deep"]),
            (&["outside"], &["etc/passwd", "outside"]),
            (&["circle-a"], &["circle-a", "circle-b"]),
            (&["s*"], &["real", "s*"]),
            (&["missing/x"], &["missing/x"]),
            (&["/soft"], &["real", "soft"]),
        ];
        for (paths, expected) in cases {
            let found: Vec<String> = follow_links(folder.path(), &strings(paths)).into_iter().collect();
            assert_eq!(found, strings(expected), "{paths:?}");
        }
    }

    #[test]
    fn the_root_among_the_paths_means_everything() {
        let filter = Filter::new(Path::new("/nowhere"), &[], &[], &strings(&["a", "."])).expect("filter");
        assert_eq!(filter.decide("z", false, &Inherited::default()).0, Decision::Send);
        let filter = Filter::new(Path::new("/nowhere"), &[], &[], &strings(&["a"])).expect("filter");
        assert_eq!(filter.decide("z", false, &Inherited::default()).0, Decision::Skip);
        assert_eq!(filter.decide("a", true, &Inherited::default()).0, Decision::Send);
    }

    #[test]
    fn paths_inside_others_are_not_named_twice() {
        let paths = strings(&["a", "a/b", "a.txt", "c"]).into_iter().collect();
        assert_eq!(without_nested(paths), Some(strings(&["a", "a.txt", "c"])));
    }
}
