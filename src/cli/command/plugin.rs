//! `plugin`: makes `docker compose` run hoist, and reverts that.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::cli::plugin::install::{Holder, Installed, Metadata, Place, Uninstalled, running};
use crate::cli::{Context, Failure, output};
use crate::registry::{config_folder, plugin_folders};

/// Arguments of `plugin`.
#[derive(Debug, Args)]
pub(crate) struct PluginArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) action: Action,
}

/// What to do about the plugin.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Make `docker compose` run hoist
    Install {
        /// Folder of plugins [default: cli-plugins in your Docker configuration]
        #[arg(long, value_name = "FOLDER")]
        dir: Option<PathBuf>,
        /// Replace another program, which is kept and restored by uninstall
        #[arg(long)]
        force: bool,
    },
    /// Show what `docker compose` runs
    Status,
    /// Remove hoist from the folder and restore what was there before
    Uninstall {
        /// Folder of plugins [default: cli-plugins in your Docker configuration]
        #[arg(long, value_name = "FOLDER")]
        dir: Option<PathBuf>,
    },
}

pub(super) fn plugin(args: PluginArgs, context: &Context) -> Result<(), Failure> {
    if context.global.dry_run && !matches!(args.action, Action::Status) {
        return Failure::usage("`plugin` has no dry run\nhint: `hoist plugin status` shows what `docker compose` runs");
    }
    let hoist = running(context.variable("PATH"))?;
    match args.action {
        Action::Install { dir, force } => install(&place(dir, context)?, &hoist, force, context),
        Action::Status => status(&hoist, context),
        Action::Uninstall { dir } => uninstall(&place(dir, context)?, &hoist),
    }
}

fn configuration(context: &Context) -> Option<PathBuf> {
    config_folder(|name| context.environment.get(name).cloned())
}

fn place(folder: Option<PathBuf>, context: &Context) -> Result<Place, Failure> {
    let folder = folder.or_else(|| Some(configuration(context)?.join("cli-plugins")));
    match folder {
        Some(folder) => Ok(Place::new(context.working_directory.join(folder))),
        None => Failure::usage("there is no Docker configuration: HOME is not set\nhint: give the folder with --dir"),
    }
}

/// An error of the file system, with the path of the plugin.
fn cannot_write(place: &Place) -> impl Fn(std::io::Error) -> Failure {
    let path = place.program();
    move |error| Failure::Unexpected(anyhow::Error::new(error).context(format!("cannot change `{}`", path.display())))
}

fn install(place: &Place, hoist: &Path, force: bool, context: &Context) -> Result<(), Failure> {
    let program = place.program();
    let shown = program.display();
    match place.install(hoist, force).map_err(cannot_write(place))? {
        Installed::HeldBy(metadata) => {
            return Failure::usage(&format!(
                "`{shown}` is another program: {}\nhint: `hoist plugin install --force` replaces it, \
                 `hoist plugin uninstall` restores it",
                metadata.words()
            ));
        }
        Installed::BackupExists => {
            return Failure::usage(&format!(
                "`{shown}` is another program, and an earlier one is kept as `{}`\nhint: remove the one that you do \
                 not need",
                place.backup().display()
            ));
        }
        Installed::Alone => output::print(format!("{shown} is now hoist ({})\n", hoist.display()))?,
        Installed::KeepingBackup => output::print(format!(
            "{shown} is now hoist ({})\nkept for `hoist plugin uninstall`: {}\n",
            hoist.display(),
            place.backup().display()
        ))?,
    }
    match plugins(context).next() {
        Some(used) if used == *place => Ok(()),
        Some(used) => output::warn(
            &format!("`docker compose` still runs `{}`, which Docker finds first", used.program().display()),
            context,
        ),
        None => output::warn("Docker does not look for plugins in this folder", context),
    }
}

fn uninstall(place: &Place, hoist: &Path) -> Result<(), Failure> {
    let program = place.program();
    let shown = program.display();
    match place.uninstall(hoist).map_err(cannot_write(place))? {
        Uninstalled::Free => output::print(format!("removed {shown}\n")),
        Uninstalled::Restored => output::print(format!("restored {shown}: {}\n", Metadata::of(&program).words())),
        Uninstalled::NotInstalled => output::print(format!("{shown} does not exist\n")),
        Uninstalled::HeldBy(metadata) => Failure::usage(&format!("`{shown}` is not hoist: {}", metadata.words())),
    }
}

/// The folders that contain the plugin; `docker` runs the first one.
fn plugins(context: &Context) -> impl Iterator<Item = Place> {
    let folder = configuration(context);
    plugin_folders(folder.as_deref()).map(Place::new).filter(|place| place.program().exists())
}

fn status(hoist: &Path, context: &Context) -> Result<(), Failure> {
    let mut text = String::new();
    for (index, found) in plugins(context).enumerate() {
        let is = match found.holder(hoist) {
            Holder::Other(metadata) => metadata.words(),
            Holder::Hoist | Holder::Nobody => format!("hoist {}", Metadata::of(&found.program()).version),
        };
        let what = if index == 0 { "`docker compose` runs" } else { "not used:" };
        let link = std::fs::read_link(found.program()).map(|to| format!(" -> {}", to.display())).unwrap_or_default();
        let _ = writeln!(text, "{what} {}{link} ({is})", found.program().display());
        if found.has_backup() {
            let _ = writeln!(text, "kept for `hoist plugin uninstall`: {}", found.backup().display());
        }
    }
    if text.is_empty() {
        text += "`docker compose` has no plugin to run; `hoist plugin install` makes it run hoist\n";
    }
    output::print(text)
}
