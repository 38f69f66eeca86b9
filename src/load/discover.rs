//! Finds the project's files: those named, those in `COMPOSE_FILE`, or those found in the current folder or a parent
//! (Compose spec: `03-compose-file.md`); and its name (`04-version-and-name.md`).

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::file::pattern_hint;
use super::file_name::{closest_file, is_yaml};
use super::request::Request;
use crate::diagnostic::Explain;
use crate::source::{Remote, Span};

pub use super::file_name::{FILE_NAMES, OVERRIDE_NAMES};

/// One Compose file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComposeFile {
    /// A file, by its absolute path.
    Path(PathBuf),
    /// `-`: standard input.
    Stdin,
}

/// The location of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// Its files, in the order they are merged.
    pub files: Vec<ComposeFile>,
    /// The base directory for relative paths, absolute.
    pub project_directory: PathBuf,
    /// Warnings about possible mistakes.
    pub warnings: Vec<DiscoverWarning>,
}

/// Why the files could not be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoverError {
    /// No file was given, and none found.
    #[error("no configuration file provided: not found")]
    NothingFound {
        /// Where the search started.
        from: PathBuf,
        /// Files with a similar name.
        similar: Vec<PathBuf>,
    },
    /// A given file does not exist.
    #[error("{} {}: no such file or directory", if *named_by == "COMPOSE_FILE" { "stat" } else { "open" }, path.display())]
    Missing {
        /// Its path.
        path: PathBuf,
        /// What named it: `--file` or `COMPOSE_FILE`.
        named_by: &'static str,
        /// The file in the same folder with the closest name.
        closest: Option<String>,
    },
    /// A given file is a folder.
    #[error("{} is a directory, not a file", path.display())]
    Directory {
        /// Its path.
        path: PathBuf,
        /// What named it: `--file` or `COMPOSE_FILE`.
        named_by: &'static str,
    },
    /// A given file is a git repository or an OCI artifact.
    #[error("remote Compose files are not supported yet: `{reference}`")]
    Remote {
        /// As written.
        reference: String,
        /// Which of the two.
        kind: Remote,
    },
}

impl Explain for DiscoverError {
    fn span(&self) -> Option<Span> {
        None
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NothingFound { similar, .. } if !similar.is_empty() => {
                Some(format!("name the file: `-f {}`", similar[0].display()))
            }
            Self::NothingFound { from, .. } => {
                let above = if from.parent().is_some() { " and the folders above" } else { "" };
                Some(format!(
                    "there is no `compose.yaml` in {}{above}; use `-f` to select another file",
                    from.display()
                ))
            }
            Self::Missing { path, named_by, closest } => Some(match (pattern_hint(path), closest) {
                (Some(hint), _) => hint,
                (None, Some(name)) => format!("did you mean `{name}`?"),
                (None, None) => format!("the path comes from {named_by} and is relative to the current folder"),
            }),
            Self::Directory { path, .. } => {
                let inside = FILE_NAMES.iter().map(|name| path.join(name)).find(|path| path.is_file());
                inside.map(|path| format!("name a file inside it: `{}`", path.display()))
            }
            Self::Remote { kind, .. } => Some(kind.instead().to_owned()),
        }
    }
}

/// A result of the search that may be unintended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoverWarning {
    /// A folder has several candidates.
    #[error("found multiple config files with supported names: {}", names(.candidates))]
    Several {
        /// All of them; the first is used.
        candidates: Vec<PathBuf>,
    },
    /// The one that is used.
    #[error("using {}", path.display())]
    Using {
        /// Its path.
        path: PathBuf,
    },
}

impl Explain for DiscoverWarning {
    fn span(&self) -> Option<Span> {
        None
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Several { .. } => Some("keep one of them, or select one with `-f`".to_owned()),
            Self::Using { .. } => None,
        }
    }
}

fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Finds the files of the project.
///
/// # Errors
///
/// One error for every given file that is not a readable file, or one if no file was given and none found.
pub fn discover(request: &Request, environment: &Environment) -> Result<Discovery, Vec<DiscoverError>> {
    let (named, named_by) = if request.files.is_empty() {
        (from_variable(environment), "COMPOSE_FILE")
    } else {
        (request.files.clone(), "--file")
    };
    let mut warnings = Vec::new();
    let files = if named.is_empty() {
        search(&request.starting_dir(), &mut warnings).map_err(|error| vec![error])?
    } else {
        resolve_named(request, &named, named_by)?
    };
    let project_directory = match &request.project_directory {
        Some(directory) => request.absolute(directory),
        None => first_directory(&files).unwrap_or_else(|| request.current_dir.clone()),
    };
    Ok(Discovery { files, project_directory, warnings })
}

