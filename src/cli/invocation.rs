//! The arguments of the process in, how hoist was called out: as `hoist`, as `docker-compose`, or by `docker` as its
//! plugin `compose`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::docker_flags::{DockerFlag, DockerFlags};

/// What hoist was called as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// `hoist` itself.
    #[default]
    Hoist,
    /// The standalone `docker-compose`.
    Standalone,
    /// The plugin behind `docker compose`.
    Plugin,
}

impl Form {
    /// What the user types to run it.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Self::Hoist => "hoist",
            Self::Standalone => "docker-compose",
            Self::Plugin => "docker compose",
        }
    }
}

/// What the process was started for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// `docker` asks what kind of plugin this is.
    Metadata,
    /// `docker` asks for a hint to show after a command; hoist has none.
    Hook,
    /// A shell asks for completions of the last word.
    Complete {
        /// The words after the program's name.
        words: Vec<OsString>,
        /// Whether each candidate comes with a description.
        descriptions: bool,
    },
    /// Run a command: the words after the program's name.
    Run(Vec<OsString>),
    /// The words before `compose` are invalid.
    Refused {
        /// The message.
        message: String,
        /// The exit status.
        status: u8,
    },
}

/// How hoist was called, and what for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Invocation {
    pub(super) form: Form,
    pub(super) docker: DockerFlags,
    pub(super) request: Request,
}

/// What `docker` prints below an error about its own flags.
const DOCKER_USAGE: &str = "\n\nUsage:  docker [OPTIONS] COMMAND [ARG...]\n\nRun 'docker --help' for more information";

impl Invocation {
    /// Parses the arguments, the program's name first. `docker` is the value of
    /// `DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND`, which `docker` sets for its plugins.
    pub(super) fn of(arguments: impl IntoIterator<Item = OsString>, docker: Option<&OsStr>) -> Self {
        let mut arguments = arguments.into_iter();
        let name = arguments.next().unwrap_or_default();
        let words: Vec<OsString> = arguments.collect();
        // A script that is installed as the plugin may start hoist under another name.
        if words.first().is_some_and(|word| word == "docker-cli-plugin-metadata") {
            return Self { form: Form::Plugin, docker: DockerFlags::default(), request: Request::Metadata };
        }
        let by_docker = docker.is_some_and(|caller| !caller.is_empty());
        let starts_plugin = by_docker && words.first().is_some_and(|word| word == "compose");
        if !is_docker_compose(&name) && !starts_plugin {
            return Self { form: Form::Hoist, docker: DockerFlags::default(), request: Request::of_own(words) };
        }
        // A script started by `docker compose` inherits the variable, but does not pass `compose`.
        let is_plugin = by_docker && words.iter().any(|word| word == "compose");
        if is_plugin { Self::of_docker(Form::Plugin, &words, 125, DOCKER_USAGE) } else { Self::standalone(&words) }
    }

    fn standalone(words: &[OsString]) -> Self {
        match rewrite(words) {
            Ok(words) => Self::of_docker(Form::Standalone, &words, 1, ""),
            Err(message) => {
                let request = Request::Refused { message, status: 1 };
                Self { form: Form::Standalone, docker: DockerFlags::default(), request }
            }
        }
    }

    /// Parses `[__complete] [FLAGS] compose WORDS`, the arguments that `docker` was called with.
    fn of_docker(form: Form, words: &[OsString], status: u8, usage: &str) -> Self {
        let mut docker = DockerFlags::default();
        let mut descriptions = None;
        let mut help = false;
        let mut rest = words;
        let refused = loop {
            match docker.take(rest) {
                Ok(count) => rest = &rest[count..],
                Err(message) => break Some(message),
            }
            let Some((word, after)) = rest.split_first() else { break None };
            rest = after;
            match word.to_str() {
                Some("compose") => break None,
                // `docker help compose up`
                Some("help") => help = true,
                other => match other.and_then(completion_request) {
                    Some(asked) => descriptions = Some(asked),
                    None => {
                        break Some(format!("docker: unknown command: docker {}", word.to_string_lossy()));
                    }
                },
            }
        };
        let request = match (refused, descriptions) {
            (Some(message), _) => Request::Refused { message: message + usage, status },
            (None, Some(descriptions)) => Request::Complete { words: rest.to_vec(), descriptions },
            (None, None) if rest.first().is_some_and(|word| word == "docker-cli-plugin-hooks") => Request::Hook,
            (None, None) => {
                let help = help.then(|| OsString::from("help"));
                Request::Run(help.into_iter().chain(rest.iter().cloned()).collect())
            }
        };
        Self { form, docker, request }
    }
}

