//! What the watched folders have in them, and what of it has changed: paths that may have changed in, changes out.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::burst::Dirty;
use super::decide::{Change, Kind, Place, What};
use super::files::Folders;
use super::rule::{Rule, Verdict};

/// Links that lead to links are followed that far.
const MOST_LINKS: usize = 10;

/// The files that a service's rules are about.
pub(super) struct Tree {
    folders: Arc<dyn Folders>,
    rules: Vec<Rule>,
    places: Vec<Watched>,
}

/// The path of a rule and what is there.
struct Watched {
    place: Place,
    /// The rules with this path.
    rules: Vec<usize>,
    /// Everything at and below it, by relative path.
    entries: BTreeMap<PathBuf, Stamp>,
    /// What of it cannot be watched as it should be, and why.
    troubles: Troubles,
}

/// Paths that are not watched, and why; `None` if they are not there yet.
type Troubles = BTreeMap<PathBuf, Option<String>>;

/// Why something is not watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// What it is about.
    pub(super) path: PathBuf,
    /// Why; `None` if it is not there yet.
    pub(super) reason: Option<String>,
}

/// What tells one content of a path from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stamp {
    Folder,
    File { written: Option<SystemTime>, length: u64, mode: u32, number: u64 },
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        if metadata.is_dir() {
            return Self::Folder;
        }
        let (mode, number) = mode_and_number(metadata);
        Self::File { written: metadata.modified().ok(), length: metadata.len(), mode, number }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Folder => Kind::Folder,
            Self::File { .. } => Kind::File,
        }
    }
}

#[cfg(unix)]
fn mode_and_number(metadata: &Metadata) -> (u32, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.mode(), metadata.ino())
}

#[cfg(not(unix))]
fn mode_and_number(_: &Metadata) -> (u32, u64) {
    (0, 0)
}

/// What is new.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What changed.
    pub(super) changes: Vec<Change>,
    /// What cannot be watched now, and could before.
    pub(super) troubles: Vec<Trouble>,
}

