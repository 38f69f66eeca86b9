//! Streams of the fake engine: each reads the state from where it is, and sleeps until there is more.

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::time::Instant;

use super::{Fake, state::State};
use crate::engine::{ContainerEvent, EngineError, LogChunk, LogQuery};
use crate::observed::{self, ContainerId};

/// What a stream finds when it looks.
enum Next<T> {
    Item(T),
    Wait,
    End,
}

/// Events from now on, until the next moment at which streams are lost.
pub(super) fn events(engine: Fake) -> BoxStream<'static, Result<ContainerEvent, EngineError>> {
    let (begin, cut) = {
        let now = Instant::now();
        let state = engine.state();
        (state.happened.len(), state.cuts.iter().filter(|cut| **cut > now).min().copied())
    };
    unfold(engine, begin, cut, move |state, at| match state.happened.get(*at) {
        _ if cut.is_some_and(|cut| cut <= Instant::now()) => Next::End,
        Some(event) => {
            *at += 1;
            Next::Item(event.clone())
        }
        None => Next::Wait,
    })
}

/// The log of a container: from its beginning or the last lines of it, and on while it runs if that is asked for.
pub(super) fn logs(
    engine: Fake,
    id: ContainerId,
    query: &LogQuery,
) -> BoxStream<'static, Result<LogChunk, EngineError>> {
    let begin = engine.state().containers.get(&id).map_or(0, |container| {
        let tail = query.tail.map_or(usize::MAX, |lines| usize::try_from(lines).unwrap_or(usize::MAX));
        let since = query.since.map_or(0, |since| container.log.partition_point(|(time, ..)| *time < since));
        since.max(container.log.len().saturating_sub(tail))
    });
    let follow = query.follow;
    unfold(engine, begin, None, move |state, at| {
        let Some(container) = state.containers.get(&id) else { return Next::End };
        match container.log.get(*at) {
            Some((_, stream, bytes)) => {
                *at += 1;
                Next::Item(LogChunk { stream: *stream, bytes: bytes.clone() })
            }
            None if follow && container.state == observed::State::Running => Next::Wait,
            None => Next::End,
        }
    })
}

/// What a container writes from now on, until its process ends.
pub(super) fn attached(engine: Fake, id: ContainerId) -> BoxStream<'static, Result<LogChunk, EngineError>> {
    let (begin, deaths) =
        engine.state().containers.get(&id).map_or((0, 0), |container| (container.log.len(), container.deaths));
    unfold(engine, begin, None, move |state, at| {
        let Some(container) = state.containers.get(&id) else { return Next::End };
        match container.log.get(*at) {
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

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
