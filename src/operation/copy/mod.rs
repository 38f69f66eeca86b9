//! `cp`: files out of a container, or into all containers of a service, as `docker cp` does it with one.

mod error;
mod local;
mod pack;
mod sides;
mod unpack;

use std::io::{Read, Write};
use std::path::PathBuf;

use futures::future::join_all;

use super::pipe::{PipeReader, copy_to_all, from_engine, on_thread, to_engine};
use super::{Interruption, OperationError};
use crate::engine::{Engine, EngineError, ObserveQuery, Owners, PathStat, Upload};
use crate::event::{Events, Fact, Task, TaskStatus};
use crate::observed::Container;
use crate::project::ProjectName;

pub use error::CopyError;
pub(super) use local::{cleaned, is_device, is_pipe};
pub(super) use pack::pack_files;
pub use sides::{Direction, Local, Sides};

use local::{LocalPath, Source};
use sides::{Kind, Landing};

/// Copies files between this machine and the containers of a service.
#[derive(Debug, Clone)]
pub struct Copy {
    /// The project.
    pub project: ProjectName,
    /// What is copied where.
    pub sides: Sides,
    /// Only the replica of that number.
    pub number: Option<u32>,
    /// Whether one-offs count as containers of the service.
    pub one_offs: bool,
    /// Whether a link that is named as the source stands for what it leads to.
    pub follow_links: bool,
    /// Who owns the files in containers.
    pub owners: Owners,
    /// Whether it is only looked at what would be copied.
    pub dry_run: bool,
    /// The folder that relative paths belong to.
    pub folder: PathBuf,
}

/// Where archives come from, and go to, where a side is `-`.
pub struct Streams {
    /// The archive to copy into containers.
    pub input: Box<dyn Read + Send>,
    /// Where the archive of a container goes.
    pub output: Box<dyn Write + Send>,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").finish_non_exhaustive()
    }
}

impl Copy {
    /// Copies; from a service the files of its first container, to a service into all containers at once.
    ///
    /// # Errors
    ///
    /// If there is no container, a side is not as it has to be, or the copy fails or is interrupted. Of several
    /// containers the others get theirs.
    pub async fn run<E: Engine>(
        &self,
        engine: &E,
        events: &Events,
        interruption: &Interruption,
        streams: Streams,
    ) -> Result<(), OperationError> {
        tokio::select! {
            copied = self.copy(engine, events, streams) => copied,
            () = interruption.stop.cancelled() => Err(OperationError::Interrupted),
        }
    }

    async fn copy<E: Engine>(&self, engine: &E, events: &Events, streams: Streams) -> Result<(), OperationError> {
        let containers = self.containers(engine).await?;
        events.send(Fact::TasksStarted { operation: "copy" });
        match self.sides.direction {
            Direction::FromService => {
                let container = &containers[0];
                self.tell(events, container, self.from(engine, container, streams.output)).await
            }
            Direction::ToService => self.copy_into(engine, events, &containers, streams.input).await,
        }
    }

    /// The containers that are meant, at least one: replicas by number, then one-offs.
    async fn containers<E: Engine>(&self, engine: &E) -> Result<Vec<Container>, OperationError> {
        let service = &self.sides.service;
        let mut containers = engine.observe(ObserveQuery::containers_of(self.project.as_str())).await?.containers;
        containers.retain(|container| {
            container.service.as_ref() == Some(service)
                && !container.hook
                && container.config_hash.is_some()
                && self.number.is_none_or(|number| container.number == Some(number))
                && (self.one_offs || !container.one_off)
        });
        containers.sort_by(|one, other| {
            (one.one_off, one.number, &one.name).cmp(&(other.one_off, other.number, &other.name))
        });
        match self.number {
            _ if !containers.is_empty() => Ok(containers),
            Some(number) => Err(OperationError::NoReplica { service: service.clone(), number }),
            None => Err(CopyError::NoContainer(service.clone()).into()),
        }
    }

