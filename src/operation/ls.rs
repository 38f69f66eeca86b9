//! `ls`: lists the projects on an engine.

use regex::bytes::{Regex, RegexBuilder};

use super::OperationError;
use crate::engine::{ContainerStates, Engine};
use crate::observed::ListedProject;

/// Lists the projects that have containers on the engine.
#[derive(Debug, Clone, Default)]
pub struct Ls {
    /// The states of the containers that count.
    pub states: ContainerStates,
    /// Filters of the name, one of which has to match; all projects if there are none.
    pub names: Vec<NameFilter>,
}

/// A filter of names: the name itself, or a regular expression that matches part of it.
#[derive(Debug, Clone)]
pub struct NameFilter {
    name: String,
    /// None if it is not a regular expression.
    pattern: Option<Regex>,
}

impl NameFilter {
    /// The filter that `text` means. One that is not a regular expression matches only itself.
    #[must_use]
    pub fn new(text: &str) -> Self {
        // As in Go, classes such as `\w` mean ASCII.
        let pattern = RegexBuilder::new(text).unicode(false).build().ok();
        Self { name: text.to_owned(), pattern }
    }

    fn matches(&self, name: &str) -> bool {
        self.name == name || self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(name.as_bytes()))
    }
}

impl Ls {
    /// The projects, sorted by name.
    ///
    /// # Errors
    ///
    /// If the engine does not answer.
    pub async fn list<E: Engine>(&self, engine: &E) -> Result<Vec<ListedProject>, OperationError> {
        let containers = engine.containers_of_all_projects(self.states).await?;
        let mut projects = ListedProject::of(&containers);
        projects.retain(|project| self.names.is_empty() || self.names.iter().any(|name| name.matches(&project.name)));
        Ok(projects)
    }
}
