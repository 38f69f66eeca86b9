//! Plugins of the Docker command line: programs named `docker-…` in folders of their own.

use std::path::PathBuf;

use crate::project::{ProgramPaths, Project};
use crate::registry::{config_folder, plugin_folders};

/// The plugin with this name, searched as Docker does: in the folders that its configuration adds, then the user's own,
/// then those for all users.
pub(super) fn find(project: &Project, name: &str) -> Option<PathBuf> {
    if !is_name(name) {
        return None;
    }
    let program = format!("docker-{name}{}", std::env::consts::EXE_SUFFIX);
    let steering = &project.programs.steering;
    let folder = config_folder(|name| steering.get(name).cloned());
    plugin_folders(folder.as_deref()).map(|folder| folder.join(&program)).find(|program| program.is_file())
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
    use std::path::Path;

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
    fn plugins_are_found_in_the_configuration_of_the_process() {
        let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
        for folder in &folders {
            let plugins = folder.path().join("cli-plugins");
            std::fs::create_dir(&plugins).expect("a folder");
            let program = format!("docker-hoist-test{}", std::env::consts::EXE_SUFFIX);
            std::fs::write(plugins.join(program), "").expect("a file");
        }
        let [own, theirs] = &folders;
        let variables =
            |folder: &Path| BTreeMap::from([("DOCKER_CONFIG".to_owned(), folder.to_str().expect("a text").to_owned())]);
        let mut project = Project { environment: variables(theirs.path()), ..Project::default() };
        assert_eq!(find(&project, "hoist-test"), None, "the project's variables do not count");
        project.programs = ProgramPaths::of(&variables(own.path()));
        let found = find(&project, "hoist-test").expect("a plugin");
        assert!(found.starts_with(own.path()), "{}", found.display());
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
