//! Docker's configuration: its folder and the content of `config.json`.
//!
//! Each part of the file is decoded on demand, so an invalid part does not affect the others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::source::{ReadError, Reader};

/// The folder of the configuration: `DOCKER_CONFIG`, else `.docker` in the user's home.
pub(crate) fn config_folder(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    let home = || given("HOME").or_else(|| given("USERPROFILE"));
    given("DOCKER_CONFIG").map(PathBuf::from).or_else(|| Some(Path::new(&home()?).join(".docker")))
}

/// The text of `config.json` in the configuration folder.
pub(super) fn read_text(folder: &Path) -> Result<Vec<u8>, ReadError> {
    Reader::default().read(&folder.join("config.json"))
}

/// Docker's `config.json`, without the credentials in it.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct ConfigFile {
    parts: Map<String, Value>,
    /// The registries with credentials in the file itself.
    registries: BTreeSet<String>,
}

/// The proxies for containers.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
struct Proxies {
    #[serde(rename = "httpProxy")]
    http: Option<String>,
    #[serde(rename = "httpsProxy")]
    https: Option<String>,
    #[serde(rename = "noProxy")]
    excluded: Option<String>,
    #[serde(rename = "ftpProxy")]
    ftp: Option<String>,
    #[serde(rename = "allProxy")]
    all: Option<String>,
}

impl std::fmt::Debug for ConfigFile {
    /// Leaves out secrets; proxies may have passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfigFile").finish_non_exhaustive()
    }
}

impl ConfigFile {
    /// Reads `config.json` from the configuration in `folder`. A missing or unreadable file counts as empty: the lookup
    /// of a credential reports that.
    pub(crate) fn read_or_empty(folder: Option<&Path>) -> Self {
        folder.and_then(|folder| Self::parse(&read_text(folder).ok()?)).unwrap_or_default()
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let mut parts: Map<String, Value> = serde_json::from_slice(text).ok()?;
        let registries = match parts.remove("auths") {
            Some(Value::Object(auths)) => auths.into_iter().map(|(registry, _)| registry).collect(),
            Some(_) | None => BTreeSet::new(),
        };
        Some(Self { parts, registries })
    }

    /// A part of the file, if it exists and is valid.
    fn part<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.parts.get(name)?).ok()
    }

    /// The name of the current context, if set.
    pub(crate) fn current_context(&self) -> Option<String> {
        self.part::<String>("currentContext").filter(|name| !name.is_empty())
    }

    /// Additional folders of plugins.
    pub(super) fn extra_plugin_folders(&self) -> Vec<PathBuf> {
        self.part("cliPluginsExtraDirs").unwrap_or_default()
    }

    /// The default format of a listing, by its key in the file: `psFormat`.
    pub(crate) fn format(&self, name: &str) -> Option<String> {
        self.part(name)
    }

    /// The keys that leave a program in a container running: `detachKeys`.
    pub(crate) fn detach_keys(&self) -> Option<String> {
        self.part::<String>("detachKeys").filter(|keys| !keys.is_empty())
    }

    /// The proxy variables for containers on the engine at `address`, in upper and lower case.
    pub(crate) fn proxy_variables(&self, address: &str) -> BTreeMap<String, String> {
        let all: BTreeMap<String, Proxies> = self.part("proxies").unwrap_or_default();
        let Some(proxies) = all.get(address).or_else(|| all.get("default")) else {
            return BTreeMap::new();
        };
        let rows = [
            ("HTTP_PROXY", &proxies.http),
            ("HTTPS_PROXY", &proxies.https),
            ("NO_PROXY", &proxies.excluded),
            ("FTP_PROXY", &proxies.ftp),
            ("ALL_PROXY", &proxies.all),
        ];
        let mut variables = BTreeMap::new();
        for (name, value) in rows {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                variables.insert(name.to_owned(), value.clone());
                variables.insert(name.to_lowercase(), value.clone());
            }
        }
        variables
    }

    /// The registries with individually configured credentials.
    pub(super) fn registries(&self) -> BTreeSet<String> {
        let helpers: BTreeMap<String, String> = self.part("credHelpers").unwrap_or_default();
        self.registries.iter().cloned().chain(helpers.into_keys()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> ConfigFile {
        ConfigFile::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn proxies_of_the_engine_or_the_default_ones() {
        let text = r#"{"proxies":{"default":{"httpProxy":"http://a:1"},"tcp://far:2375":{"noProxy":"x"}}}"#;
        let file = ConfigFile::parse(text.as_bytes()).unwrap();
        let names = |address: &str| file.proxy_variables(address).into_keys().collect::<Vec<_>>();
        assert_eq!(names("unix:///var/run/docker.sock"), ["HTTP_PROXY", "http_proxy"]);
        assert_eq!(names("tcp://far:2375"), ["NO_PROXY", "no_proxy"]);
        assert!(ConfigFile::default().proxy_variables("x").is_empty());
    }

    #[test]
    fn the_current_context() {
        assert_eq!(file(r#"{"currentContext":"far"}"#).current_context(), Some("far".to_owned()));
        assert_eq!(file(r#"{"currentContext":""}"#).current_context(), None);
        assert_eq!(file("{}").current_context(), None);
    }

    #[test]
    fn the_detach_keys() {
        assert_eq!(file(r#"{"detachKeys":"ctrl-x"}"#).detach_keys(), Some("ctrl-x".to_owned()));
        for none in [r#"{"detachKeys":""}"#, r#"{"detachKeys":1}"#, "{}"] {
            assert_eq!(file(none).detach_keys(), None, "{none}");
        }
    }

    #[test]
    fn what_is_odd_in_one_part_does_not_hide_the_others() {
        let odd = file(r#"{"currentContext":"far","auths":null,"proxies":[],"psFormat":1,"credHelpers":{"r":"x"}}"#);
        assert_eq!(odd.current_context(), Some("far".to_owned()));
        assert!(odd.proxy_variables("x").is_empty());
        assert_eq!(odd.format("psFormat"), None);
        assert_eq!(odd.registries(), BTreeSet::from(["r".to_owned()]));
    }

    #[test]
    fn a_file_that_is_not_there_or_broken_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(ConfigFile::read_or_empty(Some(folder.path())), ConfigFile::default());
        std::fs::write(folder.path().join("config.json"), "{").unwrap();
        assert_eq!(ConfigFile::read_or_empty(Some(folder.path())), ConfigFile::default());
        assert_eq!(ConfigFile::read_or_empty(None), ConfigFile::default());
    }

    #[test]
    fn the_folder_of_the_configuration() {
        let folder = |pairs: &[(&str, &str)]| {
            let pairs: BTreeMap<_, _> = pairs.iter().copied().collect();
            config_folder(|name| pairs.get(name).map(|value| (*value).to_owned()))
        };
        assert_eq!(folder(&[("HOME", "/home/u")]), Some("/home/u/.docker".into()));
        assert_eq!(folder(&[("HOME", "/home/u"), ("DOCKER_CONFIG", "/etc/d")]), Some("/etc/d".into()));
        assert_eq!(folder(&[("HOME", ""), ("USERPROFILE", "/u"), ("DOCKER_CONFIG", "")]), Some("/u/.docker".into()));
        assert_eq!(folder(&[]), None);
    }
}
