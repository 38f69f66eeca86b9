//! The planner: tables of observed states and the plan text each one gives.

mod files;
mod simulate;
mod state;

mod builds;
mod containers;
mod converge;
mod data;
mod dependencies;
mod down;
mod existing;
mod images;
mod interrupted;
mod models;
mod one_off;
mod people;
mod plan_text;
mod refused;
mod resources;
mod rolling;
mod sharing;
mod taken;
mod transfers;

use std::sync::Arc;

use hoist::observed::Observed;
use hoist::plan::{Plan, UpOptions};
use hoist::project::Project;

/// One row: what is there, what is asked for, and the plan.
struct Case {
    name: &'static str,
    observed: Observed,
    options: UpOptions,
    plan: &'static str,
}

impl Case {
    fn new(name: &'static str, observed: impl Into<Observed>, plan: &'static str) -> Self {
        Self { name, observed: observed.into(), options: UpOptions::default(), plan }
    }

    fn with(mut self, options: UpOptions) -> Self {
        self.options = options;
        self
    }
}

fn check(project: &Arc<Project>, cases: impl IntoIterator<Item = Case>) {
    for case in cases {
        let plan = plan(project, &case.observed, &case.options);
        assert_eq!(plan.to_string(), case.plan, "{}\n{plan}", case.name);
    }
}

fn plan(project: &Arc<Project>, observed: &Observed, options: &UpOptions) -> Plan {
    hoist::plan::up(project, observed, options).unwrap_or_else(|error| panic!("no plan: {error}"))
}
