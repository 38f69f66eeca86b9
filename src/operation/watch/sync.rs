//! Files of this machine into containers: what is gone there is removed, and the rest travels as one archive, which is
//! made once for all containers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures::StreamExt;
use futures::future::join_all;

use super::decide::{Removal, Sync};
use crate::engine::{Engine, EngineError, ExecProgress, ExecSpec, Owners};
use crate::event::WatchFailure;
use crate::observed::Container;
use crate::operation::copy::{CopyError, pack_files};
use crate::operation::pipe::{FanOut, on_thread, to_engine};

/// How many containers are copied into at a time.
const CONTAINERS: usize = 16;
/// How many paths one command removes.
const PATHS: usize = 500;

/// What was not done.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// What is to be done again.
    pub(super) sync: Sync,
    /// Why, if somebody should know.
    pub(super) cause: Option<WatchFailure>,
}

/// Removes and copies.
pub(super) async fn sync<E: Engine>(engine: &E, containers: &[Container], sync: &Sync) -> Left {
    let mut left = Left::default();
    if !sync.removed.is_empty() {
        let removing = containers.iter().map(|container| async {
            if container.is_running() { remove(engine, container, sync).await.map(|()| true) } else { Ok(false) }
        });
        for removed in join_all(removing).await {
            if !matches!(removed, Ok(true)) {
                left.sync.removed.clone_from(&sync.removed);
            }
            left.cause = left.cause.or(removed.err());
        }
    }
    if sync.written.is_empty() {
        return left;
    }
    for some in containers.chunks(CONTAINERS) {
        let copied = match copy(engine, some, &sync.written, Parents::Named).await {
            // A folder of the container may be a link: then the archive must not say that it is a folder.
            Err(WatchFailure::Engine(error)) if may_be_about_folders(&error) => {
                copy(engine, some, &sync.written, Parents::Implied).await
            }
            copied => copied,
        };
        match copied {
            Ok(unreadable) => {
                left.cause = left.cause.take().or_else(|| why_unreadable(&unreadable));
                let from_here = unreadable.iter().filter_map(|(path, _)| sync.written.get_key_value(path));
                left.sync.written.extend(from_here.map(|(path, from)| (path.clone(), from.clone())));
            }
            Err(cause) => {
                left.sync.written.clone_from(&sync.written);
                left.cause = left.cause.or(Some(or_folder_in_the_way(cause)));
            }
        }
    }
    left
}

/// Why files of this machine were not copied; the others were.
fn why_unreadable(unreadable: &[(PathBuf, CopyError)]) -> Option<WatchFailure> {
    let (_, first) = unreadable.first()?;
    let more = if unreadable.len() > 1 { format!(", and {} more", unreadable.len() - 1) } else { String::new() };
    Some(WatchFailure::Other(format!("{first}{more}")))
}

/// Names the folder of the container that stays where a file is to be.
fn or_folder_in_the_way(cause: WatchFailure) -> WatchFailure {
    if let WatchFailure::Engine(EngineError::Failed(words) | EngineError::Refused(words)) = &cause
        && let Some((_, rest)) = words.split_once("cannot overwrite directory \"")
        && let Some((path, _)) = rest.split_once('"')
    {
        return WatchFailure::FolderInTheWay { path: Path::new("/").join(path) };
    }
    cause
}

fn may_be_about_folders(error: &EngineError) -> bool {
    !matches!(error, EngineError::NotFound(_) | EngineError::Unreachable { .. } | EngineError::Disconnected(_))
}

/// Whether the archive says of folders that they are folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parents {
    Named,
    Implied,
}

async fn remove<E: Engine>(engine: &E, container: &Container, sync: &Sync) -> Result<(), WatchFailure> {
    let of = |wanted: fn(Removal) -> bool| -> Vec<&Path> {
        sync.removed.iter().filter(|(_, removal)| wanted(**removal)).map(|(path, _)| path.as_path()).collect()
    };
    for paths in of(|removal| removal != Removal::IfEmpty).chunks(PATHS) {
        let (status, output) = run(engine, container, &["rm", "-rf", "--"], paths).await?;
        if status != 0 {
            let said = if output.is_empty() { format!("`rm` ended with status {status}") } else { output };
            return Err(WatchFailure::Other(format!("cannot remove files in {}: {said}", container.name)));
        }
    }
    // What is deeper goes first. A folder that has something else in it stays.
    let mut folders = of(|removal| removal == Removal::IfEmpty);
    folders.reverse();
    for paths in folders.chunks(PATHS) {
        run(engine, container, &["rmdir", "--"], paths).await?;
    }
    Ok(())
}

/// Runs a command on paths; its exit status and the first line that it wrote.
async fn run<E: Engine>(
    engine: &E,
    container: &Container,
    command: &[&str],
    paths: &[&Path],
) -> Result<(i64, String), EngineError> {
    let words = command.iter().map(|&word| word.to_owned());
    let command = words.chain(paths.iter().map(|path| path.to_string_lossy().into_owned())).collect();
    // Whoever the container runs as: the files were copied as they are here.
    let spec = ExecSpec { command, user: Some("0".to_owned()), ..ExecSpec::default() };
    let mut progress = engine.exec(container.id.clone(), spec).await?;
    let mut output = Vec::new();
    while let Some(next) = progress.next().await {
        match next? {
            ExecProgress::Output(chunk) => output.extend(chunk.bytes),
            ExecProgress::Exited(status) => {
                let output = String::from_utf8_lossy(&output);
                return Ok((status, output.lines().next().unwrap_or_default().to_owned()));
            }
        }
    }
    Err(EngineError::Failed("the engine did not report how the command ended".to_owned()))
}

/// Copies what can be read; returns what cannot.
async fn copy<E: Engine>(
    engine: &E,
    containers: &[Container],
    written: &BTreeMap<PathBuf, PathBuf>,
    parents: Parents,
) -> Result<Vec<(PathBuf, CopyError)>, WatchFailure> {
    let name = |path: &PathBuf| path.strip_prefix("/").unwrap_or(path).to_owned();
    let files: BTreeMap<PathBuf, PathBuf> = written.iter().map(|(path, from)| (name(path), from.clone())).collect();
    let (writers, archives): (Vec<_>, Vec<_>) = containers.iter().map(|_| to_engine()).unzip();
    let packing = on_thread(move || {
        let mut out = FanOut(writers);
        let packed = pack_files(&files, parents == Parents::Named, &mut out);
        match &packed {
            Ok(_) => out.finish(),
            Err(error) => out.fail(&error.to_string()),
        }
        packed
    });
    let unpacking = containers.iter().zip(archives).map(|(container, archive)| {
        engine.write_archive(container.id.clone(), "/".to_owned(), Owners::Archive, archive)
    });
    let (packed, unpacked) = tokio::join!(packing, join_all(unpacking));
    // A container that has gone meanwhile needs nothing any more.
    let refused =
        unpacked.into_iter().find_map(|done| done.err().filter(|error| !matches!(error, EngineError::NotFound(_))));
    match (packed, refused) {
        // The archive could not be written because the engine did not read it: it says why.
        (Err(CopyError::Archive(_)) | Ok(_), Some(error)) => Err(error.into()),
        (Err(CopyError::Archive(_)), None) => Ok(Vec::new()),
        (Ok(unreadable), None) => {
            Ok(unreadable.into_iter().map(|(name, error)| (Path::new("/").join(name), error)).collect())
        }
        (Err(error), _) => Err(WatchFailure::Other(error.to_string())),
    }
}
