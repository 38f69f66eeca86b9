//! Streams of the fake engine: each reads the state from its current position, and sleeps until there is more.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::time::Instant;

use super::Fake;
use super::script::Script;
use super::state::State;
use super::typed::Keyboard;
use crate::engine::waiting::until;
use crate::engine::{
    AttachSpec, Connection, ContainerEvent, ContainerEventKind, EngineError, EventQuery, ExecProgress, ExecSpec, Input,
    LogChunk, LogQuery, Measurements, OutputStream, Streams,
};
use crate::observed::{self, ContainerId, EngineEvent, Health, Usage};

impl Streams for Fake {
    async fn container_events(
        &self,
        _project: String,
    ) -> Result<BoxStream<'static, Result<ContainerEvent, EngineError>>, EngineError> {
        self.state().take_failure("events")?;
        Ok(events(self.clone()))
    }

    async fn events(
        &self,
        _project: String,
        query: EventQuery,
    ) -> Result<BoxStream<'static, Result<EngineEvent, EngineError>>, EngineError> {
        self.state().take_failure("events")?;
        Ok(engine_events(self.clone(), query))
    }

    async fn usage(
        &self,
        id: ContainerId,
        measurements: Measurements,
    ) -> Result<BoxStream<'static, Result<Usage, EngineError>>, EngineError> {
        let name = self.state().name_of(&id)?;
        self.state().take_failure(&format!("usage {name}"))?;
        let measured = measured(self.clone(), id);
        Ok(if measurements == Measurements::One { measured.take(1).boxed() } else { measured })
    }

    async fn logs(
        &self,
        id: ContainerId,
        query: LogQuery,
    ) -> Result<BoxStream<'static, Result<LogChunk, EngineError>>, EngineError> {
        let name = self.state().name_of(&id)?;
        self.state().take_failure(&format!("logs {name}"))?;
        Ok(logs(self.clone(), id, &query))
    }

    async fn attach(
        &self,
        id: ContainerId,
        _terminal: bool,
    ) -> Result<BoxStream<'static, Result<LogChunk, EngineError>>, EngineError> {
        let name = self.state().name_of(&id)?;
        self.state().take_failure(&format!("attach {name}"))?;
        Ok(attached(self.clone(), id))
    }

    async fn connect(&self, id: ContainerId, spec: AttachSpec) -> Result<Connection, EngineError> {
        let output = self.attach(id.clone(), spec.terminal).await?;
        let input = spec.stdin.then(|| {
            let typed = self.state().keyboards.entry(id).or_default().clone();
            Box::new(Keyboard(typed)) as Input
        });
        Ok(Connection { output, input })
    }

    async fn exec(
        &self,
        id: ContainerId,
        spec: ExecSpec,
    ) -> Result<BoxStream<'static, Result<ExecProgress, EngineError>>, EngineError> {
        self.call_on(&format!("exec {} in", spec.command.join(" ")), &id).await?;
        let status = i64::from(spec.command == Script::health_test().command && !self.state().is_ready(&id));
        Ok(stream::iter([Ok(ExecProgress::Exited(status))]).boxed())
    }
}

/// What a stream finds when it looks.
enum Next<T> {
    Item(T),
    Lost,
    Wait,
    End,
}

/// Events from now on, until the next moment at which streams are cut.
fn events(engine: Fake) -> BoxStream<'static, Result<ContainerEvent, EngineError>> {
    let (begin, cut) = {
        let state = engine.state();
        (state.happened.len(), next_cut(&state.cuts))
    };
    unfold(engine, begin, cut, move |state, at| match state.happened.get(*at) {
        _ if is_over(cut) => Next::End,
        Some(event) => {
            *at += 1;
            Next::Item(event.clone())
        }
        None => Next::Wait,
    })
}

/// Events in the engine's words. A period that has an end ends when its events are over.
fn engine_events(engine: Fake, query: EventQuery) -> BoxStream<'static, Result<EngineEvent, EngineError>> {
    let begin = {
        let state = engine.state();
        let since = |since| state.happened.partition_point(|event| event.time < since);
        query.since.map_or(state.happened.len(), since)
    };
    unfold(engine, begin, None, move |state, at| match state.happened.get(*at) {
        Some(event) if query.until.is_some_and(|until| event.time > until) => Next::End,
        Some(event) => {
            *at += 1;
            Next::Item(engine_event(event))
        }
        None if query.until.is_some() => Next::End,
        None => Next::Wait,
    })
}

fn engine_event(event: &ContainerEvent) -> EngineEvent {
    let action = match event.kind {
        ContainerEventKind::Create => "create",
        ContainerEventKind::Start => "start",
        ContainerEventKind::Restart => "restart",
        ContainerEventKind::Die(_) => "die",
        ContainerEventKind::Kill => "kill",
        ContainerEventKind::Stop => "stop",
        ContainerEventKind::Destroy => "destroy",
        ContainerEventKind::Rename => "rename",
        ContainerEventKind::Pause => "pause",
        ContainerEventKind::Unpause => "unpause",
        ContainerEventKind::Health(Health::Healthy) => "health_status: healthy",
        ContainerEventKind::Health(_) => "health_status: unhealthy",
        ContainerEventKind::OutOfMemory => "oom",
    };
    EngineEvent {
        id: event.id.clone(),
        action: action.to_owned(),
        time: event.time,
        attributes: event.attributes.clone(),
    }
}

