//! Mounts of a container (Compose spec: `05-services.md`, `volumes`).

use std::collections::BTreeMap;
use std::fmt;

use super::ByteSize;
use crate::project::Extensions;
use crate::source::clean;

/// An item of a service's `volumes`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mount {
    /// `type`: the kind of mount.
    pub kind: MountKind,
    /// Path on the host, key of a volume, or image reference; `None` for `tmpfs` and anonymous volumes.
    pub source: Option<String>,
    /// Path in the container, cleaned.
    pub target: String,
    /// Whether it is read-only.
    pub read_only: bool,
    /// No effect on today's engines.
    pub consistency: Option<String>,
    /// The `bind` block, even if empty.
    pub bind: Option<BindOptions>,
    /// The `volume` block, even if empty.
    pub volume: Option<VolumeOptions>,
    /// The `tmpfs` block, even if empty.
    pub tmpfs: Option<TmpfsOptions>,
    /// The `image` block, even if empty.
    pub image: Option<ImageOptions>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// The `type` of a [`Mount`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MountKind {
    /// A volume of the engine, named or anonymous.
    #[default]
    Volume,
    /// A file or folder on the host.
    Bind,
    /// A file system in memory.
    Tmpfs,
    /// The files of an image, read-only.
    Image,
    /// A Windows named pipe.
    NamedPipe,
    /// A cluster volume.
    Cluster,
}

impl MountKind {
    /// The word in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Volume => "volume",
            Self::Bind => "bind",
            Self::Tmpfs => "tmpfs",
            Self::Image => "image",
            Self::NamedPipe => "npipe",
            Self::Cluster => "cluster",
        }
    }
}

impl fmt::Display for MountKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The `bind` block of a [`Mount`].
#[derive(Debug, Clone, PartialEq)]
pub struct BindOptions {
    /// `selinux`: how the content is relabelled.
    pub selinux: Option<SelinuxLabel>,
    /// `propagation`: `rprivate`, `rshared` and so on; not restricted by the file format.
    pub propagation: Option<String>,
    /// Whether a missing source is created, as a folder; true unless the file says false.
    pub create_host_path: bool,
    /// Whether the file requests that explicitly or by the short form of a mount; false by default. Only the hash of
    /// Docker Compose 2 depends on it.
    pub says_create_host_path: bool,
    /// `recursive`: what happens to mounts below the source.
    pub recursive: Option<RecursiveBind>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

impl Default for BindOptions {
    fn default() -> Self {
        Self {
            selinux: None,
            propagation: None,
            create_host_path: true,
            says_create_host_path: false,
            recursive: None,
            extensions: Extensions::default(),
        }
    }
}

/// How `SELinux` labels change for a bind mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SelinuxLabel {
    /// `z`: shared by several containers.
    Shared,
    /// `Z`: private to this container.
    Private,
}

impl SelinuxLabel {
    /// The word in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shared => "z",
            Self::Private => "Z",
        }
    }
}

/// What happens to mounts below the source of a bind mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecursiveBind {
    /// `enabled`: they are included.
    Enabled,
    /// `disabled`: they are not included.
    Disabled,
    /// `writable`: they are included and stay writable in a read-only mount.
    Writable,
    /// `readonly`: they are included and must be read-only, or the mount fails.
    ReadOnly,
}

impl RecursiveBind {
    /// The word in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Writable => "writable",
            Self::ReadOnly => "readonly",
        }
    }
}

/// The `volume` block of a [`Mount`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VolumeOptions {
    /// Labels of the volume if the engine creates it for this mount.
    pub labels: BTreeMap<String, String>,
    /// Whether to leave a new volume empty instead of copying the image's files into it.
    pub nocopy: bool,
    /// The folder in the volume to mount; the whole volume if absent.
    pub subpath: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// The `tmpfs` block of a [`Mount`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TmpfsOptions {
    /// Maximum size; 0 means no limit.
    pub size: ByteSize,
    /// Permission bits of the folder; 0 means the engine's default.
    pub mode: u32,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// The `image` block of a [`Mount`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImageOptions {
    /// The folder in the image to mount; the whole image if absent.
    pub subpath: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// An item of a service's `tmpfs`: a file system in memory.
///
/// Shown as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tmpfs {
    /// Path in the container: the text before the first `:`.
    pub target: String,
    /// Mount options (`size=64m,mode=1777`): the text after the first `:`, if there is one.
    pub options: Option<String>,
}

impl From<&str> for Tmpfs {
    fn from(text: &str) -> Self {
        match text.split_once(':') {
            Some((target, options)) => Self { target: target.to_owned(), options: Some(options.to_owned()) },
            None => Self { target: text.to_owned(), options: None },
        }
    }
}

