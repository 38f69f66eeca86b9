//! What every decision of `up` looks at.

use std::sync::Arc;

use super::{StartContainers, UpOptions};
use crate::observed::Observed;
use crate::project::Project;

/// What every decision looks at.
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
