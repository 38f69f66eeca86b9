//! What `up`, `create` and `plan` have in common: from files to a plan, and from the plan to the end of the run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::run::{self, Ready};
use crate::cli::args::UpPlanArgs;
use crate::cli::confirm::confirm;
use crate::cli::context::Context;
use crate::cli::{Failure, output, settings};
use crate::engine::docker::Docker;
use crate::engine::{Engine, EngineError, ObserveQuery};
use crate::execute::{Conflict, model};
use crate::load::{self, Loaded};
use crate::observed::{ContainerId, Observed};
use crate::plan::{self, Plan, StartContainers, UpOptions};
use crate::project::Project;
use crate::render::Hidden;
use crate::source::SourceMap;

/// How long a run waits before it looks again when somebody else changed the project meanwhile, in milliseconds: the
/// engine lists what it is making only once it is made.
const PAUSES: [u64; 6] = [50, 100, 200, 400, 800, 1600];

/// What is left of the attempts of a run to come through beside somebody else's.
pub(super) struct Attempts {
    pauses: std::array::IntoIter<u64, 6>,
    /// Whether the same was done again although nothing had changed that can be seen.
    repeated: bool,
}

impl Default for Attempts {
    fn default() -> Self {
        Self { pauses: PAUSES.into_iter(), repeated: false }
    }
}

/// What is to come up, where, and how.
pub(super) struct Goal {
    project: Arc<Project>,
    sources: SourceMap,
    engine: Docker,
    options: UpOptions,
    hidden: Hidden,
    /// The containers that were there before the command.
    before: BTreeSet<ContainerId>,
}

/// Reads the files for the services that the arguments name.
pub(super) fn load(args: &UpPlanArgs, context: &Context) -> Result<Loaded, Failure> {
    // What makes no sense is said before anything is read.
    settings::check_up(args)?;
    settings::progress_mode(context)?;
    let mut options = settings::load_options(context, &args.services);
    if args.no_deps {
        settings::without_dependencies(&mut options);
    }
    output::load(&options, context)
}

/// Reads the files for the services that the arguments name; there has to be one.
pub(super) fn load_some(args: &UpPlanArgs, context: &Context) -> Result<Loaded, Failure> {
    let loaded = load(args, context)?;
    if loaded.project.services.is_empty() && !context.global.all_resources {
        return settings::usage(&format!("no service selected{}", profiles_hint(&loaded.project)));
    }
    Ok(loaded)
}

/// Which profiles enable services, where all are disabled.
fn profiles_hint(project: &Project) -> String {
    let profiles: BTreeSet<_> = project.disabled.values().flat_map(|service| &service.profiles).collect();
    if profiles.is_empty() {
        return String::new();
    }
    let profiles: Vec<_> = profiles.into_iter().map(String::as_str).collect();
    format!(
        "\nhint: every service has a profile and none is active; enable one with --profile NAME (available: {})",
        profiles.join(", ")
    )
}

/// Observes, asks what has to be asked, and plans.
pub(super) async fn prepare(
    args: &UpPlanArgs,
    context: &Context,
    loaded: Loaded,
    engine: Docker,
) -> Result<(Goal, Ready), Failure> {
    let mut options = settings::up_options(args, context, &loaded.project.environment)?;
    options.contents = load::contents(&loaded.project);
    if engine.is_local() {
        options.missing_files = load::missing_files(&loaded.project);
    }
    let project = Arc::new(loaded.project);
    let hidden = Hidden { layers: args.converge.quiet_pull, builds: args.quiet_build };
    let mut goal = Goal { project, sources: loaded.sources, engine, options, hidden, before: BTreeSet::new() };
    let mut observed = goal.observe(context).await?;
    goal.before = observed.containers.iter().map(|container| container.id.clone()).collect();
    goal.ask(args, context, &observed)?;
    goal.look_at_recreated_volumes(&mut observed).await?;
    let mut ready = goal.plan(&observed, context)?;
    if context.global.dry_run && goal.look_closer(&ready, &mut observed).await? {
        ready = goal.plan(&observed, context)?;
    }
    output::plan_warnings(&ready.plan, Some((&goal.project, &goal.sources)), context)?;
    Ok((goal, ready))
}

/// Carries a plan out. What fails because somebody else changes the project at the same time is looked at and planned
/// again, a few times.
pub(super) async fn carry_out(goal: &Goal, mut ready: Ready, context: &Context) -> Result<(), Failure> {
    let mut attempts = Attempts::default();
    loop {
        let failure = match run::carry_out(&ready, context, "up").await {
            Err(failure @ Failure::Run { conflict: Some(_), .. }) => failure,
            ended => return ended,
        };
        let Failure::Run { conflict: Some(conflict), .. } = &failure else { return Err(failure) };
        match goal.after_conflict(&ready.plan, conflict, &mut attempts, context).await? {
            Some(next) => ready = next,
            None => return Err(failure),
        }
    }
}

