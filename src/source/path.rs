//! Paths as text, in the file format's form on every system.

/// The path without `.`, `..`, doubled and trailing slashes, without looking at the file system; `.` if nothing is
/// left.
pub(crate) fn clean(path: &str) -> String {
    if is_clean(path) {
        return path.to_owned();
    }
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&"..") | None if !rooted => parts.push(".."),
                _ => {
                    parts.pop();
                }
            },
            name => parts.push(name),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// Whether a path is clean already, as most are.
fn is_clean(path: &str) -> bool {
    let inner = path.strip_prefix('/').unwrap_or(path);
    inner.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn dots_and_doubled_slashes_go() {
        for (path, cleaned) in [
            ("", "."),
            ("/", "/"),
            ("./a//b/", "a/b"),
            ("/a/./b/../c/", "/a/c"),
            ("a/..", "."),
            ("a/../..", ".."),
            ("../../a/../b", "../../b"),
            ("/../a", "/a"),
        ] {
            assert_eq!(clean(path), cleaned, "{path}");
        }
    }
}
