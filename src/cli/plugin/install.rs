//! Installs hoist as `docker-compose` in a folder of plugins, and restores what was there before.
//!
//! The plugin is a symbolic link, not a copy: upgrading hoist upgrades the plugin too.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::VENDOR;

/// The name under which `docker` looks for its plugin `compose`.
const PROGRAM: &str = "docker-compose";

/// The name of the replaced program. `docker` ignores files whose names do not begin with `docker-`.
const BACKUP: &str = ".docker-compose.before-hoist";

/// A folder of plugins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Place {
    folder: PathBuf,
}

/// What `docker-compose` in a folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Holder {
    /// Nothing.
    Nobody,
    /// hoist, in this or another version.
    Hoist,
    /// Another program.
    Other(Metadata),
}

/// What a plugin says about itself; empty if it does not answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(in crate::cli) struct Metadata {
    pub(in crate::cli) vendor: String,
    pub(in crate::cli) version: String,
}

impl Metadata {
    /// Runs the plugin to get its metadata, as `docker` does.
    pub(in crate::cli) fn of(program: &Path) -> Self {
        let mut asked = Command::new(program);
        let asked = asked.arg("docker-cli-plugin-metadata").stdin(Stdio::null()).stderr(Stdio::null());
        let output = asked.output().map(|output| output.stdout).unwrap_or_default();
        serde_json::from_slice(&output).unwrap_or_default()
    }

    /// The vendor and the version.
    pub(in crate::cli) fn words(&self) -> String {
        match (self.vendor.as_str(), self.version.as_str()) {
            ("", _) => "not a plugin that works".to_owned(),
            (vendor, "") => vendor.to_owned(),
            (vendor, version) => format!("{vendor} {version}"),
        }
    }
}

/// The result of an installation.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) enum Installed {
    /// hoist is installed.
    Alone,
    /// hoist is installed, and there is a backup.
    KeepingBackup,
    /// Nothing changed: there is another program.
    HeldBy(Metadata),
    /// Nothing changed: there is another program, and a backup already.
    BackupExists,
}

/// The result of an uninstallation.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) enum Uninstalled {
    /// hoist is removed.
    Free,
    /// hoist is removed, and the backup restored.
    Restored,
    /// Nothing changed: it is another program.
    HeldBy(Metadata),
    /// Nothing changed: there is no plugin.
    NotInstalled,
}

impl Place {
    pub(in crate::cli) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The path of the plugin.
    pub(in crate::cli) fn program(&self) -> PathBuf {
        self.folder.join(PROGRAM)
    }

    /// The path of the backup.
    pub(in crate::cli) fn backup(&self) -> PathBuf {
        self.folder.join(BACKUP)
    }

    /// What the plugin is. A dangling link counts as hoist if its target has the same file name.
    pub(in crate::cli) fn holder(&self, hoist: &Path) -> Holder {
        let program = self.program();
        if fs::symlink_metadata(&program).is_err() {
            return Holder::Nobody;
        }
        if let (Ok(held), Ok(own)) = (program.canonicalize(), hoist.canonicalize())
            && held == own
        {
            return Holder::Hoist;
        }
        if !program.exists() {
            let led_to_hoist = fs::read_link(&program).is_ok_and(|to| to.file_name() == hoist.file_name());
            return if led_to_hoist { Holder::Hoist } else { Holder::Other(Metadata::default()) };
        }
        match Metadata::of(&program) {
            metadata if metadata.vendor == VENDOR => Holder::Hoist,
            metadata => Holder::Other(metadata),
        }
    }

    /// Links `hoist` as the plugin; replaces another program only with `force`, and keeps a backup of it.
    ///
    /// # Errors
    ///
    /// If the folder is not writable.
    pub(in crate::cli) fn install(&self, hoist: &Path, force: bool) -> io::Result<Installed> {
        let holder = self.holder(hoist);
        match holder {
            Holder::Other(metadata) if !force => return Ok(Installed::HeldBy(metadata)),
            Holder::Other(_) if self.has_backup() => return Ok(Installed::BackupExists),
            Holder::Other(_) => fs::rename(self.program(), self.backup())?,
            Holder::Hoist | Holder::Nobody => fs::create_dir_all(&self.folder)?,
        }
        // Renaming replaces the old link atomically.
        let new = self.folder.join(format!("{BACKUP}.{}", std::process::id()));
        symlink(hoist, &new)?;
        fs::rename(&new, self.program()).inspect_err(|_| drop(fs::remove_file(&new)))?;
        Ok(if self.has_backup() { Installed::KeepingBackup } else { Installed::Alone })
    }

