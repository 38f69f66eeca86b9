//! TLS files in, a TLS connector out.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_rustls::TlsConnector;

use super::address::TlsFiles;
use crate::source::ReadError;

/// A connector that trusts the authorities in `files` and presents the client certificate, if there is one.
///
/// # Errors
///
/// If a file cannot be read or is invalid; the message names it.
pub(super) fn connector(files: &TlsFiles) -> io::Result<TlsConnector> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = if files.unverified {
        Arc::new(Unverified(provider.clone()))
    } else {
        let roots = Arc::new(authorities(files.authority.as_deref())?);
        WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build().map_err(io::Error::other)?
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let config = match &files.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| bad_file(key, error))?;
            builder.with_client_auth_cert(chain, key).map_err(io::Error::other)?
        }
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The name that the engine's certificate must be for.
pub(super) fn server_name(host: &str) -> io::Result<ServerName<'static>> {
    ServerName::try_from(host.to_owned()).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

/// The certificate authorities of a file, and only those; without a file, the system's.
fn authorities(file: Option<&Path>) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let found = match file {
        Some(file) => certificates(file)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    roots.add_parsable_certificates(found);
    if roots.is_empty() {
        return Err(io::Error::other("no certificate authority to verify the engine's certificate"));
    }
    Ok(roots)
}

fn certificates(file: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_file_iter(file).map_err(|error| bad_file(file, error))?;
    found.collect::<Result<_, _>>().map_err(|error| bad_file(file, error))
}

fn bad_file(file: &Path, error: pem::Error) -> io::Error {
    let why = if let pem::Error::Io(error) = error { ReadError::from(error).to_string() } else { error.to_string() };
    io::Error::new(io::ErrorKind::InvalidData, format!("cannot read `{}`: {why}", file.display()))
}

/// Accepts any certificate, as `DOCKER_TLS` without `DOCKER_TLS_VERIFY` requires.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let [authority, certificate, key] = ["ca.pem", "cert.pem", "key.pem"].map(|name| folder.path().join(name));
        let refused = |files: &TlsFiles| connector(files).err().expect("a file is missing").to_string();
        let named = |file: &Path, why: &str| format!("cannot read `{}`: {why}", file.display());
        let files = TlsFiles { authority: Some(authority.clone()), ..TlsFiles::default() };
        assert_eq!(refused(&files), named(&authority, "no such file"));
        let files =
            TlsFiles { identity: Some((certificate.clone(), key.clone())), unverified: true, ..TlsFiles::default() };
        assert_eq!(refused(&files), named(&certificate, "no such file"));
        std::fs::write(&certificate, "").unwrap();
        assert_eq!(refused(&files), named(&key, "no such file"));
        std::fs::write(&key, "no key").unwrap();
        assert!(refused(&files).starts_with(&named(&key, "")));
    }
}
