//! Hooks: commands around a replica's life (engine.md §4.5).

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;

use super::ExecuteError;
use super::action::{Context, resolve_references};
use super::lines::Lines;
use crate::engine::{Engine, EngineError, ExecProgress, ExecSpec, HookContainer, LogChunk, OutputStream};
use crate::event::{Event, Outcome, Output};
use crate::observed::{ContainerId, State};
use crate::plan::{AnonymousVolumes, ContainerRef, ContainerSpec};
use crate::project::Hook;

/// How many lines of a failed hook's output are shown, and how many bytes of it are kept.
const LINES: usize = 10;
const BYTES: usize = 2048;
/// How often a hook's container whose output has ended is asked whether it has ended, too.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// When a hook runs in its replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// After its start.
    PostStart,
    /// Before its stop.
    PreStop,
}

/// Runs the hooks of a replica one after the other. Before a stop, a container that does not run needs none.
pub(super) async fn run_in_replica<E: Engine>(
    context: &Context<E>,
    container: &ContainerRef,
    spec: Option<&Arc<ContainerSpec>>,
    moment: Moment,
) -> Result<(), ExecuteError> {
    let Some(service) = spec.and_then(|spec| spec.project.services.get(&spec.replica.service)) else { return Ok(()) };
    let hooks = match moment {
        Moment::PostStart => &service.post_start,
        Moment::PreStop => &service.pre_stop,
    };
    if hooks.is_empty() {
        return Ok(());
    }
    let Some(id) = context.facts.container(container) else { return Ok(()) };
    let source = spec.map(|spec| format!("{} ->", display_name(spec)));
    for hook in hooks {
        let run = exec(context, &id, hook, source.as_deref().unwrap_or_default());
        let ran = tokio::select! {
            biased;
            () = context.cancel.cancelled() => return Err(ExecuteError::Interrupted),
            ran = run => ran,
        };
        let (exit_code, tail) = match (ran, moment) {
            (Ok(ran), _) => ran,
            (Err(EngineError::Conflict(_) | EngineError::NotFound(_)), Moment::PreStop) => return Ok(()),
            (Err(EngineError::Conflict(words)), Moment::PostStart) => {
                // It ended already; trying again would end the same way.
                let cause = EngineError::Failed(words);
                return Err(ExecuteError::HookNotRun { service: service.name.clone(), cause });
            }
            (Err(error), _) => return Err(error.into()),
        };
        if exit_code != 0 {
            return Err(ExecuteError::HookFailed { service: service.name.clone(), exit_code, context: tail.lines() });
        }
    }
    Ok(())
}

async fn exec<E: Engine>(
    context: &Context<E>,
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
    };
    let mut progress = context.engine.exec(id.clone(), spec).await?;
    let mut reader = Reader::new(context, source);
    while let Some(next) = progress.next().await {
        match next? {
            ExecProgress::Output(chunk) => reader.read(chunk).await,
            ExecProgress::Exited(exit_code) => return Ok((exit_code, reader.end().await)),
        }
    }
    Err(EngineError::Failed("the engine did not say how the command ended".to_owned()))
}

/// Runs a `pre_start` hook in a container of its own. One that fails keeps its container, to be looked at; the next
/// plan removes it.
pub(super) async fn pre_start<E: Engine>(
    context: &Context<E>,
    spec: &Arc<ContainerSpec>,
    container: &ContainerRef,
    hook: usize,
) -> Result<Outcome, ExecuteError> {
    let request = HookContainer {
        spec: spec.clone(),
        hook,
        volumes_from: context.container(container)?,
        references: resolve_references(&context.facts, spec)?,
    };
    let created = context.engine.create_hook_container(request).await?;
    for message in created.warnings {
        context.events.send(Event::Warning { id: None, message });
    }
    let id = created.id;
    let source = format!("{} pre_start[{hook}] ->", spec.replica.service);
    let run = run_to_end(context, &id, &source);
    let ran = tokio::select! {
        biased;
        () = context.cancel.cancelled() => Err(ExecuteError::Interrupted),
        ran = run => ran.map_err(ExecuteError::from),
    };
    match ran {
        Ok((0, _)) => {
            context.engine.remove_container(id, AnonymousVolumes::Remove).await?;
            Ok(Outcome::Done)
        }
        Ok((exit_code, tail)) => Err(ExecuteError::PreStartFailed {
            service: spec.replica.service.clone(),
            hook,
            exit_code,
            container: id.short().to_owned(),
            context: tail.lines(),
        }),
        Err(error) => {
            // The error that ended it is the one to tell.
            let _ = context.engine.remove_container(id, AnonymousVolumes::Remove).await;
            Err(error)
        }
    }
}

/// Starts a hook's container, and reads what it writes until it has ended.
async fn run_to_end<E: Engine>(
    context: &Context<E>,
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

/// What the output of a replica is shown under (engine.md §1.3).
fn display_name(spec: &ContainerSpec) -> String {
    let (project, separator) = (&spec.project.name, spec.project.separator);
    let short = format!("{}{separator}{}", spec.replica.service, spec.replica.number);
    if spec.name == format!("{project}{separator}{short}") { short } else { spec.name.clone() }
}

/// Hands the output of a hook on, where somebody watches, and keeps the end of it.
struct Reader<'a, E> {
    context: &'a Context<E>,
    source: Arc<str>,
    lines: Lines,
    tail: Tail,
}

impl<'a, E: Engine> Reader<'a, E> {
    fn new(context: &'a Context<E>, source: &str) -> Self {
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

    async fn show(&self, batch: Option<super::lines::Batch>) {
        let (Some(batch), Some(outputs)) = (batch, &self.context.outputs) else { return };
        let stderr = batch.stream == OutputStream::Stderr;
        outputs.send(Output::Lines { source: self.source.clone(), stderr, bytes: batch.bytes }).await;
    }
}

/// The end of what a hook wrote: to standard error, or, where it wrote nothing there, to standard output.
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
