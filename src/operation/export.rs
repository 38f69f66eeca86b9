//! `export`: all files of a container as a tar archive.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::copy::{CopyError, cleaned, is_device, is_pipe};
use super::pipe::{PipeReader, from_engine};
use super::{Interruption, OneContainer, OperationError};
use crate::engine::{Download, Engine};
use crate::event::{Events, Fact, Task, TaskStatus};

/// Exports the files of a container that runs.
#[derive(Debug, Clone)]
pub struct Export {
    /// The container, which has to run.
    pub container: OneContainer,
    /// The file to write, as it is written; `None` is standard output.
    pub output: Option<PathBuf>,
    /// The folder that a relative path belongs to.
    pub folder: PathBuf,
    /// Whether it is only looked at what would be exported.
    pub dry_run: bool,
}

impl Export {
    /// Writes the archive to the file, which is there only once it is whole, or to `out`.
    ///
    /// # Errors
    ///
    /// If no such container runs, the file cannot be written, or the export fails or is interrupted.
    pub async fn run<E: Engine>(
        &self,
        engine: &E,
        events: &Events,
        interruption: &Interruption,
        out: Box<dyn Write + Send>,
    ) -> Result<(), OperationError> {
        tokio::select! {
            exported = self.export(engine, events, out) => exported,
            () = interruption.stop.cancelled() => Err(OperationError::Interrupted),
        }
    }

    async fn export<E: Engine>(
        &self,
        engine: &E,
        events: &Events,
        out: Box<dyn Write + Send>,
    ) -> Result<(), OperationError> {
        let container = self.container.find_up(engine).await?;
        let path = self.output.as_ref().map(|path| cleaned(&self.folder.join(path)));
        if let (Some(path), Some(shown)) = (&path, &self.output) {
            check(path, shown).map_err(|error| CopyError::Export(Box::new(error)))?;
        }
        let fact = |status| Fact::Task { container: container.name.clone(), task: Task::Export, status };
        events.send(Fact::TasksStarted { operation: "export" });
        events.send(fact(TaskStatus::Started));
        let exporting = async {
            path.as_deref().map(check_replaced).transpose()?;
            if self.dry_run {
                return Ok(());
            }
            let archive = engine.export_container(container.id.clone()).await?;
            match &path {
                Some(path) => write_file(archive, path).await,
                None => write_out(archive, out).await,
            }
        };
        let exported = exporting.await;
        events.send(fact(if exported.is_ok() { TaskStatus::Done } else { TaskStatus::Failed }));
        exported
    }
}

/// Writes an archive to a file, which gets its name at the end. Whoever stops waiting for this leaves nothing behind.
async fn write_file(archive: Download, path: &Path) -> Result<(), OperationError> {
    let (partial, mut file) = Partial::new(path)?;
    let written = path.to_owned();
    let write = move |mut archive: PipeReader| {
        let copied = io::copy(&mut archive, &mut file).and_then(|_| file.sync_all());
        copied.map_err(CopyError::local("write", &written))
    };
    from_engine(archive, write).await??;
    Ok(partial.keep()?)
}

/// Writes an archive to standard output.
async fn write_out(archive: Download, mut out: Box<dyn Write + Send>) -> Result<(), OperationError> {
    let write = move |mut archive: PipeReader| io::copy(&mut archive, &mut out).and_then(|_| out.flush());
    let written = from_engine(archive, write).await?;
    let failed = |error| CopyError::Stream { call: "write to standard output", error };
    Ok(written.map_err(failed)?)
}

/// Whether there can be a file at `path`, which is called `shown`.
fn check(path: &Path, shown: &Path) -> Result<(), CopyError> {
    let folder = path.parent().unwrap_or(path);
    if !folder.is_dir() {
        return Err(CopyError::NoOutputFolder(shown.parent().unwrap_or(shown).to_owned()));
    }
    if fs::metadata(path).is_ok_and(|metadata| is_device(&metadata)) {
        return Err(CopyError::OutputIsDevice(shown.to_owned()));
    }
    Ok(())
}

/// Whether a file may take the place of what is at `path`.
fn check_replaced(path: &Path) -> Result<(), CopyError> {
    let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(()) };
    let kind = metadata.file_type();
    if kind.is_dir() {
        Err(CopyError::OutputNotAFile("directory"))
    } else if kind.is_symlink() {
        Err(CopyError::OutputNotAFile("symbolic link directly"))
    } else if kind.is_file() {
        Ok(())
    } else {
        Err(CopyError::OutputNotAFile(if is_pipe(&metadata) { "named pipe (FIFO)" } else { "special file" }))
    }
}

/// A file that gets its name once it is whole, and is removed otherwise.
#[derive(Debug)]
struct Partial {
    path: PathBuf,
    /// Where it is until then.
    temporary: Option<PathBuf>,
}

impl Partial {
    /// Begins a file that becomes `path`, which only its owner may read.
    fn new(path: &Path) -> Result<(Self, File), CopyError> {
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.subsec_nanos());
        name.push(format!(".{}-{now}.partial", std::process::id()));
        let temporary = path.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&temporary).map_err(CopyError::local("open", &temporary))?;
        Ok((Self { path: path.to_owned(), temporary: Some(temporary) }, file))
    }

    /// The file is whole.
    fn keep(mut self) -> Result<(), CopyError> {
        if let Some(temporary) = &self.temporary {
            fs::rename(temporary, &self.path).map_err(CopyError::local("rename", temporary))?;
        }
        self.temporary = None;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // There is nobody to tell.
            let _ = fs::remove_file(temporary);
        }
    }
}
