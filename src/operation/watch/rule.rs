//! The rules of `develop.watch`: which files a rule is about.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::project::value::path_pattern::Patterns;
use crate::project::{Hook, ServiceName, WatchAction};

/// Names of files that editors and tools make while they work, and of folders that are nobody's source: Docker's
/// patterns for one name.
const TEMPORARY: [&str; 12] = [
    "*___jb_old___",
    "*___jb_tmp___",
    ".#*",
    "#*#",
    "4913",
    "*~",
    ".*.swp",
    ".*.swx",
    ".*.swo",
    ".*.swn",
    ".*.kate-swp",
    "*-go-tmp-umask",
];
/// Folders that are nobody's source.
const FOLDERS: [&str; 2] = [".git", ".idea"];

/// The rules of a service.
#[derive(Debug, Clone)]
pub(super) struct ServiceRules {
    /// The service.
    pub(super) service: ServiceName,
    /// Its rules, in order.
    pub(super) rules: Vec<Rule>,
    /// Files whose change may change the rules: those that list what a build ignores.
    pub(super) ignore_files: Vec<PathBuf>,
}

/// A rule, ready to judge paths.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// The file or folder it is about, as the files name it.
    pub(super) path: PathBuf,
    /// What a change of it means.
    pub(super) action: WatchAction,
    /// Where it is in the container; set for all actions that sync.
    pub(super) target: Option<String>,
    /// The files that count, relative to `path`; all without a pattern.
    pub(super) include: Option<Patterns>,
    /// The files that do not, relative to `path`.
    pub(super) ignore: Patterns,
    /// What the build of the service ignores.
    pub(super) build: Option<Arc<BuildFiles>>,
    /// Files that are never copied: those that define the project and the image. They count as changes still.
    pub(super) definitions: Arc<[PathBuf]>,
    /// Names that are always ignored.
    pub(super) temporary: Arc<Temporary>,
    /// The command of `sync+exec`.
    pub(super) exec: Hook,
    /// Whether everything is copied once at the start.
    pub(super) initial_sync: bool,
}

/// The context of a build, and what the build ignores of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BuildFiles {
    /// The folder.
    pub(super) context: PathBuf,
    /// The patterns of the ignore file that counts.
    pub(super) ignored: Patterns,
    /// The Dockerfile, and the ignore files: ignored or not, their change changes the image.
    pub(super) dockerfile: Vec<PathBuf>,
}

/// Names that are always ignored.
#[derive(Debug, Clone)]
pub(super) struct Temporary(Patterns);

impl Default for Temporary {
    fn default() -> Self {
        Self(Patterns::parse(&TEMPORARY).expect("they are patterns"))
    }
}

impl Temporary {
    /// Whether one of the names on the way to a file is.
    fn takes(&self, relative: &Path) -> bool {
        relative.iter().any(|name| {
            let name = name.to_string_lossy();
            FOLDERS.contains(&&*name) || self.0.matches_whole(&name)
        })
    }
}

/// What a rule thinks of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is about it.
    Takes,
    /// It is not, but it may be about something inside.
    Inside,
    /// It is about neither.
    Ignores,
}

impl Rule {
    /// Whether the rule is about the path that is `relative` to its own. `real` is where its own path leads.
    pub(super) fn judge(&self, real: &Path, relative: &Path) -> Verdict {
        let absolute = real.join(relative);
        if self.defines_image(&absolute, relative) {
            return Verdict::Takes;
        }
        if self.temporary.takes(relative) {
            return Verdict::Ignores;
        }
        let path = text(relative);
        if !path.is_empty() && self.ignore.matches_whole(&path) {
            return if self.ignore.may_take_back_inside(&path) { Verdict::Inside } else { Verdict::Ignores };
        }
        if let Some(build) = &self.build
            && let Some(inside) = build.relative(&absolute)
            && build.ignored.matches_whole(&inside)
        {
            let may = build.ignored.may_take_back_inside(&inside) || build.holds_definition(&absolute);
            return if may { Verdict::Inside } else { Verdict::Ignores };
        }
        match &self.include {
            Some(include) if !path.is_empty() && !include.matches_whole(&path) => {
                if include.may_match_inside(&path) {
                    Verdict::Inside
                } else {
                    Verdict::Ignores
                }
            }
            Some(_) if path.is_empty() && !self.action.syncs() => Verdict::Inside,
            Some(_) | None => Verdict::Takes,
        }
    }

    /// Whether it takes everything inside a folder that it takes.
    pub(super) fn takes_all_inside(&self, real: &Path, relative: &Path) -> bool {
        let path = text(relative);
        let build = self.build.as_ref().is_none_or(|build| {
            build.relative(&real.join(relative)).is_none_or(|inside| !build.ignored.may_match_inside(&inside))
        });
        self.include.is_none() && build && !self.ignore.may_match_inside(&path)
    }

    /// Whether it copies the file at this path, if it is about it.
    pub(super) fn copies(&self, real: &Path, relative: &Path) -> bool {
        let absolute = real.join(relative);
        let defines = self.definitions.contains(&absolute)
            || self.build.as_ref().is_some_and(|build| build.dockerfile.contains(&absolute));
        self.action.syncs() && !defines
    }

    /// The path in the container.
    pub(super) fn in_container(&self, relative: &Path) -> PathBuf {
        let target = Path::new(self.target.as_deref().unwrap_or("/"));
        if relative.as_os_str().is_empty() { target.to_owned() } else { target.join(relative) }
    }