impl fmt::Display for Tmpfs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.target)?;
        self.options.iter().try_for_each(|options| write!(f, ":{options}"))
    }
}

/// Why a text is not a mount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a mount: {problem}")]
pub struct MountError {
    /// The entry as written.
    pub text: String,
    /// What is wrong with it.
    pub problem: MountProblem,
}

/// What is wrong with a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MountProblem {
    /// The entry is empty.
    #[error("it is empty")]
    Empty,
    /// There is nothing before, between or after colons.
    #[error("a part between colons is empty")]
    EmptyPart,
    /// There are more parts than source, target and options.
    #[error("it has too many colons")]
    TooManyParts,
}

impl MountError {
    /// An example of what is accepted.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        "write `SOURCE:TARGET[:OPTIONS]`, as in `./data:/data:ro` or `db:/var/lib/mysql`"
    }
}

/// Parses a mount in short form, `[source:]target[:options]`, and cleans its target.
///
/// A source that looks like a path (`.`, `/`, `~`, `\\\\` or a drive at its start) is a bind mount, any other is a
/// volume. A single letter before a colon is a drive, so `a:/b` is an anonymous volume; colons in `${…}` do not count;
/// unknown options are ignored.
///
/// ```
/// use hoist::project::value::mount::{MountKind, parse_short};
/// let mount = parse_short("./data:/data/:ro")?;
/// assert_eq!((mount.kind, mount.target.as_str(), mount.read_only), (MountKind::Bind, "/data", true));
/// assert!(parse_short("data::ro").is_err());
/// # Ok::<(), hoist::project::value::mount::MountError>(())
/// ```
///
/// # Errors
///
/// For empty parts, and for more than three.
pub fn parse_short(text: &str) -> Result<Mount, MountError> {
    let wrong = |problem| MountError { text: text.to_owned(), problem };
    if text.is_empty() {
        return Err(wrong(MountProblem::Empty));
    }
    if text.len() <= 2 {
        return Ok(Mount { target: text.to_owned(), ..Mount::default() });
    }
    let parts = split(text);
    if parts.iter().any(|part| part.is_empty()) {
        return Err(wrong(MountProblem::EmptyPart));
    }
    let (source, target, options) = match parts[..] {
        [target] => (None, target, ""),
        [source, target] => (Some(source), target, ""),
        [source, target, options] => (Some(source), target, options),
        _ => return Err(wrong(MountProblem::TooManyParts)),
    };
    let mut mount = Mount { source: source.map(str::to_owned), target: clean_target(target), ..Mount::default() };
    for option in options.split(',') {
        apply(&mut mount, option);
    }
    if source.is_some_and(is_host_path) {
        mount.kind = MountKind::Bind;
        mount.bind.get_or_insert_default().says_create_host_path = true;
    } else {
        mount.volume.get_or_insert_default();
    }
    Ok(mount)
}