    /// Tells when the copy of one container begins and ends.
    async fn tell(
        &self,
        events: &Events,
        container: &Container,
        copy: impl Future<Output = Result<(), OperationError>>,
    ) -> Result<(), OperationError> {
        let remote = format!("{}:{}", container.name, self.sides.path);
        let local = if let Local::Path(path) = &self.sides.local { path.clone() } else { "-".to_owned() };
        let (from, to) = match self.sides.direction {
            Direction::FromService => (remote, local),
            Direction::ToService => (local, remote),
        };
        let task = Task::Copy { from, to };
        let fact = |status| Fact::Task { container: container.name.clone(), task: task.clone(), status };
        events.send(fact(TaskStatus::Started));
        let copied = copy.await;
        events.send(fact(if copied.is_ok() { TaskStatus::Done } else { TaskStatus::Failed }));
        copied
    }

    /// Copies from a container.
    async fn from<E: Engine>(
        &self,
        engine: &E,
        container: &Container,
        mut output: Box<dyn Write + Send>,
    ) -> Result<(), OperationError> {
        let destination = match &self.sides.local {
            Local::Stream => None,
            Local::Path(text) => {
                let path = LocalPath::new(&self.folder, text);
                Some((path.asserts_folder, on_thread(move || path.destination()).await?))
            }
        };
        let path = self.source_path(engine, container).await?;
        if self.dry_run {
            let found = engine.stat_path(container.id.clone(), path.clone()).await?;
            return if found.is_some() { Ok(()) } else { Err(not_there(&path, container).into()) };
        }
        let (stat, archive) = engine.read_archive(container.id.clone(), path).await?;
        let Some((asserts_folder, destination)) = destination else {
            let write =
                move |mut archive: PipeReader| std::io::copy(&mut archive, &mut output).and_then(|_| output.flush());
            let written = from_engine(archive, write).await?;
            let failed = |error| CopyError::Stream { call: "write to standard output", error };
            return written.map_err(failed).map_err(Into::into);
        };
        let landing = sides::landing(Kind::of(stat.is_folder()), destination.found, asserts_folder)?;
        let (_, name) = sides::parent_and_name(&self.sides.path);
        let name = name.filter(|_| !sides::means_content(&self.sides.path));
        let named = name.is_some();
        let root = match (landing, name) {
            // What is below is checked for links, so the folder itself has to be none.
            (Landing::Inside, name) => {
                let folder =
                    std::fs::canonicalize(&destination.path).map_err(CopyError::local("lstat", &destination.path))?;
                name.map_or_else(|| folder.clone(), |name| folder.join(name))
            }
            (Landing::As, _) => destination.path,
        };
        let place = unpack::Place { root, named };
        from_engine(archive, move |archive: PipeReader| unpack::unpack(archive, &place)).await??;
        Ok(())
    }

    /// The path in the container to copy from: a link that is to be followed is replaced by what it leads to.
    async fn source_path<E: Engine>(&self, engine: &E, container: &Container) -> Result<String, EngineError> {
        let path = &self.sides.path;
        if !self.follow_links {
            return Ok(path.clone());
        }
        let Some(PathStat::Link(target)) = engine.stat_path(container.id.clone(), path.clone()).await? else {
            return Ok(path.clone());
        };
        let target = absolute(path, &target);
        Ok(if sides::means_content(path) { format!("{target}/.") } else { target })
    }

    /// Copies into all containers at once. An archive on standard input is read once for all of them.
    async fn copy_into<E: Engine>(
        &self,
        engine: &E,
        events: &Events,
        containers: &[Container],
        input: Box<dyn Read + Send>,
    ) -> Result<(), OperationError> {
        let mut writers = Vec::new();
        let copies: Vec<_> = containers
            .iter()
            .map(|container| {
                let archive = if self.sides.local == Local::Stream {
                    let (writer, archive) = to_engine();
                    writers.push(writer);
                    Some(archive)
                } else {
                    None
                };
                self.tell(events, container, self.into(engine, container, archive))
            })
            .collect();
        let reading = async {
            if writers.is_empty() || self.dry_run {
                return Ok(());
            }
            let failed = |error| CopyError::Stream { call: "read standard input", error };
            on_thread(move || copy_to_all(input, writers)).await.map_err(failed)
        };
        // Whoever cannot be copied into reads nothing: without any reader the reading ends.
        let (read, ended) = tokio::join!(reading, join_all(copies));
        read?;
        ended.into_iter().collect()
    }

