//! The folders of the Docker command line's plugins.

use std::path::{Path, PathBuf};

use super::config::ConfigFile;

/// The folders for all users.
const SYSTEM_FOLDERS: [&str; 4] = [
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
];

/// The folders to search, in order: those that the configuration in `folder` adds, the user's own, those for all users.
pub(crate) fn plugin_folders(folder: Option<&Path>) -> impl Iterator<Item = PathBuf> {
    let own = folder.map(|folder| folder.join("cli-plugins"));
    let extra = ConfigFile::read_or_empty(folder).extra_plugin_folders();
    extra.into_iter().chain(own).chain(SYSTEM_FOLDERS.map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_folders_come_first() {
        let docker = tempfile::tempdir().unwrap();
        let of = |folder: &tempfile::TempDir| plugin_folders(Some(folder.path())).collect::<Vec<_>>();
        let own = docker.path().join("cli-plugins");
        assert_eq!(of(&docker)[..2], [own.clone(), SYSTEM_FOLDERS[0].into()]);
        let config = docker.path().join("config.json");
        std::fs::write(&config, r#"{"auths":{},"cliPluginsExtraDirs":["/opt/plugins"]}"#).unwrap();
        assert_eq!(of(&docker)[..2], [PathBuf::from("/opt/plugins"), own.clone()]);
        std::fs::write(&config, r#"{"cliPluginsExtraDirs":null}"#).unwrap();
        assert_eq!(of(&docker)[0], own);
    }
}