/// The items of `COMPOSE_FILE`.
fn from_variable(environment: &Environment) -> Vec<String> {
    let Some(list) = environment.get("COMPOSE_FILE").filter(|list| !list.is_empty()) else { return Vec::new() };
    let platform = if cfg!(windows) { ";" } else { ":" };
    let separator = environment.get("COMPOSE_PATH_SEPARATOR").filter(|text| !text.is_empty()).unwrap_or(platform);
    // `git@host:path` and `https://…` have colons of their own.
    if Remote::of(list).is_some() {
        return vec![list.to_owned()];
    }
    list.split(separator).map(str::to_owned).collect()
}

fn first_directory(files: &[ComposeFile]) -> Option<PathBuf> {
    files.iter().find_map(|file| match file {
        ComposeFile::Path(path) => path.parent().map(Path::to_path_buf),
        ComposeFile::Stdin => None,
    })
}

fn resolve_named(
    request: &Request,
    named: &[String],
    named_by: &'static str,
) -> Result<Vec<ComposeFile>, Vec<DiscoverError>> {
    let mut files = Vec::with_capacity(named.len());
    let mut errors = Vec::new();
    for name in named {
        if name == "-" {
            files.push(ComposeFile::Stdin);
        } else if let Some(kind) = Remote::of(name) {
            errors.push(DiscoverError::Remote { reference: name.clone(), kind });
        } else {
            let path = request.absolute(name);
            if path.is_dir() {
                errors.push(DiscoverError::Directory { path, named_by });
            } else if path.exists() {
                files.push(ComposeFile::Path(path));
            } else {
                let closest = closest_file(&path);
                errors.push(DiscoverError::Missing { path, named_by, closest });
            }
        }
    }
    if errors.is_empty() { Ok(files) } else { Err(errors) }
}

/// The main file and its override, from `start` upwards.
fn search(start: &Path, warnings: &mut Vec<DiscoverWarning>) -> Result<Vec<ComposeFile>, DiscoverError> {
    let found = start.ancestors().map(|folder| (folder, candidates(folder, &FILE_NAMES)));
    let Some((folder, main)) = found.into_iter().find(|(_, found)| !found.is_empty()) else {
        return Err(DiscoverError::NothingFound { from: start.to_path_buf(), similar: similar(start) });
    };
    let over = candidates(folder, &OVERRIDE_NAMES);
    let mut files = Vec::new();
    for candidates in [main, over] {
        let Some(first) = candidates.first().cloned() else { continue };
        if candidates.len() > 1 {
            warnings.push(DiscoverWarning::Several { candidates });
            warnings.push(DiscoverWarning::Using { path: first.clone() });
        }
        files.push(ComposeFile::Path(first));
    }
    Ok(files)
}

fn candidates(folder: &Path, names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(|name| folder.join(name)).filter(|path| path.exists()).collect()
}

/// YAML files in `folder` whose names suggest Compose.
fn similar(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.contains("compose") && is_yaml(name))
        .map(PathBuf::from)
        .collect();
    found.sort();
    found
}

/// Possible sources of the project name; the first that exists wins.
#[derive(Debug, Clone, Copy, Default)]
pub struct NameSources<'a> {
    /// `--project-name`.
    pub flag: Option<&'a str>,
    /// `COMPOSE_PROJECT_NAME`.
    pub variable: Option<&'a str>,
    /// The top-level `name` of the last file that has one, expanded.
    pub file: Option<&'a str>,
    /// The project directory.
    pub directory: Option<&'a Path>,
}

/// Why there is no valid project name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectNameError {
    /// A name with a character that is not allowed.
    #[error(
        "invalid project name {name:?}: must consist only of lowercase alphanumeric characters, hyphens, and \
         underscores as well as start with a letter or number"
    )]
    Invalid {
        /// The name as given.
        name: String,
        /// What gave it: `--project-name` or `COMPOSE_PROJECT_NAME`.
        given_by: &'static str,
    },
    /// No source gives a name, or its text has no character that is allowed in a name.
    #[error("project name must not be empty")]
    Empty {
        /// The project directory.
        directory: Option<PathBuf>,
    },
}