    /// Copies into one container.
    async fn into<E: Engine>(
        &self,
        engine: &E,
        container: &Container,
        archive: Option<Upload>,
    ) -> Result<(), OperationError> {
        let (path, found) = self.destination(engine, container).await?;
        let shown = || format!("{}:{}", container.name, self.sides.path);
        if found == Some(PathStat::Device) {
            return Err(CopyError::DestinationIsDevice(shown()).into());
        }
        let id = || container.id.clone();
        let Local::Path(text) = &self.sides.local else {
            if !found.as_ref().is_some_and(PathStat::is_folder) {
                return Err(CopyError::DestinationNotAFolder(shown()).into());
            }
            let Some(archive) = archive.filter(|_| !self.dry_run) else { return Ok(()) };
            return Ok(engine.write_archive(id(), path, self.owners, archive).await?);
        };
        let (local, follow_links) = (LocalPath::new(&self.folder, text), self.follow_links);
        let source = on_thread(move || local.source(follow_links)).await?;
        let kind = found.map(|found| Kind::of(found.is_folder()));
        let (folder, name) = match sides::landing(source.kind, kind, sides::asserts_folder(&path))? {
            Landing::Inside => (path, source.name.clone()),
            Landing::As => {
                let (folder, name) = sides::parent_and_name(&path);
                // An engine that refuses an archive may end the connection before its words are read.
                if kind.is_none() && engine.stat_path(id(), folder.clone()).await?.is_none() {
                    return Err(not_there(&folder, container).into());
                }
                (folder, name.map(Into::into))
            }
        };
        if self.dry_run {
            return Ok(());
        }
        upload(engine, container, folder, self.owners, source, name).await
    }

    /// The path in a container to copy to, and what is there: the link at its end is followed, once.
    async fn destination<E: Engine>(
        &self,
        engine: &E,
        container: &Container,
    ) -> Result<(String, Option<PathStat>), EngineError> {
        let path = &self.sides.path;
        if path.is_empty() {
            return Ok((String::new(), None));
        }
        match engine.stat_path(container.id.clone(), path.clone()).await? {
            Some(PathStat::Link(target)) => {
                let target = absolute(path, &target);
                let found = engine.stat_path(container.id.clone(), target.clone()).await?;
                Ok((target, found))
            }
            found => Ok((path.clone(), found)),
        }
    }
}

/// Packs files while the engine unpacks them.
async fn upload<E: Engine>(
    engine: &E,
    container: &Container,
    folder: String,
    owners: Owners,
    source: Source,
    name: Option<std::ffi::OsString>,
) -> Result<(), OperationError> {
    let (mut writer, archive) = to_engine();
    let packing = on_thread(move || match pack::pack(&source, name.as_deref(), &mut writer) {
        Ok(()) => writer.finish().map_err(CopyError::Archive),
        Err(error) => {
            writer.fail(std::io::Error::other(error.to_string()));
            Err(error)
        }
    });
    let (packed, unpacked) = tokio::join!(packing, engine.write_archive(container.id.clone(), folder, owners, archive));
    match (packed, unpacked) {
        // The archive could not be written because the engine did not read it: it says why.
        (Err(CopyError::Archive(_)) | Ok(()), unpacked @ Err(_)) => Ok(unpacked?),
        (packed, _) => Ok(packed?),
    }
}

/// Where a link at `path` in a container leads.
fn absolute(path: &str, target: &str) -> String {
    if target.starts_with('/') {
        return target.to_owned();
    }
    let (folder, _) = sides::parent_and_name(path);
    format!("{folder}/{target}")
}

/// The engine's words for a path that is not there.
fn not_there(path: &str, container: &Container) -> EngineError {
    EngineError::NotFound(format!("Could not find the file {path} in container {}", container.id))
}
