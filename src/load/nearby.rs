//! A path that leads nowhere in, the path of the file that was meant out. Folders are listed only when an error needs a
//! hint.

use std::path::Path;

use crate::load::file_name::{closest_name, same_stem};
use crate::source::list_folder;

/// Maximum number of folders that are searched.
const MOST_FOLDERS: usize = 200;

/// The path to write instead of `written`, which stands for the missing file at `path`: the same name with another
/// ending, the same name one folder away, or a similar name in the same folder.
pub(super) fn instead_of(path: &Path, written: &str, accept: fn(&str) -> bool) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent()?;
    let before = written.strip_suffix(name).unwrap_or_default();
    if let Some(other) = same_stem(path, accept) {
        return Some(format!("{before}{other}"));
    }
    one_folder_away(folder, name, before).or_else(|| Some(format!("{before}{}", closest_name(path, accept)?)))
}

/// The path of a file `name` one folder away from `folder`, which was written as `before`.
fn one_folder_away(folder: &Path, name: &str, before: &str) -> Option<String> {
    if let Some(inner) = folder_with(folder, name) {
        return Some(format!("{before}{inner}/{name}"));
    }
    let outer = folder.parent()?;
    // `./a/b` without its last folder is `./`.
    let outer_written = || {
        let before = before.trim_end_matches('/');
        match before.rsplit_once('/') {
            Some((outer, last)) if last != ".." && last != "." => Some(format!("{outer}/")),
            None if !before.is_empty() && before != "." && before != ".." => Some(String::new()),
            _ => None,
        }
    };
    let outer_written = outer_written().unwrap_or_else(|| format!("{}../", before.trim_start_matches("./")));
    if outer.join(name).is_file() {
        return Some(format!("{outer_written}{name}"));
    }
    // The folder itself may be misspelled.
    let other = (!folder.is_dir()).then(|| folder_with(outer, name)).flatten()?;
    Some(format!("{outer_written}{other}/{name}"))
}

/// The first folder in `folder` that has a file `name`.
fn folder_with(folder: &Path, name: &str) -> Option<String> {
    let entries = list_folder(folder);
    let folders = entries.into_iter().filter(|entry| entry.is_folder).take(MOST_FOLDERS);
    let mut having = folders.map(|entry| entry.name).filter(|inner| folder.join(inner).join(name).is_file());
    having.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_one_folder_away() {
        let root = tempfile::tempdir().expect("a folder");
        let make = |path: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
            std::fs::write(path, "").expect("written");
        };
        make("project/config/app.env");
        make("project/top.env");
        make("outer.env");
        let instead = |written: &str| instead_of(&root.path().join("project").join(written), written, |_| true);
        assert_eq!(instead("app.env").as_deref(), Some("config/app.env"));
        assert_eq!(instead("./app.env").as_deref(), Some("./config/app.env"));
        assert_eq!(instead("conf/app.env").as_deref(), Some("config/app.env"));
        assert_eq!(instead("config/top.env").as_deref(), Some("top.env"));
        assert_eq!(instead("outer.env").as_deref(), Some("../outer.env"));
        assert_eq!(instead("none.conf"), None);
    }
}