impl Explain for ProjectNameError {
    fn span(&self) -> Option<Span> {
        None
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Invalid { name, given_by } => {
                let better = normalize_name(name);
                if better.is_empty() {
                    format!("the name comes from {given_by}")
                } else {
                    format!("the name comes from {given_by}; `{better}` would be valid")
                }
            }
            Self::Empty { directory: Some(directory) } => {
                format!(
                    "no valid name can be derived from the folder {}; set one with `-p` or `name:`",
                    directory.display()
                )
            }
            Self::Empty { directory: None } => "set one with `-p` or `name:`".to_owned(),
        })
    }
}

/// The project's name. From the flag or the variable it must be valid as is; from the file or the folder it is
/// converted by [`normalize_name`].
///
/// # Errors
///
/// If the flag or the variable is not a valid name, or there is no name at all.
pub fn project_name(sources: NameSources<'_>) -> Result<String, ProjectNameError> {
    let given = |name: Option<&str>, given_by| match name.filter(|name| !name.is_empty()) {
        Some(name) if is_name(name) => Ok(Some(name.to_owned())),
        Some(name) => Err(ProjectNameError::Invalid { name: name.to_owned(), given_by }),
        None => Ok(None),
    };
    if let Some(name) = given(sources.flag, "--project-name")? {
        return Ok(name);
    }
    if let Some(name) = given(sources.variable, "COMPOSE_PROJECT_NAME")? {
        return Ok(name);
    }
    let folder = || sources.directory?.file_name().map(|name| name.to_string_lossy().into_owned());
    let raw = sources.file.filter(|name| !name.is_empty()).map(str::to_owned).or_else(folder).unwrap_or_default();
    let name = normalize_name(&raw);
    if name.is_empty() {
        return Err(ProjectNameError::Empty { directory: sources.directory.map(Path::to_path_buf) });
    }
    Ok(name)
}

/// Whether `name` can be the name of a project: `[a-z0-9][a-z0-9_-]*`.
#[must_use]
pub fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
}

