//! What changed and the rules of a service in, what is to be done with its containers out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::rule::{Rule, Verdict};
use crate::project::WatchAction;

/// Where the path of a rule leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The path, as rules name it.
    pub(super) path: PathBuf,
    /// Where it leads, once links are followed.
    pub(super) real: PathBuf,
}

/// A file or folder that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// The path of a rule that it is at or below.
    pub(super) place: usize,
    /// The path below that; empty for itself.
    pub(super) relative: PathBuf,
    /// What it is, or was.
    pub(super) kind: Kind,
    /// What happened to it.
    pub(super) what: What,
}

/// What is at a path. Links are not followed: they count as files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A file or a link.
    File,
    /// A folder.
    Folder,
}

/// What happened to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// It is new, or has another content.
    Written,
    /// It is gone.
    Removed,
}

/// What is to be done with the containers of a service, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Actions {
    /// The image is built again, and the containers are replaced.
    pub(super) rebuild: bool,
    /// Files are removed and copied.
    pub(super) sync: Sync,
    /// The containers are restarted. Those that are replaced need that no more.
    pub(super) restart: bool,
    /// The commands of these rules run.
    pub(super) commands: BTreeSet<usize>,
}

/// What is to be removed and copied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Sync {
    /// By path in the container; it comes before the copies.
    pub(super) removed: BTreeMap<PathBuf, Removal>,
    /// The files here, by path in the container.
    pub(super) written: BTreeMap<PathBuf, PathBuf>,
}

/// How a path is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Removal {
    /// A file.
    File,
    /// A folder, if there is nothing left in it: what was not copied into it stays.
    IfEmpty,
    /// With all that is in it.
    All,
}

impl Actions {
    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        !self.rebuild && !self.restart && self.sync.is_empty() && self.commands.is_empty()
    }

    /// These, and what later changes mean: all that is done once.
    pub(super) fn followed_by(self, later: Self) -> Self {
        let rebuild = self.rebuild || later.rebuild;
        Self {
            rebuild,
            sync: self.sync.followed_by(later.sync),
            restart: !rebuild && (self.restart || later.restart),
            commands: self.commands.into_iter().chain(later.commands).collect(),
        }
    }
}

impl Sync {
    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.written.is_empty()
    }

    /// How many files and folders it is about.
    pub(super) fn len(&self) -> usize {
        let both = self.removed.keys().filter(|path| self.written.contains_key(*path)).count();
        self.removed.len() + self.written.len() - both
    }

    /// The part that is about these paths in the container, and the files here that are copied there.
    pub(super) fn only(mut self, is_meant: impl Fn(&Path, Option<&Path>) -> bool) -> Self {
        self.removed.retain(|path, _| is_meant(path, None));
        self.written.retain(|path, source| is_meant(path, Some(source)));
        self
    }

    /// What is to be done if this could not be done before `later`.
    pub(super) fn followed_by(mut self, later: Self) -> Self {
        self.written.retain(|path, _| {
            let gone = path.ancestors().any(|above| match later.removed.get(above) {
                Some(Removal::All) => true,
                Some(Removal::File | Removal::IfEmpty) => above == path,
                None => false,
            });
            !gone
        });
        for (path, removal) in later.removed {
            let strongest = self.removed.get(&path).map_or(removal, |earlier| removal.max(*earlier));
            self.removed.insert(path, strongest);
        }
        self.written.extend(later.written);
        self
    }
}

/// What `changes` mean. Those of a place come in the order of their paths: a folder before what is in it.
pub(super) fn decide(rules: &[Rule], places: &[Place], changes: &[Change]) -> Actions {
    let mut actions = Actions::default();
    for (index, rule) in rules.iter().enumerate() {
        let mut of_rule = OfRule { rule, index, actions: &mut actions, gone: None };
        for change in changes {
            let Some(place) = places.get(change.place).filter(|place| place.path == rule.path) else { continue };
            of_rule.add(&place.real, change);
        }
    }
    if actions.rebuild {
        actions.restart = false;
    }
    actions
}

/// What is copied once at the start: everything that rules with `initial_sync` are about, if `present` is all there is.
pub(super) fn initial(rules: &[Rule], places: &[Place], present: &[Change]) -> Sync {
    let rules: Vec<_> = rules.iter().filter(|rule| rule.initial_sync && rule.action.syncs()).cloned().collect();
    decide(&rules, places, present).sync
}

struct OfRule<'a> {
    rule: &'a Rule,
    index: usize,
    actions: &'a mut Actions,
    /// The path in the container of the last folder that is removed with all that is in it.
    gone: Option<PathBuf>,
}

impl OfRule<'_> {
    fn add(&mut self, real: &Path, change: &Change) {
        let Change { relative, kind, what, .. } = change;
        if self.rule.judge(real, relative) != Verdict::Takes {
            return;
        }
        match self.rule.action {
            WatchAction::Rebuild => self.actions.rebuild = true,
            WatchAction::Restart | WatchAction::SyncRestart => self.actions.restart = true,
            WatchAction::SyncExec => drop(self.actions.commands.insert(self.index)),
            WatchAction::Sync => {}
        }
        if !self.rule.copies(real, relative) {
            return;
        }
        let inside = self.rule.in_container(relative);
        match what {
            // What it is like is the image's business.
            What::Written if *kind == Kind::Folder && relative.as_os_str().is_empty() => {}
            What::Written => drop(self.actions.sync.written.insert(inside, real.join(relative))),
            What::Removed => self.remove(real, relative, *kind, inside),
        }
    }

    fn remove(&mut self, real: &Path, relative: &Path, kind: Kind, inside: PathBuf) {
        // A folder that others are copied into stays, as does what the image has there.
        let is_target = kind == Kind::Folder && relative.as_os_str().is_empty();
        if is_target || self.gone.as_ref().is_some_and(|gone| inside.starts_with(gone) && inside != *gone) {
            return;
        }
        let removal = match kind {
            Kind::File => Removal::File,
            Kind::Folder if self.rule.takes_all_inside(real, relative) => {
                self.gone = Some(inside.clone());
                Removal::All
            }
            Kind::Folder => Removal::IfEmpty,
        };
        let removal = self.actions.sync.removed.get(&inside).map_or(removal, |other| removal.min(*other));
        self.actions.sync.removed.insert(inside, removal);
    }
}

#[cfg(test)]
mod tests;
