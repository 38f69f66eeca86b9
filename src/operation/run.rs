//! `run`: a container for one command. A plan creates it with everything its service needs; here it is started, attached
//! to the terminal or not.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::attach::pass_signals;
use super::converge::RunSettings;
use super::interactive::{AtInputEnd, Conversation, Parted, Terminal};
use super::{DetachKeys, OperationError};
use crate::engine::{AttachSpec, ContainerEnd, Engine, EngineError, ObserveQuery, WaitFor};
use crate::event::{Events, RunFailure, StepError};
use crate::execute::execute;
use crate::observed::ContainerId;
use crate::plan::{
    Action, AnonymousVolumes, ContainerRef, ContainerSpec, Handle, OneOffEnd, Plan, PlanBuilder, Reason, Step,
};
use crate::project::{Service, label};

/// The container of `run`, created and not started.
#[derive(Debug, Clone)]
pub struct OneOffContainer {
    id: ContainerId,
    spec: Arc<ContainerSpec>,
}

impl OneOffContainer {
    /// The container that `plan` was carried out for.
    ///
    /// # Errors
    ///
    /// If the engine does not answer, or somebody has removed the container.
    pub async fn find<E: Engine>(plan: &Plan, engine: &E) -> Result<Self, OperationError> {
        let created = plan.steps().find_map(|(_, step)| {
            let Action::CreateContainer(spec) = &step.action else { return None };
            spec.one_off.is_some().then(|| spec.clone())
        });
        let gone = |name: &str| OperationError::Engine(EngineError::NotFound(format!("no such container: {name}")));
        let spec = created.ok_or_else(|| gone("of run"))?;
        let slug = spec.one_off.as_ref().map(|one_off| &one_off.slug);
        let observed = engine.observe(ObserveQuery::containers_of(spec.project.name.as_str())).await?;
        let is_it = |labels: &std::collections::BTreeMap<String, String>| labels.get(label::SLUG) == slug;
        let found = observed.containers.into_iter().find(|container| is_it(&container.labels));
        Ok(Self { id: found.ok_or_else(|| gone(&spec.name))?.id, spec })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &ContainerId {
        &self.id
    }

    fn service(&self) -> Option<&Service> {
        self.spec.project.services.get(&self.spec.replica.service)
    }

    fn is_removed_at_end(&self) -> bool {
        self.spec.one_off.as_ref().is_some_and(|one_off| one_off.at_end == OneOffEnd::Remove)
    }

    /// Starts it, with the files it gets and the hooks after its start.
    ///
    /// # Errors
    ///
    /// If the engine refuses to start it, or a hook fails.
    pub async fn start<E: Engine>(&self, engine: &E) -> Result<(), OperationError> {
        let container =
            ContainerRef { replica: None, name: self.spec.name.clone(), handle: Handle::Existing(self.id.clone()) };
        let action = Action::StartContainer { container, spec: Some(self.spec.clone()) };
        let mut builder = PlanBuilder::default();
        builder.add(Step { action, reason: Reason::Created, guard: None }, []);
        let plan = Arc::new(builder.build());
        // What has to be said about it is said by the command's own output.
        let (events, _) = Events::channel();
        let settings = RunSettings::default().of(&self.spec.project);
        let outcome = execute(&plan, engine, &events, &CancellationToken::new(), &settings).await;
        let started = outcome.into_result(&plan);
        if let Err(failure) = &started
            && !is_about_a_hook(failure)
            && self.is_removed_at_end()
        {
            // Not every engine removes what never ran.
            let _ = engine.remove_container(self.id.clone(), AnonymousVolumes::Remove).await;
        }
        Ok(started?)
    }

    /// Starts it with the terminal attached, passes signals on, and returns its exit status; 0 if the user leaves it.
    ///
    /// # Errors
    ///
    /// If it cannot be attached to or started, the connection is lost, or the terminal cannot be used. A hook that fails
    /// counts only if the command succeeds.
    pub async fn attached<E: Engine, T: Terminal>(
        &self,
        engine: &E,
        terminal: &mut T,
        keys: &DetachKeys,
    ) -> Result<i64, OperationError> {
        let signals = terminal.signals();
        let talk = self.talk(engine, terminal, keys);
        tokio::select! {
            status = talk => status,
            () = pass_signals(engine, &self.id, signals, true) => Err(OperationError::Interrupted),
        }
    }

    async fn talk<E: Engine, T: Terminal>(
        &self,
        engine: &E,
        terminal: &mut T,
        keys: &DetachKeys,
    ) -> Result<i64, OperationError> {
        let (tty, stdin) = self.service().map_or((false, false), |service| (service.tty, service.stdin_open));
        let attach = AttachSpec { terminal: tty, stdin, detach_keys: tty.then(|| keys.to_string()) };
        let until = if self.is_removed_at_end() { WaitFor::Removed } else { WaitFor::NextExit };
        // Both come before the start, so that nothing is missed.
        let end: ContainerEnd = engine.wait_container(self.id.clone(), until).await?;
        let connection = engine.connect(self.id.clone(), attach).await?;
        let conversation = Conversation { terminal: tty, keys: keys.clone(), at_input_end: AtInputEnd::Close };
        let resize = async |size| engine.resize_container(self.id.clone(), size).await;
        let mut talk = Box::pin(conversation.hold(connection, terminal, resize));
        let mut start = Box::pin(self.start(engine));
        let (parted, started) = tokio::select! {
            started = &mut start => match started {
                Err(error) if !is_after_the_start(&error) => return Err(error),
                started => (talk.await?, started),
            },
            parted = &mut talk => (parted?, start.await),
        };
        if parted == Parted::Detached {
            return Ok(0);
        }
        match started {
            // It never ran, whatever status the engine has for that.
            Err(error) if !is_after_the_start(&error) => return Err(error),
            _ => {}
        }
        match (end.await?, started) {
            (0, Err(error)) if is_a_failed_hook(&error) => Err(error),
            (status, _) => Ok(status),
        }
    }
}

/// Whether the container was started, and what failed came after that.
fn is_after_the_start(error: &OperationError) -> bool {
    matches!(error, OperationError::Run(failure) if is_about_a_hook(failure))
}

/// Whether the container was started, and a hook failed, or found it gone or ended.
fn is_about_a_hook(failure: &RunFailure) -> bool {
    failure.failures().all(|(_, error)| {
        matches!(
            error,
            StepError::HookFailed { .. } | StepError::HookNotRun { .. } | StepError::Engine(EngineError::NotFound(_))
        )
    })
}

/// Whether a hook ran and failed: one that came too late for a short command is no failure.
fn is_a_failed_hook(error: &OperationError) -> bool {
    matches!(error, OperationError::Run(failure)
        if failure.failures().any(|(_, error)| matches!(error, StepError::HookFailed { .. })))
}
