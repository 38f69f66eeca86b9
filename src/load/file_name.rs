//! The names of Compose files, and the file with the closest name to a mistyped path.

use std::path::Path;

use crate::diagnostic::suggest;
use crate::source::list_folder;

/// Names of the main file, preferred first.
pub const FILE_NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// Names of the override file, which is merged over the main one; preferred first.
pub const OVERRIDE_NAMES: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// The Compose file next to `path` whose name is closest to its name.
pub(super) fn closest_file(path: &Path) -> Option<String> {
    closest_name(path, is_yaml)
}

/// The file next to `path` whose name is closest to its name, among those with an accepted name.
pub(super) fn closest_name(path: &Path, accept: fn(&str) -> bool) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let entries = list_folder(path.parent()?).into_iter().filter(|entry| !entry.is_folder);
    let beside: Vec<String> = entries.map(|entry| entry.name).filter(|name| accept(name)).collect();
    suggest::closest(name, beside.iter().map(String::as_str)).map(str::to_owned)
}

/// The file next to `path` that has its name with another ending, among those with an accepted name.
pub(super) fn same_stem(path: &Path, accept: fn(&str) -> bool) -> Option<String> {
    let entries = list_folder(path.parent()?).into_iter().filter(|entry| !entry.is_folder);
    let mut names = entries.map(|entry| entry.name).filter(|name| accept(name));
    names.find(|name| Path::new(name).file_stem() == path.file_stem())
}

/// The file next to `path` that a project ships for people to copy to `path`: `web.env.example` for `web.env`.
pub(super) fn template_of(path: &Path) -> Option<String> {
    const ENDINGS: [&str; 6] = ["default", "dist", "example", "sample", "template", "tmpl"];
    let name = path.file_name()?.to_str()?;
    let names = ENDINGS.iter().map(|ending| format!("{name}.{ending}"));
    names.into_iter().find(|template| path.with_file_name(template).is_file())
}

pub(super) fn is_yaml(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml"))
}
