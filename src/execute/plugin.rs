//! Plugins of the Docker command line: programs named `docker-…` in folders of their own.

use std::path::PathBuf;

use crate::project::{ProgramPaths, Project};
use crate::registry::plugin_folders;

/// The plugin with this name, searched as Docker does: in the folders that its configuration adds, then the user's own,
/// then those for all users.
pub(super) fn find(project: &Project, name: &str) -> Option<PathBuf> {
    if !is_name(name) {
        return None;
    }
    let program = format!("docker-{name}{}", std::env::consts::EXE_SUFFIX);
    plugin_folders(project.programs.docker_config.as_deref())
        .map(|folder| folder.join(&program))
        .find(|program| program.is_file())
}

/// The variables that a program gets: those of the project, as in Docker Compose; variables that control how programs
/// run only come from this process's own environment.
pub(super) fn variables(project: &Project) -> impl Iterator<Item = (&String, &String)> {
    let steering = &project.programs.steering;
    project.environment.iter().filter(|(name, _)| !ProgramPaths::is_steering(name)).chain(steering)
}

/// Whether a word from the files can be a program's name, rather than a path or a flag.
pub(super) fn is_name(word: &str) -> bool {
    let odd = |character: char| matches!(character, '/' | '\\') || character.is_control();
    !word.is_empty() && !word.starts_with(['-', '.']) && !word.contains(odd)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_program_is_named_and_not_pointed_at() {
        for name in ["model", "my-provider", "a.b"] {
            assert!(is_name(name), "{name}");
        }
        for other in ["", "../x", "/bin/sh", "a/b", "..", "-x", ".hidden", "a\u{1b}b", "a\\b"] {
            assert!(!is_name(other), "{other}");
            assert_eq!(find(&Project::default(), other), None);
        }
    }

    #[test]
    fn no_file_steers_programs() {
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>()
        };
        let process = pairs(&[("PATH", "/bin"), ("DOCKER_HOST", "unix:///own")]);
        let merged = [("LD_PRELOAD", "./x.so"), ("BASH_ENV", "x"), ("DOCKER_CONTEXT", "theirs"), ("REGION", "eu")];
        let project = Project {
            environment: process.clone().into_iter().chain(pairs(&merged)).collect(),
            programs: ProgramPaths::of(&process),
            ..Project::default()
        };
        let given: BTreeMap<_, _> = variables(&project).map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected = [("DOCKER_HOST", "unix:///own"), ("PATH", "/bin"), ("REGION", "eu")];
        assert_eq!(given, BTreeMap::from(expected));
    }
}