impl Goal {
    async fn observe(&self, context: &Context) -> Result<Observed, Failure> {
        let look = async { Ok(self.engine.observe(ObserveQuery::for_up(&self.project, &self.options)).await?) };
        // What is wrong with the engine is said first: what serves models may need it.
        let models = async { Ok::<_, Failure>(model::look(&self.project).await) };
        let (mut observed, models) = futures::future::try_join(look, models).await?;
        observed.models = models
            .map_err(|error| Failure::Plan(output::model_error(&error, &self.project, &self.sources, context)))?;
        let changed: Vec<_> =
            plan::changed_networks(&self.project, &observed).into_iter().map(|network| network.id.clone()).collect();
        for network in observed.networks.iter_mut().filter(|network| changed.contains(&network.id)) {
            network.visitors = self.engine.network_visitors(network.id.clone(), self.project.name.to_string()).await?;
        }
        if self.options.start == StartContainers::Yes {
            observed.started = self.starts(&observed).await?;
        }
        Ok(observed)
    }

    /// Looks for the containers of others that mount the volumes whose recreation was agreed to.
    async fn look_at_recreated_volumes(&self, observed: &mut Observed) -> Result<(), Failure> {
        let changed = plan::changed_volumes(&self.project, observed).into_iter();
        let agreed = changed.filter(|(key, _)| self.options.recreate_volumes.contains(*key));
        let names: Vec<_> = agreed.map(|(_, volume)| volume.name.clone()).collect();
        for volume in observed.volumes.iter_mut().filter(|volume| names.contains(&volume.name)) {
            volume.visitors = self.engine.volume_visitors(volume.name.clone(), self.project.name.to_string()).await?;
        }
        Ok(())
    }

    /// When the containers started of which that has to be known. The engine's list does not tell.
    async fn starts(&self, observed: &Observed) -> Result<BTreeMap<ContainerId, i128>, Failure> {
        let looks = plan::namespace_sharers(&self.project, observed).into_iter().map(async |id| {
            match self.engine.inspect_container(id.clone()).await {
                Ok(details) => Ok(details.started_at.map(|at| (id.clone(), at))),
                // Gone since the list was made: the plan finds out.
                Err(EngineError::NotFound(_)) => Ok(None),
                Err(error) => Err(error),
            }
        });
        Ok(futures::future::try_join_all(looks).await?.into_iter().flatten().collect())
    }

    /// What is left to do after a run that failed with a conflict; nothing, where the same would fail again.
    pub(super) async fn after_conflict(
        &self,
        failed: &Plan,
        conflict: &Conflict,
        attempts: &mut Attempts,
        context: &Context,
    ) -> Result<Option<Ready>, Failure> {
        while let Some(pause) = attempts.pauses.next() {
            let next = self.look_again(pause, context).await?;
            if !next.plan.repeats(failed, &conflict.steps) {
                return Ok(Some(next));
            }
            if !conflict.may_pass {
                return Ok(None);
            }
            // Once at once, and once at the end; looking shows nothing to the user.
            if !std::mem::replace(&mut attempts.repeated, true) || attempts.pauses.len() == 0 {
                return Ok(Some(next));
            }
        }
        Ok(None)
    }

    /// What is left to do after so many milliseconds. What the command made in the meantime is not made again.
    async fn look_again(&self, pause: u64, context: &Context) -> Result<Ready, Failure> {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let mut observed = self.observe(context).await?;
        self.look_at_recreated_volumes(&mut observed).await?;
        let ids = observed.containers.iter().map(|container| &container.id);
        let newer = ids.filter(|id| !self.before.contains(*id)).cloned().collect();
        let ready = self.plan_with(&UpOptions { newer, ..self.options.clone() }, &observed, context)?;
        Ok(Ready { again: true, ..ready })
    }

    /// Looks at what the containers were made with whose definition changed, so that a plan that is only shown tells old
    /// values too. Whether there were any.
    async fn look_closer(&self, ready: &Ready, observed: &mut Observed) -> Result<bool, Failure> {
        let looks = plan::redefined(&ready.plan).map(async |id| {
            let definition = self.engine.definition(id.clone()).await?;
            Ok::<_, EngineError>(definition.map(|definition| (id.clone(), definition)))
        });
        let definitions = futures::future::try_join_all(looks).await?;
        observed.definitions.extend(definitions.into_iter().flatten());
        Ok(!observed.definitions.is_empty())
    }

    /// Volumes whose definition changed lose their data only if the user says so.
    fn ask(&mut self, args: &UpPlanArgs, context: &Context, observed: &Observed) -> Result<(), Failure> {
        let mut agreed = Vec::new();
        for (key, volume) in plan::changed_volumes(&self.project, observed) {
            let question = format!(
                "Volume \"{}\" exists but doesn't match configuration in compose file. Recreate (data will be lost)?",
                volume.name
            );
            // A dry run asks nothing, and shows what happens after a no.
            if args.converge.yes || (!context.global.dry_run && confirm(&question, context.terminals)?) {
                agreed.push(key.clone());
            }
        }
        self.options.recreate_volumes.extend(agreed);
        Ok(())
    }

    fn plan(&self, observed: &Observed, context: &Context) -> Result<Ready, Failure> {
        self.plan_with(&self.options, observed, context)
    }

    fn plan_with(&self, options: &UpOptions, observed: &Observed, context: &Context) -> Result<Ready, Failure> {
        let plan = plan::up(&self.project, observed, options)
            .map_err(|error| Failure::Plan(output::plan_error(&error, &self.project, &self.sources, context)))?;
        Ok(Ready {
            project: self.project.clone(),
            sources: self.sources.clone(),
            engine: self.engine.clone(),
            observed: observed.clone(),
            plan: Arc::new(plan),
            hidden: self.hidden,
            again: false,
        })
    }
}