impl Tree {
    /// A tree that nothing is known of yet.
    pub(super) fn new(rules: Vec<Rule>, folders: Arc<dyn Folders>) -> Self {
        let mut places: Vec<Watched> = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            match places.iter_mut().find(|watched| watched.place.path == rule.path) {
                Some(watched) => watched.rules.push(index),
                None => places.push(Watched {
                    place: Place { path: rule.path.clone(), real: rule.path.clone() },
                    rules: vec![index],
                    entries: BTreeMap::new(),
                    troubles: Troubles::new(),
                }),
            }
        }
        Self { folders, rules, places }
    }

    /// The rules.
    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Where their paths lead.
    pub(super) fn places(&self) -> Vec<Place> {
        self.places.iter().map(|watched| watched.place.clone()).collect()
    }

    /// Judges by other rules, whose paths are the same.
    pub(super) fn set_rules(&mut self, rules: Vec<Rule>) {
        let mut fresh = Self::new(rules, self.folders.clone());
        for watched in &mut fresh.places {
            if let Some(old) = self.places.iter_mut().find(|old| old.place.path == watched.place.path) {
                watched.place = old.place.clone();
                watched.entries = std::mem::take(&mut old.entries);
                watched.troubles = std::mem::take(&mut old.troubles);
            }
        }
        *self = fresh;
    }

    /// Whether a change of this path may matter.
    pub(super) fn concerns(&self, path: &Path) -> bool {
        self.places.iter().any(|watched| match watched.below(path) {
            Some(relative) => self.verdict(watched, relative) != Verdict::Ignores,
            None => watched.is_way_to(path),
        })
    }

    /// Looks at what may have changed.
    pub(super) fn look(&mut self, dirty: &Dirty) -> Seen {
        let mut seen = Seen::default();
        for index in 0..self.places.len() {
            self.look_at(index, dirty, &mut seen);
        }
        seen
    }

    /// Everything that is there.
    pub(super) fn present(&self) -> Vec<Change> {
        let entries = self.places.iter().enumerate().flat_map(|(place, watched)| {
            watched.entries.iter().map(move |(relative, stamp)| Change {
                place,
                relative: relative.clone(),
                kind: stamp.kind(),
                what: What::Written,
            })
        });
        entries.collect()
    }

    fn look_at(&mut self, index: usize, dirty: &Dirty, seen: &mut Seen) {
        let watched = &self.places[index];
        let paths = match dirty {
            Dirty::Some(paths) if !paths.iter().any(|path| watched.is_way_to(path)) => {
                let mut inside: Vec<PathBuf> =
                    paths.iter().filter_map(|path| watched.below(path)).map(Path::to_owned).collect();
                // What is in a folder that is looked at is looked at with it.
                inside.sort();
                inside.dedup_by(|path, above| path.starts_with(&*above));
                Some(inside)
            }
            Dirty::Some(_) | Dirty::All => None,
        };
        let mut troubles = Troubles::new();
        if let Some(paths) = paths {
            for relative in paths {
                let watched = &self.places[index];
                if relative.ancestors().all(|folder| self.verdict(watched, folder) != Verdict::Ignores) {
                    self.compare(index, &relative, &mut troubles, seen);
                    let watched = &mut self.places[index];
                    let path = watched.place.real.join(&relative);
                    watched.troubles.retain(|other, _| !other.starts_with(&path) || troubles.contains_key(other));
                }
            }
        } else {
            let real = self.arrive(index, &mut troubles);
            self.places[index].place.real = real;
            self.compare(index, Path::new(""), &mut troubles, seen);
            self.places[index].troubles.retain(|path, _| troubles.contains_key(path));
        }
        for (path, reason) in troubles {
            let known = self.places[index].troubles.insert(path.clone(), reason.clone());
            if known.as_ref() != Some(&reason) {
                seen.troubles.push(Trouble { path, reason });
            }
        }
    }

    /// Where the path leads now; whatever is on the way is listened to, so that it is heard when that changes.
    fn arrive(&self, index: usize, troubles: &mut Troubles) -> PathBuf {
        let mut path = self.places[index].place.path.clone();
        for _ in 0..MOST_LINKS {
            let mut folder = path.parent();
            while let Some(above) = folder {
                if above.is_dir() {
                    self.listen(above, troubles);
                    break;
                }
                folder = above.parent();
            }
            let Ok(target) = fs::read_link(&path) else { break };
            path = super::super::copy::cleaned(&path.parent().unwrap_or(Path::new("/")).join(target));
        }
        if let Err(error) = fs::symlink_metadata(&path) {
            let reason = (error.kind() != io::ErrorKind::NotFound).then(|| error.to_string());
            troubles.insert(self.places[index].place.path.clone(), reason);
        }
        path
    }

    fn listen(&self, folder: &Path, troubles: &mut Troubles) {
        if let Err(reason) = self.folders.listen(folder)
            && folder.is_dir()
        {
            troubles.insert(folder.to_owned(), Some(reason));
        }
    }

    /// Compares what is at and below a path with what was there.
    fn compare(&mut self, index: usize, relative: &Path, troubles: &mut Troubles, seen: &mut Seen) {
        let now = self.walk(index, relative, troubles);
        let entries = &mut self.places[index].entries;
        let before: Vec<PathBuf> = at(entries, relative).map(|(path, _)| path).collect();
        let change = |relative: PathBuf, kind, what| Change { place: index, relative, kind, what };
        for path in before {
            let Some(old) = entries.get(&path).copied() else { continue };
            if now.get(&path).is_none_or(|new| new.kind() != old.kind()) {
                entries.remove(&path);
                seen.changes.push(change(path, old.kind(), What::Removed));
            }
        }
        for (path, stamp) in now {
            if entries.insert(path.clone(), stamp) != Some(stamp) {
                seen.changes.push(change(path, stamp.kind(), What::Written));
            }
        }
    }

    /// Everything at and below a path that a rule is about, or may be about. What cannot be looked at stays as it was.
    fn walk(&self, index: usize, relative: &Path, troubles: &mut Troubles) -> BTreeMap<PathBuf, Stamp> {
        let mut found = BTreeMap::new();
        let mut open = vec![relative.to_owned()];
        while let Some(relative) = open.pop() {
            let watched = &self.places[index];
            if self.verdict(watched, &relative) == Verdict::Ignores {
                continue;
            }
            let path = if relative.as_os_str().is_empty() {
                watched.place.real.clone()
            } else {
                watched.place.real.join(&relative)
            };
            let metadata = match fs::symlink_metadata(&path) {
                Ok(metadata) => metadata,
                Err(error) => {
                    if !is_absence(&error) {
                        found.extend(watched.known_at(&relative));
                        troubles.entry(path).or_insert_with(|| Some(error.to_string()));
                    }
                    continue;
                }
            };
            let stamp = Stamp::of(&metadata);
            if stamp == Stamp::Folder {
                // First this: what comes into it from now on is heard.
                self.listen(&path, troubles);
                match fs::read_dir(&path) {
                    Ok(entries) => open.extend(entries.flatten().map(|entry| relative.join(entry.file_name()))),
                    Err(error) if is_absence(&error) => continue,
                    Err(error) => {
                        found.extend(watched.known_at(&relative));
                        troubles.insert(path, Some(error.to_string()));
                    }
                }
            }
            found.insert(relative, stamp);
        }
        found
    }

    /// What the rules of a place think of a path together.
    fn verdict(&self, watched: &Watched, relative: &Path) -> Verdict {
        let mut verdict = Verdict::Ignores;
        for rule in watched.rules.iter().filter_map(|index| self.rules.get(*index)) {
            match rule.judge(&watched.place.real, relative) {
                Verdict::Takes => return Verdict::Takes,
                Verdict::Inside => verdict = Verdict::Inside,
                Verdict::Ignores => {}
            }
        }
        verdict
    }
}

impl Watched {
    /// The part of a path below this one, if it is there.
    fn below<'a>(&self, path: &'a Path) -> Option<&'a Path> {
        path.strip_prefix(&self.place.real).ok()
    }

    /// What was at and below a path when it was last looked at.
    fn known_at(&self, relative: &Path) -> impl Iterator<Item = (PathBuf, Stamp)> {
        at(&self.entries, relative)
    }

    /// Whether a path is on the way to this one, or this one itself: what it leads to may be something else now.
    fn is_way_to(&self, path: &Path) -> bool {
        let Place { path: own, real } = &self.place;
        own.starts_with(path) || real.starts_with(path)
    }
}

/// What is at and below a path.
fn at(entries: &BTreeMap<PathBuf, Stamp>, relative: &Path) -> impl Iterator<Item = (PathBuf, Stamp)> {
    let from = entries.range(relative.to_owned()..).map(|(path, stamp)| (path.clone(), *stamp));
    from.take_while(move |(path, _)| path.starts_with(relative))
}

/// Whether nothing is there; what cannot be looked at may still be.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests;
