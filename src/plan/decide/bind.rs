//! Bind mounts with a missing source: the engine creates a folder, and a program that expects a file fails.

use std::collections::BTreeSet;

use crate::plan::decide::content::services_with_new_containers;
use crate::plan::{Plan, UpOptions, Warning};
use crate::project::Service;
use crate::project::value::{Mount, MountKind};

/// Extensions of files that are often mounted individually. Folders have names like `conf.d` or `example.com`, but
/// hardly ever these extensions.
const FILE_ENDINGS: [&str; 28] = [
    "cfg",
    "cnf",
    "conf",
    "config",
    "crt",
    "csv",
    "db",
    "env",
    "html",
    "ini",
    "jar",
    "js",
    "json",
    "key",
    "log",
    "pem",
    "php",
    "properties",
    "py",
    "sh",
    "sock",
    "sql",
    "sqlite",
    "toml",
    "txt",
    "xml",
    "yaml",
    "yml",
];

/// Whether a path has such an extension.
fn looks_like_a_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').is_some_and(|(_, ending)| FILE_ENDINGS.contains(&&*ending.to_lowercase()))
}

/// The source of a mount for which the engine will create a folder although a file seems to be meant.
fn missing_file<'a>(mount: &'a Mount, missing_files: &BTreeSet<String>) -> Option<&'a str> {
    let is_made = mount.bind.as_ref().is_some_and(|bind| bind.create_host_path);
    if mount.kind != MountKind::Bind || !is_made || !looks_like_a_file(&mount.target) {
        return None;
    }
    mount.source.as_deref().filter(|source| missing_files.contains(*source) && looks_like_a_file(source))
}

/// Warns of mounts of containers that a plan creates or starts for which the engine will create a folder although
/// source and target look like files.
pub(in crate::plan) fn folders_for_files(plan: &Plan, options: &UpOptions) -> Vec<Warning> {
    let of_service = |service: &Service| {
        let missing = |(index, mount): (usize, &Mount)| {
            let path = missing_file(mount, &options.missing_files)?.to_owned();
            Some(Warning::FolderForFile { service: service.name.clone(), item: index.to_string(), path })
        };
        service.volumes.iter().enumerate().filter_map(missing).collect::<Vec<_>>()
    };
    services_with_new_containers(plan).into_iter().flat_map(|(_, service)| of_service(service)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::value::mount::parse_short;

    #[test]
    fn only_what_looks_like_a_file_on_both_sides_is_meant() {
        for (text, expected) in [
            ("/srv/nginx.conf:/etc/nginx/nginx.conf:ro", true),
            ("/srv/site.conf:/etc/nginx/conf.d/default.conf", true),
            ("/srv/there.conf:/etc/nginx/nginx.conf", false),
            ("/srv/conf.d:/etc/nginx/conf.d", false),
            ("/srv/example.com:/var/www/example.com", false),
            ("/srv/data:/var/lib/app.db", false),
            ("/srv/.ssh:/root/.ssh", false),
            ("nginx.conf:/etc/nginx/nginx.conf", false),
        ] {
            let mount = parse_short(text).expect("a mount");
            let missing = mount.source.iter().filter(|source| !source.contains("there")).cloned().collect();
            assert_eq!(missing_file(&mount, &missing).is_some(), expected, "{text}");
        }
    }
}
