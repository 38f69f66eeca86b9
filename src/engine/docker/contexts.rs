//! Docker contexts: the name of one in, its address and TLS files out.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::address::{Address, TlsFiles};
use crate::engine::EngineError;
use crate::project::hash::hex;
use crate::source::Reader;

/// The context that means `DOCKER_HOST` or the default socket.
pub(super) const DEFAULT: &str = "default";

/// A context as stored in its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Context {
    name: String,
    host: String,
    skip_verification: bool,
    /// The folder of its TLS files, if it has one.
    tls_folder: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Meta {
    #[serde(default)]
    endpoints: Endpoints,
}

#[derive(Deserialize, Default)]
struct Endpoints {
    docker: Option<Endpoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Endpoint {
    #[serde(default)]
    host: String,
    #[serde(default, rename = "SkipTLSVerify")]
    skip_tls_verify: bool,
}

/// Reads the context `name` from the configuration in `folder`.
pub(super) fn read(folder: Option<&Path>, name: &str) -> Result<Context, EngineError> {
    let missing = || EngineError::Configuration(format!("Docker context `{name}` does not exist"));
    let folder = folder.ok_or_else(missing)?.join("contexts");
    let digest = hex(&Sha256::digest(name.as_bytes()));
    let file = folder.join("meta").join(&digest).join("meta.json");
    let text = Reader::default().read(&file).map_err(|_| missing())?;
    let unreadable = |why: String| EngineError::Configuration(format!("cannot read Docker context `{name}`: {why}"));
    let meta: Meta = serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))?;
    let endpoint = meta.endpoints.docker.ok_or_else(|| unreadable("it has no Docker endpoint".to_owned()))?;
    Ok(Context {
        name: name.to_owned(),
        host: endpoint.host,
        skip_verification: endpoint.skip_tls_verify,
        tls_folder: Some(folder.join("tls").join(digest).join("docker")).filter(|folder| folder.is_dir()),
    })
}

impl Context {
    /// The address of the context's engine. TCP uses TLS if the context has TLS files or skips verification.
    pub(super) fn address(&self) -> Result<Address, EngineError> {
        if self.host.is_empty() {
            return Err(EngineError::Configuration(format!("Docker context `{}` has no address", self.name)));
        }
        let tls = match &self.tls_folder {
            Some(folder) => Some(TlsFiles::from_context(folder, self.skip_verification)),
            None if self.skip_verification => Some(TlsFiles { unverified: true, ..TlsFiles::default() }),
            None => None,
        };
        Address::parse(&self.host, tls)
    }
}

impl TlsFiles {
    fn from_context(folder: &Path, skip_verification: bool) -> Self {
        Self::in_folder(Some(folder), !skip_verification)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A configuration folder with a context `far`, stored under the digest of the text `far`.
    fn folder_with(meta: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let digest = hex(&Sha256::digest(b"far"));
        let place = folder.path().join("contexts/meta").join(digest);
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join("meta.json"), meta).unwrap();
        folder
    }

    #[test]
    fn a_context_is_found_by_the_digest_of_its_name() {
        let folder = folder_with(r#"{"Name":"far","Endpoints":{"docker":{"Host":"tcp://far:2376"}}}"#);
        let address = read(Some(folder.path()), "far").unwrap().address().unwrap();
        assert_eq!(address.to_string(), "tcp://far:2376");
        assert!(matches!(address, Address::Tcp { tls: None, .. }));
    }

    #[test]
    fn a_context_may_lead_through_ssh() {
        let folder = folder_with(r#"{"Endpoints":{"docker":{"Host":"ssh://me@far","SkipTLSVerify":false}}}"#);
        assert_eq!(read(Some(folder.path()), "far").unwrap().address().unwrap().to_string(), "ssh://me@far");
    }

    #[test]
    fn tls_files_of_a_context() {
        let folder = folder_with(r#"{"Endpoints":{"docker":{"Host":"tcp://far","SkipTLSVerify":false}}}"#);
        let tls = folder.path().join("contexts/tls").join(hex(&Sha256::digest(b"far"))).join("docker");
        std::fs::create_dir_all(&tls).unwrap();
        for name in ["ca.pem", "cert.pem", "key.pem"] {
            std::fs::write(tls.join(name), "").unwrap();
        }
        let Address::Tcp { port, tls: Some(files), .. } = read(Some(folder.path()), "far").unwrap().address().unwrap()
        else {
            panic!("the context uses TLS");
        };
        assert_eq!(port, 2376);
        assert_eq!(files.authority, Some(tls.join("ca.pem")));
        assert!(files.identity.is_some());
        assert!(!files.unverified);
    }

    #[test]
    fn problems_are_told() {
        let folder = folder_with("{}");
        let message = |name: &str| read(Some(folder.path()), name).unwrap_err().to_string();
        assert_eq!(message("near"), "Docker context `near` does not exist");
        assert_eq!(message("far"), "cannot read Docker context `far`: it has no Docker endpoint");
        assert!(read(None, "far").is_err());
    }
}
