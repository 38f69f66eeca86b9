//! The place of `docker compose` in a folder of plugins: who holds it, and how hoist takes it and gives it back.
//!
//! hoist is linked there, not copied: an upgrade of hoist upgrades the plugin, and there is one program on the disk.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::VENDOR;

/// The name under which `docker` looks for its plugin `compose`.
const PROGRAM: &str = "docker-compose";

/// What was there before hoist. `docker` looks at no file whose name does not begin with `docker-`.
const BACKUP: &str = ".docker-compose.before-hoist";

/// A folder of plugins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Place {
    folder: PathBuf,
}

/// Who holds the name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Holder {
    /// Nobody.
    Nobody,
    /// hoist, this one or another.
    Hoist,
    /// Another program.
    Other(Metadata),
}

/// What a plugin says about itself; nothing where it does not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(in crate::cli) struct Metadata {
    pub(in crate::cli) vendor: String,
    pub(in crate::cli) version: String,
}

impl Metadata {
    /// Asks the plugin itself, as `docker` does.
    pub(in crate::cli) fn of(program: &Path) -> Self {
        let mut asked = Command::new(program);
        let asked = asked.arg("docker-cli-plugin-metadata").stdin(Stdio::null()).stderr(Stdio::null());
        let output = asked.output().map(|output| output.stdout).unwrap_or_default();
        serde_json::from_slice(&output).unwrap_or_default()
    }

    /// Who it is by, and its version.
    pub(in crate::cli) fn words(&self) -> String {
        match (self.vendor.as_str(), self.version.as_str()) {
            ("", _) => "not a plugin that works".to_owned(),
            (vendor, "") => vendor.to_owned(),
            (vendor, version) => format!("{vendor} {version}"),
        }
    }
}

/// What became of an installation.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) enum Installed {
    /// hoist has the place.
    Alone,
    /// And what was there before is kept.
    KeepingBackup,
    /// Nothing was done: another program has the place.
    HeldBy(Metadata),
    /// Nothing was done: another program has the place, and one that had it before is kept already.
    BackupExists,
}

/// What became of its undoing.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) enum Uninstalled {
    /// The place is free.
    Free,
    /// What was there before is back.
    Restored,
    /// Nothing was done: hoist does not have the place.
    HeldBy(Metadata),
    /// Nothing was done: nobody has the place.
    NotInstalled,
}

impl Place {
    pub(in crate::cli) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The plugin, whether it is there or not.
    pub(in crate::cli) fn program(&self) -> PathBuf {
        self.folder.join(PROGRAM)
    }

    /// Where what was there before is kept.
    pub(in crate::cli) fn backup(&self) -> PathBuf {
        self.folder.join(BACKUP)
    }

    /// Who holds the name. A link that leads nowhere is hoist's where it led to a program of that name.
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

    /// Links `hoist` as the plugin; another program is only put aside with `force`.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be written to.
    pub(in crate::cli) fn install(&self, hoist: &Path, force: bool) -> io::Result<Installed> {
        let holder = self.holder(hoist);
        match holder {
            Holder::Other(metadata) if !force => return Ok(Installed::HeldBy(metadata)),
            Holder::Other(_) if self.has_backup() => return Ok(Installed::BackupExists),
            Holder::Other(_) => fs::rename(self.program(), self.backup())?,
            Holder::Hoist | Holder::Nobody => fs::create_dir_all(&self.folder)?,
        }
        // The link takes the place in one step: at no time is there none.
        let new = self.folder.join(format!("{BACKUP}.{}", std::process::id()));
        symlink(hoist, &new)?;
        fs::rename(&new, self.program()).inspect_err(|_| drop(fs::remove_file(&new)))?;
        Ok(if self.has_backup() { Installed::KeepingBackup } else { Installed::Alone })
    }

    /// Removes hoist from the place, and puts back what was there before.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be written to.
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

    /// Whether something is kept.
    pub(in crate::cli) fn has_backup(&self) -> bool {
        fs::symlink_metadata(self.backup()).is_ok()
    }
}

/// The running program as it is found on `path`, so that a link on the way (to a version, for example) stays a link; else
/// its file.
///
/// # Errors
///
/// Where the system does not say which file runs.
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