    /// Whether a path says how the image is built; only rules that rebuild care.
    fn defines_image(&self, absolute: &Path, relative: &Path) -> bool {
        self.action == WatchAction::Rebuild
            && !self.ignore.matches_whole(&text(relative))
            && self.build.as_ref().is_some_and(|build| build.dockerfile.iter().any(|file| file == absolute))
    }
}

impl BuildFiles {
    /// A path as patterns of the context see it; `None` if it is not in the context, or the context itself.
    fn relative(&self, absolute: &Path) -> Option<String> {
        let inside = absolute.strip_prefix(&self.context).ok()?;
        Some(text(inside)).filter(|inside| !inside.is_empty())
    }

    fn holds_definition(&self, folder: &Path) -> bool {
        self.dockerfile.iter().any(|file| file.starts_with(folder))
    }
}

/// A relative path as patterns see it.
fn text(relative: &Path) -> String {
    let text = relative.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' { text.into_owned() } else { text.replace(std::path::MAIN_SEPARATOR, "/") }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A rule with these patterns; the context of the build is `/p`.
    pub(in super::super) fn rule(
        action: WatchAction,
        path: &str,
        include: &[&str],
        ignore: &[&str],
        build: &[&str],
    ) -> Rule {
        let parse = |patterns: &[&str]| Patterns::parse(patterns).expect("patterns");
        Rule {
            path: path.into(),
            action,
            target: action.syncs().then(|| "/app".to_owned()),
            include: Some(parse(include)).filter(|patterns| !patterns.is_empty()),
            ignore: parse(ignore),
            build: Some(Arc::new(BuildFiles {
                context: "/p".into(),
                ignored: parse(build),
                dockerfile: vec!["/p/Dockerfile".into(), "/p/.dockerignore".into()],
            })),
            definitions: Arc::new(["/p/compose.yaml".into()]),
            temporary: Arc::default(),
            exec: Hook::default(),
            initial_sync: false,
        }
    }

    #[test]
    fn a_rule_is_about_what_its_patterns_say() {
        use Verdict::{Ignores, Inside, Takes};
        type Case = (&'static [&'static str], &'static [&'static str], &'static [&'static str], &'static str, Verdict);
        let cases: &[Case] = &[
            (&[], &[], &[], "a", Takes),
            (&[], &[], &[], "a/b~", Ignores),
            (&[], &[], &[], ".git/HEAD", Ignores),
            (&[], &[], &[], "a/.git", Ignores),
            (&[], &[], &[], ".gitignore", Takes),
            (&[], &[], &[], ".x.swp", Ignores),
            (&[], &[], &[], "x/4913", Ignores),
            (&[], &["node_modules/"], &[], "node_modules/x/y", Ignores),
            (&[], &["node_modules/"], &[], "node_modules", Ignores),
            (&[], &["node_modules/"], &[], "a/node_modules", Takes),
            (&[], &["**/node_modules"], &[], "a/node_modules/b", Ignores),
            (&[], &["*"], &[], "a", Ignores),
            (&[], &["*", "!a"], &[], "a/b", Takes),
            (&[], &["d", "!d/keep"], &[], "d", Inside),
            (&[], &["d", "!d/keep"], &[], "d/keep/x", Takes),
            (&["**/*.js"], &[], &[], "a/b.js", Takes),
            (&["**/*.js"], &[], &[], "a/b.ts", Inside),
            (&["src"], &[], &[], "src/x", Takes),
            (&["src"], &[], &[], "lib/x", Ignores),
            (&["src"], &["src/x"], &[], "src/x", Ignores),
            // The context is above the rule's folder.
            (&[], &[], &["r/dist"], "dist/x", Ignores),
            (&[], &[], &["dist"], "dist/x", Takes),
            (&[], &[], &["*", "!r/src"], "src/x", Takes),
            (&[], &[], &["*", "!r/src"], "lib/x", Ignores),
        ];
        for (include, ignore, build, path, expected) in cases {
            let rule = rule(WatchAction::Sync, "/p/r", include, ignore, build);
            let judged = rule.judge(Path::new("/p/r"), Path::new(path));
            assert_eq!(judged, *expected, "{include:?} {ignore:?} {build:?}: {path}");
        }
    }

    #[test]
    fn what_defines_the_image_rebuilds_it_though_it_is_ignored_and_is_never_copied() {
        let judge = |action, path: &str| {
            let rule = rule(action, "/p", &[], &[], &["Dockerfile", ".dockerignore", "x"]);
            (
                rule.judge(Path::new("/p"), Path::new(path)) == Verdict::Takes,
                rule.copies(Path::new("/p"), Path::new(path)),
            )
        };
        assert_eq!(judge(WatchAction::Rebuild, "Dockerfile"), (true, false));
        assert_eq!(judge(WatchAction::Rebuild, ".dockerignore"), (true, false));
        assert_eq!(judge(WatchAction::Rebuild, "x"), (false, false));
        assert_eq!(judge(WatchAction::Rebuild, "compose.yaml"), (true, false));
        assert_eq!(judge(WatchAction::Sync, "Dockerfile"), (false, false));
        assert_eq!(judge(WatchAction::Sync, "compose.yaml"), (true, false));
        assert_eq!(judge(WatchAction::Sync, "y"), (true, true));
    }
}
