//! The projects on an engine.

use std::collections::BTreeMap;

use super::Container;
use crate::project::label;

/// A project that has containers on the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedProject {
    /// Its name.
    pub name: String,
    /// The number of its containers by state.
    pub states: BTreeMap<&'static str, u32>,
    /// Its Compose files; `None` if a container does not tell.
    pub files: Option<Vec<String>>,
}

impl ListedProject {
    /// The projects that `containers` belong to, by name.
    #[must_use]
    pub fn of(containers: &[Container]) -> Vec<Self> {
        let mut projects: BTreeMap<&str, Vec<&Container>> = BTreeMap::new();
        for container in containers {
            if let Some(name) = container.labels.get(label::PROJECT) {
                projects.entry(name).or_default().push(container);
            }
        }
        projects.into_iter().map(|(name, containers)| Self::new(name, &containers)).collect()
    }

    fn new(name: &str, containers: &[&Container]) -> Self {
        let mut states = BTreeMap::new();
        for container in containers {
            *states.entry(container.state.as_str()).or_default() += 1;
        }
        Self { name: name.to_owned(), states, files: files(containers) }
    }
}

/// The files of all containers, each once.
fn files(containers: &[&Container]) -> Option<Vec<String>> {
    let mut files: Vec<String> = Vec::new();
    for container in containers {
        for file in container.labels.get(label::CONFIG_FILES)?.split(',') {
            if !files.iter().any(|known| known == file) {
                files.push(file.to_owned());
            }
        }
    }
    Some(files)
}