impl Request {
    fn of_own(mut words: Vec<OsString>) -> Self {
        let asked = words.first().and_then(|word| word.to_str()).and_then(completion_request);
        match asked {
            Some(descriptions) => {
                words.remove(0);
                Self::Complete { words, descriptions }
            }
            None => Self::Run(words),
        }
    }
}

fn is_docker_compose(name: &OsStr) -> bool {
    Path::new(name).file_name().is_some_and(|name| name == "docker-compose")
}

/// Whether a word is one of the hidden commands that shells use for completion, and if so, with descriptions or not.
fn completion_request(word: &str) -> Option<bool> {
    match word {
        "__complete" => Some(true),
        "__completeNoDesc" => Some(false),
        _ => None,
    }
}

/// Turns the arguments of the standalone `docker-compose` into those with which `docker` would call the plugin. Scanning
/// ends at the first word that is not a flag, even if it is the value of one.
fn rewrite(words: &[OsString]) -> Result<Vec<OsString>, String> {
    let mut front = Vec::new();
    let mut back = vec![OsString::from("compose")];
    let mut at = 0;
    while let Some(word) = words.get(at).filter(|word| word.is_empty() || is_scanned(word)) {
        at += 1;
        let bytes = word.as_bytes();
        match bytes {
            b"__complete" | b"__completeNoDesc" => front.push(word.clone()),
            b"--verbose" => front.push("--debug".into()),
            b"-h" => back.push("--help".into()),
            b"-v" | b"--version" => back.push("version".into()),
            _ => match docker_flag(bytes) {
                Some((_, None)) => front.push(word.clone()),
                Some((name, Some(Value::Glued(value)))) => {
                    front.extend([OsStr::from_bytes(name), OsStr::from_bytes(value)].map(OsStr::to_owned));
                }
                Some((name, Some(Value::Next))) => {
                    let Some(value) = words.get(at) else {
                        return Err(format!("flag needs an argument: '{}'", String::from_utf8_lossy(name)));
                    };
                    at += 1;
                    front.extend([OsStr::from_bytes(name), value].map(OsStr::to_owned));
                }
                None => back.push(word.clone()),
            },
        }
    }
    front.extend(back);
    front.extend_from_slice(&words[at..]);
    Ok(front)
}

fn is_scanned(word: &OsStr) -> bool {
    let bytes = word.as_bytes();
    bytes.starts_with(b"-") || bytes == b"__complete" || bytes == b"__completeNoDesc"
}

enum Value<'a> {
    Glued(&'a [u8]),
    Next,
}