/// `text` in lower case without the characters that are not allowed in a name.
///
/// ```
/// use hoist::load::discover::normalize_name;
/// assert_eq!(normalize_name("My.Proj"), "myproj");
/// assert_eq!(normalize_name("_-Foo"), "foo");
/// ```
#[must_use]
pub fn normalize_name(text: &str) -> String {
    let kept: String = text
        .to_lowercase()
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
        .collect();
    kept.trim_start_matches(['_', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::environment::Findings;
    use crate::source::SourceMap;

    struct Scene {
        root: tempfile::TempDir,
        request: Request,
    }

    impl Scene {
        fn new(files: &[&str]) -> Self {
            let root = tempfile::tempdir().expect("a folder");
            for path in files {
                let path = root.path().join(path);
                std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
                std::fs::write(path, "").expect("a file");
            }
            let request = Request { current_dir: root.path().to_path_buf(), ..Request::default() };
            Self { root, request }
        }

        fn with(mut self, name: &str, value: &str) -> Self {
            self.request.process.insert(name.to_owned(), value.to_owned());
            self
        }

        fn from(mut self, directory: &str) -> Self {
            self.request.current_dir = self.root.path().join(directory);
            self
        }

        fn named(mut self, files: &[&str]) -> Self {
            self.request.files = files.iter().map(|file| (*file).to_owned()).collect();
            self
        }

        fn discover(&self) -> Result<Discovery, Vec<DiscoverError>> {
            let environment = Environment::begin(&self.request, &mut SourceMap::default(), &mut Findings::default());
            discover(&self.request, &environment)
        }

        /// Files and project directory, relative to the test's root.
        fn found(&self) -> String {
            let found = self.discover().expect("files are found");
            let relative =
                |path: &Path| path.strip_prefix(self.root.path()).expect("in the scene").display().to_string();
            let files: Vec<_> = found
                .files
                .iter()
                .map(|file| match file {
                    ComposeFile::Path(path) => relative(path),
                    ComposeFile::Stdin => "-".to_owned(),
                })
                .collect();
            format!("{} in {} ({})", files.join(" "), relative(&found.project_directory), found.warnings.len())
        }
    }

    #[test]
    fn search() {
        for (scene, expected) in [
            (Scene::new(&["compose.yaml"]), "compose.yaml in  (0)"),
            (Scene::new(&["docker-compose.yaml", "docker-compose.yml"]), "docker-compose.yml in  (2)"),
            (
                Scene::new(&["compose.yml", "docker-compose.override.yml"]),
                "compose.yml docker-compose.override.yml in  (0)",
            ),
            (Scene::new(&["a/compose.yaml", "a/b/c/x"]).from("a/b/c"), "a/compose.yaml in a (0)"),
            (Scene::new(&["compose.yaml", "sub/compose.override.yml"]).from("sub"), "compose.yaml in  (0)"),
        ] {
            assert_eq!(scene.found(), expected);
        }
    }

    #[test]
    fn named_files() {
        let files = &["one.yaml", "two.yaml", "base/compose.yaml", "compose.override.yml", "sub/x"];
        for (scene, expected) in [
            (Scene::new(files).named(&["one.yaml", "two.yaml"]), "one.yaml two.yaml in  (0)"),
            (Scene::new(files).named(&["base/compose.yaml", "one.yaml"]), "base/compose.yaml one.yaml in base (0)"),
            (Scene::new(files).named(&["-", "base/compose.yaml"]), "- base/compose.yaml in base (0)"),
            (Scene::new(files).named(&["-"]).from("sub"), "- in sub (0)"),
            (Scene::new(files).named(&["../one.yaml"]).from("sub"), "one.yaml in  (0)"),
            (Scene::new(files).with("COMPOSE_FILE", "one.yaml:two.yaml"), "one.yaml two.yaml in  (0)"),
            (
                Scene::new(files).with("COMPOSE_FILE", "one.yaml,two.yaml").with("COMPOSE_PATH_SEPARATOR", ","),
                "one.yaml two.yaml in  (0)",
            ),
            (Scene::new(files).with("COMPOSE_FILE", "one.yaml").named(&["two.yaml"]), "two.yaml in  (0)"),
        ] {
            assert_eq!(scene.found(), expected);
        }
        let mut scene = Scene::new(&["compose.yaml", "sub/deep/x"]);
        scene.request.project_directory = Some(PathBuf::from("sub/deep"));
        assert_eq!(scene.found(), "compose.yaml in sub/deep (0)");
    }

    #[test]
    fn failures() {
        let errors = |scene: Scene| {
            let errors = scene.discover().expect_err("it fails");
            errors
                .iter()
                .map(|error| format!("{error} | {}", error.hint().unwrap_or_default()))
                .map(|text| text.replace(&scene.root.path().display().to_string(), "ROOT"))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            errors(Scene::new(&["my-compose.yml"])),
            ["no configuration file provided: not found | name the file: `-f my-compose.yml`"]
        );
        assert_eq!(
            errors(Scene::new(&["compose.yaml", "dir/compose.yml"]).named(&["compose.yml", "dir", "oci://x/y"])),
            [
                "open ROOT/compose.yml: no such file or directory | did you mean `compose.yaml`?",
                "ROOT/dir is a directory, not a file | name a file inside it: `ROOT/dir/compose.yml`",
                "remote Compose files are not supported yet: `oci://x/y` | \
                 fetch the artifact with another tool and name the file in it",
            ]
        );
        assert_eq!(
            errors(Scene::new(&["one.yaml"]).with("COMPOSE_FILE", "one.yaml:zzz")),
            ["stat ROOT/zzz: no such file or directory | \
              the path comes from COMPOSE_FILE and is relative to the current folder"]
        );
    }

    #[test]
    fn names() {
        let directory = Some(Path::new("/srv/My.App_dir-1"));
        let name = |flag, variable, file| {
            project_name(NameSources { flag, variable, file, directory }).map_err(|error| error.to_string())
        };
        assert_eq!(name(Some("flag"), Some("variable"), Some("given")), Ok("flag".to_owned()));
        assert_eq!(name(None, Some("variable"), Some("given")), Ok("variable".to_owned()));
        assert_eq!(name(None, Some(""), Some("given")), Ok("given".to_owned()));
        assert_eq!(name(None, None, Some("My.App Name!")), Ok("myappname".to_owned()));
        assert_eq!(name(None, None, Some("")), Ok("myapp_dir-1".to_owned()));
        assert_eq!(name(Some("007"), None, None), Ok("007".to_owned()));
        for bad in ["My.App", "-x", "_x", "Upper", "a b", "a/b", "é"] {
            assert!(name(Some(bad), None, None).is_err(), "{bad}");
            assert!(name(None, Some(bad), None).is_err(), "{bad}");
        }
        for unusable in ["/", "/srv/__"] {
            let sources = NameSources { directory: Some(Path::new(unusable)), ..NameSources::default() };
            assert_eq!(
                project_name(sources).map_err(|error| error.to_string()),
                Err("project name must not be empty".to_owned())
            );
        }
    }
}