    /// Removes hoist and restores the backup, if any.
    ///
    /// # Errors
    ///
    /// If the folder is not writable.
    pub(in crate::cli) fn uninstall(&self, hoist: &Path) -> io::Result<Uninstalled> {
        match self.holder(hoist) {
            Holder::Other(metadata) => Ok(Uninstalled::HeldBy(metadata)),
            Holder::Hoist | Holder::Nobody if self.has_backup() => {
                fs::rename(self.backup(), self.program())?;
                Ok(Uninstalled::Restored)
            }
            Holder::Nobody => Ok(Uninstalled::NotInstalled),
            Holder::Hoist => {
                fs::remove_file(self.program())?;
                Ok(Uninstalled::Free)
            }
        }
    }

    /// Whether there is a backup.
    pub(in crate::cli) fn has_backup(&self) -> bool {
        fs::symlink_metadata(self.backup()).is_ok()
    }
}

/// The path of the running program: as found on `path`, so that links (for example to a version) are kept, else its file.
///
/// # Errors
///
/// If the system does not say which file is running.
pub(in crate::cli) fn running(path: Option<&str>) -> io::Result<PathBuf> {
    let running = std::env::current_exe()?.canonicalize()?;
    let name = running.file_name().unwrap_or_default();
    let on_path = std::env::split_paths(path.unwrap_or_default()).filter(|folder| folder.is_absolute());
    let mut found = on_path.map(|folder| folder.join(name));
    Ok(found.find(|file| file.canonicalize().is_ok_and(|file| file == running)).unwrap_or(running))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn program(path: &Path, vendor: &str) {
        let text = format!("#!/bin/sh\necho '{{\"Vendor\": \"{vendor}\", \"Version\": \"v1\"}}'\n");
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn another_program_is_kept_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let hoist = folder.path().join("hoist");
        program(&hoist, "hoist");
        let place = Place::new(folder.path().join("cli-plugins"));
        assert_eq!(place.uninstall(&hoist).unwrap(), Uninstalled::NotInstalled);
        assert_eq!(place.install(&hoist, false).unwrap(), Installed::Alone);
        assert_eq!(place.install(&hoist, false).unwrap(), Installed::Alone);
        assert_eq!(fs::read_link(place.program()).unwrap(), hoist);
        assert_eq!(place.uninstall(&hoist).unwrap(), Uninstalled::Free);

        program(&place.program(), "Other");
        let other = Metadata { vendor: "Other".to_owned(), version: "v1".to_owned() };
        assert_eq!(place.install(&hoist, false).unwrap(), Installed::HeldBy(other.clone()));
        assert_eq!(place.uninstall(&hoist).unwrap(), Uninstalled::HeldBy(other.clone()));
        assert_eq!(place.install(&hoist, true).unwrap(), Installed::KeepingBackup);
        assert_eq!(place.holder(&hoist), Holder::Hoist);
        assert_eq!(place.uninstall(&hoist).unwrap(), Uninstalled::Restored);
        assert_eq!(place.holder(&hoist), Holder::Other(other));
        assert!(!place.has_backup());
    }

    #[test]
    fn what_is_kept_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let hoist = folder.path().join("hoist");
        program(&hoist, "hoist");
        let place = Place::new(folder.path().to_owned());
        program(&place.backup(), "First");
        program(&place.program(), "Second");
        assert_eq!(place.install(&hoist, true).unwrap(), Installed::BackupExists);
        assert_eq!(Metadata::of(&place.program()).vendor, "Second");
    }

    #[test]
    fn a_link_to_a_hoist_that_is_gone_is_hoists() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(folder.path().to_owned());
        symlink("/nonexistent/hoist", place.program()).unwrap();
        assert_eq!(place.holder(Path::new("/usr/bin/hoist")), Holder::Hoist);
        fs::remove_file(place.program()).unwrap();
        symlink("/nonexistent/docker-compose", place.program()).unwrap();
        assert_eq!(place.holder(Path::new("/usr/bin/hoist")), Holder::Other(Metadata::default()));
    }
}
