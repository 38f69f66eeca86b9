//! The flags of the `docker` command line that stand before `compose`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use super::walk::boolean;

/// Flags of `docker` before the plugin's name. `--debug` and `--log-level` are ignored: hoist keeps no log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DockerFlags {
    /// `--config`: the folder of the Docker configuration.
    pub config: Option<String>,
    /// `-c`, `--context`: the name of a Docker context.
    pub context: Option<String>,
    /// `-H`, `--host`: the address of the engine; the last one counts.
    pub host: Option<String>,
    /// `--tls`: use TLS, but do not verify the engine's certificate.
    pub tls: bool,
    /// `--tlsverify`: use TLS and verify the engine's certificate.
    pub tls_verify: Option<bool>,
    /// `--tlscacert`: the file with the trusted authorities.
    pub tls_authority: Option<PathBuf>,
    /// `--tlscert`: the client's certificate.
    pub tls_certificate: Option<PathBuf>,
    /// `--tlskey`: the key of the client's certificate.
    pub tls_key: Option<PathBuf>,
    /// All of them as they were given.
    pub words: Vec<String>,
}

/// A flag of `docker`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DockerFlag {
    Config,
    Context,
    Debug,
    Host,
    LogLevel,
    Tls,
    TlsAuthority,
    TlsCertificate,
    TlsKey,
    TlsVerify,
}

/// Every flag with its long name and its letter.
const FLAGS: &[(&str, Option<u8>, DockerFlag)] = &[
    ("config", None, DockerFlag::Config),
    ("context", Some(b'c'), DockerFlag::Context),
    ("debug", Some(b'D'), DockerFlag::Debug),
    ("host", Some(b'H'), DockerFlag::Host),
    ("log-level", Some(b'l'), DockerFlag::LogLevel),
    ("tls", None, DockerFlag::Tls),
    ("tlscacert", None, DockerFlag::TlsAuthority),
    ("tlscert", None, DockerFlag::TlsCertificate),
    ("tlskey", None, DockerFlag::TlsKey),
    ("tlsverify", None, DockerFlag::TlsVerify),
];

impl DockerFlag {
    /// The flag with this long name.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        FLAGS.iter().find(|(known, ..)| known.as_bytes() == name).map(|(.., flag)| *flag)
    }

    /// The flag with this letter.
    pub(super) fn lettered(letter: u8) -> Option<Self> {
        FLAGS.iter().find(|(_, known, _)| *known == Some(letter)).map(|(.., flag)| *flag)
    }

    /// Whether it is a switch, which takes no value from the next word.
    pub(super) fn is_switch(self) -> bool {
        matches!(self, Self::Debug | Self::Tls | Self::TlsVerify)
    }
}

impl DockerFlags {
    /// Parses the flags at the start of `words`; returns how many words they take up.
    ///
    /// # Errors
    ///
    /// If a flag is unknown or lacks its value; the message is Docker's.
    pub(super) fn take(&mut self, words: &[OsString]) -> Result<usize, String> {
        let mut at = 0;
        while let Some(word) = words.get(at).map(|word| word.as_bytes()).filter(|word| is_flag(word)) {
            at += 1;
            let next = words.get(at).map(OsString::as_os_str);
            let took_next = match word.strip_prefix(b"--") {
                Some(long) => self.long(long, next)?,
                None => self.cluster(&word[1..], next)?,
            };
            at += usize::from(took_next);
        }
        self.words.extend(words.iter().take(at).map(|word| word.to_string_lossy().into_owned()));
        Ok(at)
    }

    fn long(&mut self, word: &[u8], next: Option<&OsStr>) -> Result<bool, String> {
        let equals = word.iter().position(|byte| *byte == b'=');
        let name = &word[..equals.unwrap_or(word.len())];
        let shown = String::from_utf8_lossy(name);
        let Some(flag) = DockerFlag::named(name) else { return Err(format!("unknown flag: --{shown}")) };
        let given = equals.map(|equals| OsStr::from_bytes(&word[equals + 1..]));
        if flag.is_switch() {
            self.switch(flag, given.map(OsStr::as_bytes), &shown)?;
            return Ok(false);
        }
        match given.or(next) {
            Some(value) => self.set(flag, value),
            None => return Err(format!("flag needs an argument: --{shown}")),
        }
        Ok(given.is_none())
    }

