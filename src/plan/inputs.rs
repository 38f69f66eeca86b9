//! The inputs of every decision of `up`.

use std::sync::Arc;

use super::{StartContainers, UpOptions};
use crate::observed::Observed;
use crate::project::Project;

/// The inputs of every decision.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub(super) project: &'a Arc<Project>,
    pub(super) observed: &'a Observed,
    pub(super) options: &'a UpOptions,
}

impl Inputs<'_> {
    /// Whether containers are started.
    pub(super) fn starts(&self) -> bool {
        self.options.start == StartContainers::Yes
    }
}
