//! The container of `run`: created once everything that its service depends on is as it should be. It is started by
//! whoever is attached to it.

use std::sync::Arc;

use crate::plan::arrange::writer::PlanWriter;
use crate::plan::decide::when::When;
use crate::plan::{Action, ContainerSpec, OneOff, Reason, Replica};
use crate::project::label;

impl PlanWriter<'_, '_> {
    /// Creates the one-off, unless an earlier plan of this run did.
    pub(in crate::plan) fn one_off(&mut self, one_off: &OneOff) {
        let Some(service) = self.cx.project.services.get(&one_off.service) else { return };
        let ready = self.ready(service);
        let is_it =
            |labels: &std::collections::BTreeMap<String, String>| labels.get(label::SLUG) == Some(&one_off.slug);
        if self.cx.observed.containers.iter().any(|container| is_it(&container.labels)) {
            return;
        }
        let replica = Replica { service: one_off.service.clone(), number: 1 };
        let spec = self.bare_spec(service, replica, one_off.name.clone(), None, None);
        let spec = Arc::new(ContainerSpec { one_off: Some(one_off.clone()), ..spec });
        let mut after = self.before_create(service, &spec);
        after.extend(self.resources.models.of_service(service));
        let step = self.add(Action::CreateContainer(spec), Reason::OneOffAsked, &When::Always, after);
        self.after_all(step, &ready);
    }
}
