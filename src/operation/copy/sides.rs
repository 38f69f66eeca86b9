//! The two arguments of `cp` in, what is copied where out; and the rules of where it lands.

use super::error::CopyError;
use crate::project::ServiceName;

/// One copy, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    /// The service.
    pub service: ServiceName,
    /// The path in its containers.
    pub path: String,
    /// The other side.
    pub local: Local,
    /// Which way it goes.
    pub direction: Direction,
}

/// The local side of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Local {
    /// A path, as it is written.
    Path(String),
    /// An archive on standard input or output (`-`).
    Stream,
}

/// Which way is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Out of a container.
    FromService,
    /// Into containers.
    ToService,
}

impl Sides {
    /// Reads the arguments: `SERVICE:PATH` on one side, a local path or `-` on the other. A path is local if it is
    /// absolute, begins with `.` or has no colon.
    ///
    /// # Errors
    ///
    /// If one is empty, both are in a service, or neither is.
    ///
    /// ```
    /// use hoist::operation::copy::{Direction, Local, Sides};
    /// let sides = Sides::of("./a:b", "web:/tmp").unwrap();
    /// assert_eq!((sides.service.as_str(), sides.path.as_str()), ("web", "/tmp"));
    /// assert_eq!((sides.local, sides.direction), (Local::Path("./a:b".to_owned()), Direction::ToService));
    /// assert!(Sides::of("a", "b").is_err());
    /// ```
    pub fn of(source: &str, destination: &str) -> Result<Self, CopyError> {
        if source.is_empty() {
            return Err(CopyError::NoSource);
        }
        if destination.is_empty() {
            return Err(CopyError::NoDestination);
        }
        let local = |text: &str| if text == "-" { Local::Stream } else { Local::Path(text.to_owned()) };
        let (service, path, local, direction) = match (split(source), split(destination)) {
            ((Some(_), _), (Some(_), _)) => return Err(CopyError::BetweenServices),
            ((Some(service), path), (None, to)) => (service, path, local(to), Direction::FromService),
            ((None, from), (Some(service), path)) => (service, path, local(from), Direction::ToService),
            ((None, _), (None, _)) => return Err(CopyError::NoDirection),
        };
        Ok(Self { service: service.into(), path: path.to_owned(), local, direction })
    }
}

/// The service, if there is one, and the path.
fn split(text: &str) -> (Option<&str>, &str) {
    match text.split_once(':') {
        Some((service, path)) if !text.starts_with(['/', '.']) => (Some(service).filter(|name| !name.is_empty()), path),
        _ => (None, text),
    }
}

/// Where a copy lands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Landing {
    /// In the destination, under its own name.
    Inside,
    /// As the destination, under its name.
    As,
}

/// Whether something is a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    Other,
}

impl Kind {
    pub(super) fn of(is_folder: bool) -> Self {
        if is_folder { Self::Folder } else { Self::Other }
    }
}

/// Where `source` lands; `destination` is what is there now, and `asserts_folder` whether it is named as a folder.
pub(super) fn landing(source: Kind, destination: Option<Kind>, asserts_folder: bool) -> Result<Landing, CopyError> {
    match (source, destination) {
        (_, Some(Kind::Folder)) => Ok(Landing::Inside),
        (Kind::Folder, Some(Kind::Other)) => Err(CopyError::FolderOverFile),
        (Kind::Other, None) if asserts_folder => Err(CopyError::NoFolder),
        (Kind::Folder | Kind::Other, _) => Ok(Landing::As),
    }
}

/// Whether a path names a folder: it ends with `/` or `/.`, or is empty.
pub(super) fn asserts_folder(path: &str) -> bool {
    path.is_empty() || path.ends_with('/') || means_content(path)
}

/// Whether a path means what is in a folder, and not the folder.
pub(super) fn means_content(path: &str) -> bool {
    path == "." || path.ends_with("/.")
}

/// The folder and the last name of a path in a container; no name for `/`.
pub(super) fn parent_and_name(path: &str) -> (String, Option<String>) {
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    let name = names.pop().map(str::to_owned);
    (format!("/{}", names.join("/")), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_local_if_it_is_absolute_has_no_colon_or_begins_with_a_dot() {
        let of = |source: &str, destination: &str| match Sides::of(source, destination) {
            Ok(Sides { service, path, local, direction }) => {
                let local = if let Local::Path(path) = local { path } else { "stream".to_owned() };
                match direction {
                    Direction::FromService => format!("{service} {path} > {local}"),
                    Direction::ToService => format!("{local} > {service} {path}"),
                }
            }
            Err(error) => error.to_string(),
        };
        for (source, destination, expected) in [
            ("web:/a", "b", "web /a > b"),
            ("web:a:b", "-", "web a:b > stream"),
            ("web:", ".", "web  > ."),
            ("-", "web:/a", "stream > web /a"),
            ("/a:b", "web:c", "/a:b > web c"),
            ("./a:b", "web:c", "./a:b > web c"),
            ("../a:b", "web:c", "../a:b > web c"),
            ("a", "b", "unknown copy direction"),
            ("-", "-", "unknown copy direction"),
            (":/a", "b", "unknown copy direction"),
            ("web:/a", "db:/b", "copying between services is not supported"),
            ("", "web:/a", "source can not be empty"),
            ("a", "", "destination can not be empty"),
        ] {
            assert_eq!(of(source, destination), expected, "{source} {destination}");
        }
    }

    #[test]
    fn where_a_copy_lands() {
        use Kind::{Folder, Other};
        let of =
            |source, destination, asserts| landing(source, destination, asserts).map_err(|error| error.to_string());
        for (source, destination, asserts, expected) in [
            (Other, Some(Folder), false, Ok(Landing::Inside)),
            (Folder, Some(Folder), true, Ok(Landing::Inside)),
            (Other, Some(Other), false, Ok(Landing::As)),
            (Folder, Some(Other), false, Err("cannot copy directory".to_owned())),
            (Folder, None, false, Ok(Landing::As)),
            (Folder, None, true, Ok(Landing::As)),
            (Other, None, false, Ok(Landing::As)),
            (Other, None, true, Err("no such directory".to_owned())),
        ] {
            assert_eq!(of(source, destination, asserts), expected, "{source:?} {destination:?} {asserts}");
        }
    }

    #[test]
    fn paths_in_containers() {
        let of = |path: &str| {
            let (parent, name) = parent_and_name(path);
            format!("{parent} {}", name.unwrap_or_default())
        };
        for (path, expected) in [
            ("/a/b", "/a b"),
            ("/a/b/", "/a b"),
            ("/a/b/.", "/a b"),
            ("a", "/ a"),
            ("/a/../b", "/ b"),
            ("/../../b", "/ b"),
            ("/", "/ "),
            ("", "/ "),
        ] {
            assert_eq!(of(path), expected, "{path}");
        }
        assert!(asserts_folder("") && asserts_folder("/a/") && asserts_folder("/a/.") && asserts_folder("."));
        assert!(!asserts_folder("/a") && !asserts_folder("/a.") && !asserts_folder(".."));
        assert!(means_content("/a/.") && !means_content("/a/") && !means_content("/a.."));
    }
}
