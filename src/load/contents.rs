//! The current content of a project's secrets and configs, as digests.

use std::collections::BTreeSet;
use std::path::Path;

use crate::project::fingerprint::Fingerprint;
use crate::project::value::MountKind;
use crate::project::{FileSource, Project};
use crate::source::Reader;

/// Maximum size of a file that is read: no program's configuration is larger.
const LARGEST: u64 = 1 << 20;

/// A digest of the content of each secret and config, named `secret.NAME` and `config.NAME`, so that a run can tell
/// which of them changed since a container was created. Files are read now. Left out are files that cannot be read or
/// are larger than 1 MiB, external ones, and those from an unset variable.
#[must_use]
pub fn contents(project: &Project) -> Fingerprint {
    let secrets = project.secrets.iter().map(|(name, secret)| (format!("secret.{name}"), secret.source.as_ref()));
    let configs = project.configs.iter().map(|(name, config)| (format!("config.{name}"), config.source.as_ref()));
    let known = secrets.chain(configs).filter_map(|(name, source)| Some((name, content(source?)?)));
    Fingerprint::of_contents(known)
}

/// The files of secrets and configs, and the sources of bind mounts, that do not exist now.
#[must_use]
pub fn missing_files(project: &Project) -> BTreeSet<String> {
    let secrets = project.secrets.values().map(|secret| secret.source.as_ref());
    let configs = project.configs.values().map(|config| config.source.as_ref());
    let files = secrets.chain(configs).filter_map(|source| match source? {
        FileSource::File(path) => Some(path),
        FileSource::Content(_) | FileSource::Environment { .. } => None,
    });
    let mounts = project.services.values().flat_map(|service| &service.volumes);
    let sources = mounts.filter(|mount| mount.kind == MountKind::Bind).filter_map(|mount| mount.source.as_ref());
    // If this fails, the file may exist.
    files.chain(sources).filter(|path| matches!(Path::new(path).try_exists(), Ok(false))).cloned().collect()
}

fn content(source: &FileSource) -> Option<Vec<u8>> {
    match source {
        FileSource::File(path) => read(Path::new(path)),
        FileSource::Content(text) | FileSource::Environment { value: Some(text), .. } => {
            Some(text.clone().into_bytes())
        }
        FileSource::Environment { value: None, .. } => None,
    }
}

fn read(path: &Path) -> Option<Vec<u8>> {
    // Checked before opening: opening a pipe would block until someone writes to it.
    if !std::fs::metadata(path).ok()?.is_file() {
        return None;
    }
    Reader::up_to(LARGEST).read(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{Config, Secret};

    #[test]
    fn what_can_be_read_has_a_digest() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        std::fs::write(path("small"), "x").expect("a file");
        std::fs::write(path("large"), vec![0; (1 << 20) + 1]).expect("a file");
        let variable = |value: Option<&str>| FileSource::Environment {
            variable: "V".to_owned(),
            value: value.map(ToOwned::to_owned),
        };
        let mut project = Project::default();
        for (name, source) in [
            ("small", FileSource::File(path("small"))),
            ("large", FileSource::File(path("large"))),
            ("missing", FileSource::File(path("missing"))),
            ("folder", FileSource::File(folder.path().to_string_lossy().into_owned())),
            ("set", variable(Some("x"))),
            ("unset", variable(None)),
        ] {
            project.secrets.insert(name.into(), Secret { source: Some(source), ..Secret::default() });
        }
        let text = FileSource::Content("x".to_owned());
        project.configs.insert("text".into(), Config { source: Some(text), ..Config::default() });
        let known = contents(&project);
        assert_eq!(known.names().collect::<Vec<_>>(), ["config.text", "secret.set", "secret.small"]);
        assert_eq!(missing_files(&project), [path("missing")].into());
        std::fs::write(path("small"), "y").expect("a file");
        assert_eq!(known.changed(&contents(&project)), ["secret.small"]);
    }
}