/// The parts between colons, ignoring colons of drives and in `${…}`.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut open = 0_u32;
    for (at, character) in text.char_indices() {
        match character {
            '$' if text[at + 1..].starts_with('{') => open += 1,
            '}' => open = open.saturating_sub(1),
            ':' if open == 0 && !is_drive(&text[start..at]) => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn is_drive(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(char::is_alphabetic) && characters.next().is_none()
}

/// Whether the source of a short mount is a path on the host rather than the name of a volume.
#[must_use]
pub fn is_host_path(source: &str) -> bool {
    source.starts_with(['.', '/', '~'])
        || source.starts_with(r"\\")
        || source.split_once(':').is_some_and(|(drive, _)| is_drive(drive))
}

/// The unknown options of a short mount; those for the consistency of shared folders, which only mattered on some
/// machines, count as known.
pub fn unknown_options(text: &str) -> impl Iterator<Item = &str> {
    let parts = split(text);
    let options = if let [_, _, options] = parts[..] { options } else { "" };
    options.split(',').filter(|option| {
        let before = Mount::default();
        let mut after = before.clone();
        apply(&mut after, option);
        // `rw` is the default.
        after == before && !matches!(*option, "" | "rw" | "cached" | "consistent" | "delegated")
    })
}

fn apply(mount: &mut Mount, option: &str) {
    match option {
        "ro" => mount.read_only = true,
        "rw" => mount.read_only = false,
        "nocopy" => mount.volume.get_or_insert_default().nocopy = true,
        "z" => mount.bind.get_or_insert_default().selinux = Some(SelinuxLabel::Shared),
        "Z" => mount.bind.get_or_insert_default().selinux = Some(SelinuxLabel::Private),
        "shared" | "rshared" | "slave" | "rslave" | "private" | "rprivate" => {
            mount.bind.get_or_insert_default().propagation = Some(option.to_owned());
        }
        _ => {}
    }
}

/// `target` as a Unix path without `.`, `..`, doubled and trailing slashes; an empty target stays empty.
///
/// ```
/// use hoist::project::value::mount::clean_target;
/// assert_eq!(clean_target("/a/./b/../c/"), "/a/c");
/// ```
#[must_use]
pub fn clean_target(target: &str) -> String {
    if target.is_empty() { String::new() } else { clean(target) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `kind source target`, then what else is set.
    fn shown(text: &str) -> Result<String, MountProblem> {
        let mount = parse_short(text).map_err(|error| error.problem)?;
        let mut shown = format!("{} {} {}", mount.kind, mount.source.as_deref().unwrap_or("-"), mount.target);
        if mount.read_only {
            shown += " ro";
        }
        if let Some(bind) = &mount.bind {
            shown += " bind";
            shown += bind.selinux.map_or("", SelinuxLabel::as_str);
            shown += bind.propagation.as_deref().unwrap_or_default();
            assert!(bind.create_host_path);
        }
        if let Some(volume) = &mount.volume {
            shown += if volume.nocopy { " volume,nocopy" } else { " volume" };
        }
        Ok(shown)
    }

    #[test]
    fn short_forms() {
        let cases = [
            ("ab", "volume - ab"),
            ("/x", "volume - /x"),
            ("/var/lib/data", "volume - /var/lib/data volume"),
            ("./looks-relative", "volume - looks-relative volume"),
            ("./data:/data", "bind ./data /data bind"),
            ("~:/root", "bind ~ /root bind"),
            ("./trailing/:/trailing/", "bind ./trailing/ /trailing bind"),
            ("data:/data", "volume data /data volume"),
            ("0:/foo", "volume 0 /foo volume"),
            ("rel/path:/x", "volume rel/path /x volume"),
            ("a:/b", "volume - a:/b volume"),
            ("./a:/a:ro", "bind ./a /a ro bind"),
            ("./f:/f:rw,ro", "bind ./f /f ro bind"),
            ("./g:/g:ro,rw", "bind ./g /g bind"),
            ("./d:/d:Z", "bind ./d /d bindZ"),
            ("./h:/h:rshared", "bind ./h /h bindrshared"),
            ("./j:/j:unknown-option", "bind ./j /j bind"),
            ("v2:/v2:ro,nocopy,z", "volume v2 /v2 ro bindz volume,nocopy"),
            ("v3:/v3:private", "volume v3 /v3 bindprivate volume"),
            (r"C:\data:/data", r"bind C:\data /data bind"),
            (r"c:\a:d:\b:ro", r"bind c:\a d:\b ro bind"),
            (r"\\.\pipe\x:\\.\pipe\y", r"bind \\.\pipe\x \\.\pipe\y bind"),
            ("./${A:-x}:/y", "bind ./${A:-x} /y bind"),
            ("${A:-${B:-/c}}:/y", "volume ${A:-${B:-/c}} /y volume"),
        ];
        for (text, mount) in cases {
            assert_eq!(shown(text).as_deref(), Ok(mount), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            ("", MountProblem::Empty),
            ("./a::ro", MountProblem::EmptyPart),
            (":/b", MountProblem::EmptyPart),
            ("./a:/b:", MountProblem::EmptyPart),
            ("./a:/b:ro:rw", MountProblem::TooManyParts),
        ];
        for (text, problem) in cases {
            assert_eq!(shown(text), Err(problem), "{text}");
        }
    }

    #[test]
    fn targets_are_cleaned() {
        let cases = [
            ("", ""),
            ("/", "/"),
            ("/a/./b/../c/", "/a/c"),
            ("/x//y", "/x/y"),
            ("/../a", "/a"),
            ("../a", "../a"),
            ("a/../..", ".."),
            ("a/..", "."),
        ];
        for (target, cleaned) in cases {
            assert_eq!(clean_target(target), cleaned, "{target}");
        }
    }

    #[test]
    fn memory_mounts_are_shown_as_written() {
        for text in ["/run", "/run:size=64m,mode=1777", "/run:"] {
            assert_eq!(Tmpfs::from(text).to_string(), text);
        }
        assert_eq!(Tmpfs::from("/run:a:b").options.as_deref(), Some("a:b"));
    }
}
