//! Runs hooks: commands around a replica's lifecycle.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;

use super::step::{StepContext, gets_files, resolve_references};
use crate::engine::line_buffer::Lines;
use crate::engine::{Engine, EngineError, ExecProgress, ExecSpec, HookContainer, LogChunk, OutputStream};
use crate::event::{Fact, HookRef, Outcome, Output, StepError, StepWarning};
use crate::observed::{ContainerId, State};
use crate::plan::{Action, ActionId, AnonymousVolumes, ContainerRef, ContainerSpec, HookRun};
use crate::project::Hook;

/// How many lines of a failed hook's output are shown, and how many bytes are kept.
const LINES: usize = 10;
const BYTES: usize = 2048;
/// How often to check whether a hook's container has exited after its output ended.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Runs the `post_start` hooks of a replica one after the other, as the rest of step `id`, which started it.
pub(super) async fn after_start<E: Engine>(
    context: &StepContext<E>,
    id: ActionId,
    container: &ContainerRef,
    spec: Option<&Arc<ContainerSpec>>,
) -> Result<(), StepError> {
    let Some(service) = spec.and_then(|spec| spec.project.services.get(&spec.replica.service)) else { return Ok(()) };
    if !service.post_start.is_empty() {
        context.events.send(Fact::HooksStarted { id });
    }
    match run_all(context, container, spec, "post_start", &service.post_start).await {
        // Another client removed it.
        Err(StepError::HookNotRun { cause: cause @ EngineError::NotFound(_), .. }) => Err(cause.into()),
        other => other,
    }
}

/// Runs the `pre_stop` hooks of a replica one after the other, before step `id` stops it; none if the container is not
/// running. If a hook fails, the container is not stopped, unless it is to be removed: then the failure is reported and
/// the container is removed anyway.
pub(super) async fn before_stop<E: Engine>(
    context: &StepContext<E>,
    id: ActionId,
    container: &ContainerRef,
    spec: Option<&Arc<ContainerSpec>>,
) -> Result<(), StepError> {
    let Some(service) = spec.and_then(|spec| spec.project.services.get(&spec.replica.service)) else { return Ok(()) };
    let warn = |warning| context.events.send(Fact::Warning { id: Some(id), warning });
    match run_all(context, container, spec, "pre_stop", &service.pre_stop).await {
        Err(StepError::HookNotRun { hook, cause: EngineError::Conflict(_) | EngineError::NotFound(_) }) => {
            let id = context.container(container)?;
            let look = context.engine.inspect_container(id).await;
            if look.is_ok_and(|details| details.state == State::Paused) {
                warn(StepWarning::HooksNotRun { container: hook.container, key: hook.key });
            }
            Ok(())
        }
        Err(error @ (StepError::HookFailed { .. } | StepError::HookNotRun { .. }))
            if is_removed_after(context, id, container) =>
        {
            warn(StepWarning::HookFailed(Box::new(error)));
            Ok(())
        }
        other => other,
    }
}

/// Whether the container that step `id` stops is removed afterwards, rather than kept.
fn is_removed_after<E>(context: &StepContext<E>, id: ActionId, container: &ContainerRef) -> bool {
    let removes = |action: &Action| matches!(action, Action::RemoveContainer { container: removed, .. } if removed.handle == container.handle);
    context.plan.after(id).any(|(next, _)| removes(&context.plan.step(next).action))
}

async fn run_all<E: Engine>(
    context: &StepContext<E>,
    container: &ContainerRef,
    spec: Option<&Arc<ContainerSpec>>,
    key: &'static str,
    hooks: &[Hook],
) -> Result<(), StepError> {
    let (Some(spec), Some(id)) = (spec, context.facts.container(container)) else { return Ok(()) };
    let source = format!("{} ->", display_name(spec));
    for (index, hook) in hooks.iter().enumerate() {
        let run = exec(context, &id, hook, &source);
        let ran = tokio::select! {
            biased;
            () = context.cancel.cancelled() => return Err(StepError::Interrupted),
            ran = run => ran,
        };
        let hook = HookRef { service: spec.replica.service.clone(), key, index, container: container.name.clone() };
        match ran {
            Ok((0, _)) => {}
            Ok((exit_code, tail)) => return Err(StepError::HookFailed { hook, exit_code, output: tail.lines() }),
            Err(cause @ (EngineError::Unreachable { .. } | EngineError::Disconnected(_))) => return Err(cause.into()),
            Err(cause) => return Err(StepError::HookNotRun { hook, cause }),
        }
    }
    Ok(())
}

async fn exec<E: Engine>(
    context: &StepContext<E>,
    id: &ContainerId,
    hook: &Hook,
    source: &str,
) -> Result<(i64, Tail), EngineError> {
    let variable = |(name, value): (&String, &Option<String>)| Some(format!("{name}={}", value.as_ref()?));
    let spec = ExecSpec {
        command: hook.command.clone().unwrap_or_default(),
        user: hook.user.clone(),
        privileged: hook.privileged,
        working_dir: hook.working_dir.clone(),
        environment: hook.environment.iter().filter_map(variable).collect(),
        ..ExecSpec::default()
    };
    let mut progress = context.engine.exec(id.clone(), spec).await?;
    let mut reader = Reader::new(context, source);
    while let Some(next) = progress.next().await {
        match next? {
            ExecProgress::Output(chunk) => reader.read(chunk).await,
            ExecProgress::Exited(exit_code) => return Ok((exit_code, reader.end().await)),
        }
    }
    Err(EngineError::Failed("the engine did not report how the command ended".to_owned()))
}