    fn cluster(&mut self, letters: &[u8], next: Option<&OsStr>) -> Result<bool, String> {
        let mut rest = letters;
        while let [letter, after @ ..] = rest {
            let shown = || format!("'{}' in -{}", char::from(*letter), String::from_utf8_lossy(rest));
            let Some(flag) = DockerFlag::lettered(*letter) else {
                return Err(format!("unknown shorthand flag: {}", shown()));
            };
            let given = after.strip_prefix(b"=");
            if flag.is_switch() {
                self.switch(flag, given, &char::from(*letter).to_string())?;
                rest = if given.is_some() { &[] } else { after };
                continue;
            }
            let glued = given.or((!after.is_empty()).then_some(after)).map(OsStr::from_bytes);
            match glued.or(next) {
                Some(value) => self.set(flag, value),
                None => return Err(format!("flag needs an argument: {}", shown())),
            }
            return Ok(glued.is_none());
        }
        Ok(false)
    }

    fn switch(&mut self, flag: DockerFlag, value: Option<&[u8]>, shown: &str) -> Result<(), String> {
        let text = value.map(String::from_utf8_lossy);
        let on = match &text {
            None => true,
            Some(text) => boolean(text)
                .ok_or_else(|| format!("invalid argument \"{text}\" for \"--{shown}\" flag: not true or false"))?,
        };
        if flag == DockerFlag::Tls {
            self.tls = on;
        } else if flag == DockerFlag::TlsVerify {
            self.tls_verify = Some(on);
        }
        Ok(())
    }

    fn set(&mut self, flag: DockerFlag, value: &OsStr) {
        let path = || Some(PathBuf::from(OsString::from_vec(value.as_bytes().to_vec())));
        let text = || Some(value.to_string_lossy().into_owned());
        match flag {
            DockerFlag::Config => self.config = text(),
            DockerFlag::Context => self.context = text(),
            DockerFlag::Host => self.host = text(),
            DockerFlag::TlsAuthority => self.tls_authority = path(),
            DockerFlag::TlsCertificate => self.tls_certificate = path(),
            DockerFlag::TlsKey => self.tls_key = path(),
            DockerFlag::Debug | DockerFlag::LogLevel | DockerFlag::Tls | DockerFlag::TlsVerify => {}
        }
    }
}

/// Whether a word is a flag, and not just `-` or `--`.
fn is_flag(word: &[u8]) -> bool {
    word.starts_with(b"-") && word != b"-" && word != b"--"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(line: &str) -> Result<(DockerFlags, usize), String> {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let mut flags = DockerFlags::default();
        flags.take(&words).map(|count| (flags, count))
    }

    #[test]
    fn flags_end_where_the_plugin_is_named() {
        let (flags, count) =
            taken("-D --config /c -Hunix:///a --tlsverify=false --tlskey=/k -l debug compose -D").unwrap();
        assert_eq!(count, 8);
        assert_eq!(
            flags,
            DockerFlags {
                config: Some("/c".to_owned()),
                host: Some("unix:///a".to_owned()),
                tls_verify: Some(false),
                tls_key: Some("/k".into()),
                words: flags.words.clone(),
                ..DockerFlags::default()
            }
        );
        assert_eq!(flags.words.join(" "), "-D --config /c -Hunix:///a --tlsverify=false --tlskey=/k -l debug");
        let (flags, _) = taken("-Dc=other --tls compose").unwrap();
        assert_eq!((flags.context.as_deref(), flags.tls), (Some("other"), true));
    }

    #[test]
    fn what_docker_does_not_know_is_refused_in_its_words() {
        for (line, message) in [
            ("--zzz compose", "unknown flag: --zzz"),
            ("-Dz compose", "unknown shorthand flag: 'z' in -z"),
            ("--host", "flag needs an argument: --host"),
            ("-DH", "flag needs an argument: 'H' in -H"),
            ("--tls=maybe compose", "invalid argument \"maybe\" for \"--tls\" flag: not true or false"),
        ] {
            assert_eq!(taken(line).unwrap_err(), message, "{line}");
        }
    }
}