/// What a container uses: now, and every second until it is gone.
fn measured(engine: Fake, id: ContainerId) -> BoxStream<'static, Result<Usage, EngineError>> {
    let first = Instant::now();
    stream::unfold((engine, first), move |(engine, at)| {
        let id = id.clone();
        async move {
            tokio::time::sleep_until(at).await;
            let usage = {
                let state = engine.state();
                let name = state.name_of(&id).ok()?;
                state.usage.get(&name).copied().unwrap_or_default()
            };
            Some((Ok(usage), (engine, at + Duration::from_secs(1))))
        }
    })
    .boxed()
}

fn next_cut(cuts: &[Instant]) -> Option<Instant> {
    let now = Instant::now();
    cuts.iter().filter(|cut| **cut > now).min().copied()
}

fn is_over(cut: Option<Instant>) -> bool {
    cut.is_some_and(|cut| cut <= Instant::now())
}

/// A piece of output with timestamps: one before each line that begins in it.
fn stamped(time: i128, bytes: &[u8], begins: &mut bool) -> Vec<u8> {
    let time = jiff::Timestamp::from_nanosecond(time).map(|time| format!("{time:.9} ")).unwrap_or_default();
    let mut text = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if std::mem::replace(begins, line.ends_with(b"\n")) {
            text.extend_from_slice(time.as_bytes());
        }
        text.extend_from_slice(line);
    }
    text
}

/// The log of a container: all of it or its last lines, and what follows if requested.
fn logs(engine: Fake, id: ContainerId, query: &LogQuery) -> BoxStream<'static, Result<LogChunk, EngineError>> {
    let begin = engine.state().containers.get(&id).map_or(0, |container| {
        let tail = query.tail.map_or(usize::MAX, |lines| usize::try_from(lines).unwrap_or(usize::MAX));
        let since = query.since.map_or(0, |since| container.log.partition_point(|(time, ..)| *time < since));
        since.max(container.log.len().saturating_sub(tail))
    });
    let (follow, timestamps) = (query.follow, query.timestamps);
    let cut = next_cut(&engine.state().output_cuts);
    // Whether the next piece begins a line, by stream.
    let begins = Mutex::new([true; 2]);
    unfold(engine, begin, cut, move |state, at| {
        let Some(container) = state.containers.get(&id) else { return Next::End };
        match container.log.get(*at) {
            _ if is_over(cut) => Next::Lost,
            Some((time, stream, bytes)) => {
                *at += 1;
                let mut begins = begins.lock().unwrap_or_else(PoisonError::into_inner);
                let begins = &mut begins[usize::from(*stream == OutputStream::Stderr)];
                let bytes = if timestamps { stamped(*time, bytes, begins) } else { bytes.clone() };
                Next::Item(LogChunk { stream: *stream, bytes })
            }
            None if follow && container.state == observed::State::Running => Next::Wait,
            None => Next::End,
        }
    })
}

/// The output of a container from now on, until its process exits.
fn attached(engine: Fake, id: ContainerId) -> BoxStream<'static, Result<LogChunk, EngineError>> {
    let (begin, deaths) =
        engine.state().containers.get(&id).map_or((0, 0), |container| (container.log.len(), container.deaths));
    let cut = next_cut(&engine.state().output_cuts);
    unfold(engine, begin, cut, move |state, at| {
        let Some(container) = state.containers.get(&id) else { return Next::End };
        match container.log.get(*at) {
            _ if is_over(cut) => Next::Lost,
            Some((_, stream, bytes)) => {
                *at += 1;
                Next::Item(LogChunk { stream: *stream, bytes: bytes.clone() })
            }
            None if container.deaths == deaths => Next::Wait,
            None => Next::End,
        }
    })
}

fn unfold<T: Send + 'static>(
    engine: Fake,
    begin: usize,
    cut: Option<Instant>,
    look: impl Fn(&State, &mut usize) -> Next<T> + Send + 'static,
) -> BoxStream<'static, Result<T, EngineError>> {
    stream::unfold((engine, begin, look), move |(engine, mut at, look)| async move {
        loop {
            let changed = engine.0.changed.notified();
            let (next, wake) = {
                let state = engine.state();
                (look(&state, &mut at), state.next_at().into_iter().chain(cut).min())
            };
            match next {
                Next::Item(item) => {
                    drop(changed);
                    return Some((Ok(item), (engine, at, look)));
                }
                Next::End => return None,
                Next::Lost => {
                    drop(changed);
                    let lost = EngineError::Disconnected("the connection was cut".to_owned());
                    return Some((Err(lost), (engine, at, look)));
                }
                Next::Wait => {
                    tokio::select! {
                        () = changed => {}
                        () = until(wake) => {}
                    }
                }
            }
        }
    })
    .boxed()
}
