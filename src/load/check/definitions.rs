//! Looks up what the files define and the profiles enable.

use crate::diagnostic::suggest;
use crate::load::profiles::Profiles;
use crate::yaml::{Mapping, Node};

/// What the checks of one service need to know about the rest of the model.
pub(super) struct Definitions<'a> {
    pub model: &'a Mapping,
    pub services: &'a Mapping,
    pub active: &'a Profiles,
}

impl Definitions<'_> {
    /// Whether the files define the resource.
    pub(super) fn defines(&self, section: &str, name: &str) -> bool {
        self.section(section).is_some_and(|section| section.contains(name))
    }

    fn section(&self, section: &str) -> Option<&Mapping> {
        self.model.get(section).and_then(Node::as_mapping)
    }

    pub(super) fn closest(&self, section: &str, name: &str) -> Option<String> {
        let names = self.section(section)?.keys().filter(|known| *known != name);
        suggest::closest(name, names).map(str::to_owned)
    }

    /// The service, if it is enabled.
    pub(super) fn enabled(&self, name: &str) -> Option<&Mapping> {
        let service = self.services.get(name)?.as_mapping()?;
        self.active.enable(service).then_some(service)
    }
}