/// A flag of `docker` among the arguments of the standalone `docker-compose`: the flag without its value, and where the
/// value is. `-c` is not handled here, because hoist has this flag itself.
fn docker_flag(word: &[u8]) -> Option<(&[u8], Option<Value<'_>>)> {
    let equals = word.iter().position(|byte| *byte == b'=');
    let name = &word[..equals.unwrap_or(word.len())];
    let flag = match name {
        [b'-', b'-', long @ ..] => DockerFlag::named(long)?,
        [b'-', letter @ (b'D' | b'H' | b'l')] => DockerFlag::lettered(*letter)?,
        _ => return None,
    };
    let value = match (flag.is_switch(), equals) {
        (true, _) => return Some((word, None)),
        (false, Some(equals)) => Value::Glued(&word[equals + 1..]),
        (false, None) => Value::Next,
    };
    Some((name, Some(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(|word| OsString::from(if word == "''" { "" } else { word })).collect()
    }

    fn called(line: &str, docker: Option<&str>) -> Invocation {
        Invocation::of(words(line), docker.map(OsStr::new))
    }

    #[test]
    fn standalone_arguments_become_those_of_docker() {
        for (written, expected) in [
            ("", "compose"),
            ("up", "compose up"),
            ("--context foo -f c.yaml up", "--context foo compose -f c.yaml up"),
            ("--context=foo up", "--context foo compose up"),
            ("-v --short", "compose version --short"),
            ("--version", "compose version"),
            ("--verbose", "--debug compose"),
            ("-h", "compose --help"),
            ("-D --tls --tlsverify ps", "-D --tls --tlsverify compose ps"),
            ("--tlscacert a --tlscert=b --tlskey c ps", "--tlscacert a --tlscert b --tlskey c compose ps"),
            ("--log-level debug -H x ps", "--log-level debug -H x compose ps"),
            ("exec db mysql -h x --host y", "compose exec db mysql -h x --host y"),
            ("__complete up", "__complete compose up"),
            ("__completeNoDesc --host x up", "__completeNoDesc --host x compose up"),
            ("'' --host x up", "--host x compose '' up"),
            ("compose up", "compose compose up"),
            // The value of `-f` ends the scan; hoist itself accepts the `--context` after it.
            ("-f c.yaml --context foo up", "compose -f c.yaml --context foo up"),
            // Docker Compose does not accept these flags of `docker` here.
            ("--config dir -l info up", "--config dir -l info compose up"),
            // These only begin like flags of `docker`.
            ("--hostx=1 up", "compose --hostx=1 up"),
            ("-Htcp://h up", "compose -Htcp://h up"),
        ] {
            assert_eq!(rewrite(&words(written)), Ok(words(expected)), "{written}");
        }
        assert_eq!(rewrite(&words("--host")), Err("flag needs an argument: '--host'".to_owned()));
    }

    #[test]
    fn the_caller_decides_what_the_arguments_mean() {
        let run = |line| Request::Run(words(line));
        for (line, docker, form, request) in [
            ("/usr/bin/hoist compose up", Some("docker"), Form::Plugin, run("up")),
            ("/usr/bin/hoist up", Some("docker"), Form::Hoist, run("up")),
            ("hoist compose up", None, Form::Hoist, run("compose up")),
            ("hoist docker-cli-plugin-metadata", None, Form::Plugin, Request::Metadata),
            ("/p/docker-compose docker-cli-plugin-metadata", None, Form::Plugin, Request::Metadata),
            ("docker-compose -D compose up -d", Some("docker"), Form::Plugin, run("up -d")),
            ("docker-compose help compose up", Some("docker"), Form::Plugin, run("help up")),
            ("docker-compose compose docker-cli-plugin-hooks {}", Some("docker"), Form::Plugin, Request::Hook),
            ("docker-compose up -d", Some("docker"), Form::Standalone, run("up -d")),
            ("docker-compose compose up", Some(""), Form::Standalone, run("compose up")),
            ("docker-compose -v", None, Form::Standalone, run("version")),
            (
                "docker-compose __complete compose up ''",
                Some("docker"),
                Form::Plugin,
                Request::Complete { words: words("up ''"), descriptions: true },
            ),
            (
                "docker-compose __completeNoDesc up ''",
                None,
                Form::Standalone,
                Request::Complete { words: words("up ''"), descriptions: false },
            ),
            (
                "hoist __complete up ''",
                None,
                Form::Hoist,
                Request::Complete { words: words("up ''"), descriptions: true },
            ),
        ] {
            let called = called(line, docker);
            assert_eq!((called.form, called.request), (form, request), "{line}");
        }
    }

    #[test]
    fn a_bad_flag_of_docker_is_an_error_of_docker() {
        let Request::Refused { message, status } = called("docker-compose --zzz compose ps", Some("docker")).request
        else {
            panic!("a refusal")
        };
        assert_eq!(status, 125);
        assert!(message.starts_with("unknown flag: --zzz\n\nUsage:  docker [OPTIONS] COMMAND"), "{message}");
    }
}
