//! `man`: writes the manual pages, one per command, for packages of hoist.

use std::path::{Path, PathBuf};

use clap::{Args, Command};

use crate::cli::help::with_example;
use crate::cli::invocation::Form;
use crate::cli::{Context, Failure, output};

/// Arguments of `man`.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Folder to write the pages to
    #[arg(long, value_name = "FOLDER")]
    pub(crate) dir: PathBuf,
}

pub(super) fn man(args: &ManArgs, root: Command, context: &Context) -> Result<(), Failure> {
    let folder = context.working_directory.join(&args.dir);
    std::fs::create_dir_all(&folder).map_err(|error| cannot_write(&folder, error))?;
    let mut root = root;
    root.build();
    let mut written = Vec::new();
    write(&root, "", &folder, &mut written)?;
    output::print(written.concat())
}

/// Writes the page of a command and those of its subcommands.
fn write(command: &Command, path: &str, folder: &Path, written: &mut Vec<String>) -> Result<(), Failure> {
    let name = format!("hoist {path}").trim_end().replace(' ', "-");
    let file = folder.join(format!("{name}.1"));
    let page = with_example(command.clone(), path, Form::Hoist).name(name);
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    std::fs::write(&file, text).map_err(|error| cannot_write(&file, error))?;
    written.push(format!("{}\n", file.display()));
    let below = command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help");
    below
        .into_iter()
        .try_for_each(|below| write(below, format!("{path} {}", below.get_name()).trim_start(), folder, written))
}

fn cannot_write(path: &Path, error: std::io::Error) -> Failure {
    Failure::Unexpected(anyhow::Error::new(error).context(format!("cannot write `{}`", path.display())))
}