/// Makes the container of a `pre_start` hook and runs it, or leaves it for the start. If it fails, the container is kept for inspection; the next plan
/// removes it.
pub(super) async fn pre_start<E: Engine>(
    context: &StepContext<E>,
    spec: &Arc<ContainerSpec>,
    container: &ContainerRef,
    hook: usize,
    run: HookRun,
) -> Result<Outcome, StepError> {
    let request = HookContainer {
        spec: spec.clone(),
        name: spec.project.hook_name(&spec.replica.service, hook),
        hook,
        volumes_from: context.container(container)?,
        references: resolve_references(&context.facts, spec)?,
    };
    let created = context.engine.create_hook_container(request).await?;
    for words in created.warnings {
        context.events.send(Fact::Warning { id: None, warning: StepWarning::EngineSaid(words) });
    }
    let id = created.id;
    let service = spec.project.services.get(&spec.replica.service);
    let written = service.and_then(|service| service.pre_start.get(hook));
    if let Some(written) = written.filter(|written| gets_files(&written.container)) {
        context.engine.inject_files(id.clone(), Arc::new(spec.of_hook(written))).await?;
    }
    if run == HookRun::AtStart {
        return Ok(Outcome::Done);
    }
    let source = format!("{} pre_start[{hook}] ->", spec.replica.service);
    let run = run_to_end(context, &id, &source);
    let ran = tokio::select! {
        biased;
        () = context.cancel.cancelled() => Err(StepError::Interrupted),
        ran = run => ran.map_err(StepError::from),
    };
    match ran {
        Ok((0, _)) => {
            context.engine.remove_container(id, AnonymousVolumes::Remove).await?;
            Ok(Outcome::Done)
        }
        Ok((exit_code, tail)) => Err(StepError::PreStartFailed {
            service: spec.replica.service.clone(),
            hook,
            exit_code,
            container: id.short().to_owned(),
            output: tail.lines(),
        }),
        Err(error) => {
            // The error to report is the one that ended the hook.
            let _ = context.engine.remove_container(id, AnonymousVolumes::Remove).await;
            Err(error)
        }
    }
}

/// Starts a hook's container, and reads its output until it has exited.
async fn run_to_end<E: Engine>(
    context: &StepContext<E>,
    id: &ContainerId,
    source: &str,
) -> Result<(i64, Tail), EngineError> {
    let mut output: BoxStream<'static, Result<LogChunk, EngineError>> =
        context.engine.attach(id.clone(), false).await?;
    context.engine.start_container(id.clone()).await?;
    let mut reader = Reader::new(context, source);
    while let Some(Ok(chunk)) = output.next().await {
        reader.read(chunk).await;
    }
    loop {
        let details = context.engine.inspect_container(id.clone()).await?;
        if matches!(details.state, State::Exited | State::Dead) {
            return Ok((details.exit_code.unwrap_or_default(), reader.end().await));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// The name that a replica's output is shown with.
fn display_name(spec: &ContainerSpec) -> String {
    let (project, replica) = (&spec.project, &spec.replica);
    let short = project.separator.short_name(&spec.name, project.name.as_str(), &replica.service, replica.number);
    short.unwrap_or_else(|| spec.name.clone())
}

/// Passes the output of a hook on, if it is shown, and keeps its end.
struct Reader<'a, E> {
    context: &'a StepContext<E>,
    source: Arc<str>,
    lines: Lines,
    tail: Tail,
}

impl<'a, E: Engine> Reader<'a, E> {
    fn new(context: &'a StepContext<E>, source: &str) -> Self {
        Self { context, source: Arc::from(source), lines: Lines::new(), tail: Tail::default() }
    }

    async fn read(&mut self, chunk: LogChunk) {
        self.tail.push(&chunk);
        let batch = self.lines.push(chunk);
        self.show(batch).await;
        let batch = self.lines.take();
        self.show(batch).await;
    }

    async fn end(mut self) -> Tail {
        let rest: Vec<_> = std::mem::replace(&mut self.lines, Lines::new()).finish().collect();
        for batch in rest {
            self.show(Some(batch)).await;
        }
        self.tail
    }

    async fn show(&self, batch: Option<crate::engine::line_buffer::Batch>) {
        let (Some(batch), Some(outputs)) = (batch, &self.context.outputs) else { return };
        let stderr = batch.stream == OutputStream::Stderr;
        outputs.send(Output::Lines { source: self.source.clone(), stderr, bytes: batch.bytes }).await;
    }
}

/// The end of a hook's output: of standard error or, if that is empty, of standard output.
#[derive(Debug, Default)]
struct Tail {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Tail {
    fn push(&mut self, chunk: &LogChunk) {
        let kept = match chunk.stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        };
        kept.extend_from_slice(&chunk.bytes);
        let surplus = kept.len().saturating_sub(BYTES);
        kept.drain(..surplus);
    }

    fn lines(&self) -> Vec<String> {
        let blank = self.stderr.iter().all(u8::is_ascii_whitespace);
        let text = String::from_utf8_lossy(if blank { &self.stdout } else { &self.stderr }).into_owned();
        let lines: Vec<_> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(LINES)..].iter().map(|&line| line.to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_the_last_lines_of_standard_error() {
        let mut tail = Tail::default();
        let chunk = |stream, text: &str| LogChunk { stream, bytes: text.as_bytes().to_vec() };
        tail.push(&chunk(OutputStream::Stdout, "out\n"));
        assert_eq!(tail.lines(), ["out"]);
        let many = (1..=12).map(|number| format!("line {number}")).collect::<Vec<_>>().join("\n\n") + "\n\n";
        tail.push(&chunk(OutputStream::Stderr, &many));
        assert_eq!(tail.lines().len(), LINES);
        assert_eq!(tail.lines()[0], "line 3");
    }
}
