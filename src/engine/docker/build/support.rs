//! What the engine's builder can do: the engine's image store in, what of a build needs another one out, by the name of
//! the attribute.
//!
//! An engine with Docker's own image store (`overlay2`) keeps images of one platform, without attestations, and exports
//! a cache only as part of the image. With the containerd image store it can do all of it.

use bollard_buildkit_proto::moby::buildkit::v1::ListWorkersRequest;

use super::cache;
use super::connection::Control;
use super::error::BuildError;
use crate::plan::{Attestation, BuildSpec, Exporter};

/// The label of the engine's builder that only exists with the containerd image store.
const SNAPSHOTTER_LABEL: &str = "org.mobyproject.buildkit.worker.snapshotter";

/// The label with which the engine's builder reports the address of `host-gateway`.
const GATEWAY_LABEL: &str = "org.mobyproject.buildkit.worker.moby.host-gateway-ip";

/// The placeholder in `extra_hosts` for the address of the engine's host.
pub(super) const HOST_GATEWAY: &str = "host-gateway";

/// Where an engine keeps its images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ImageStore {
    /// Docker's own, by layers.
    Layers,
    /// That of containerd.
    Containerd,
}

/// The store of the engine. It is asked only if the build asks for something that depends on it.
///
/// # Errors
///
/// If the engine does not answer, or cannot do what the build asks for.
pub(super) async fn check(control: &mut Control, spec: &mut BuildSpec) -> Result<ImageStore, BuildError> {
    cache::check(spec)?;
    let gateway = spec.extra_hosts.iter().any(|(_, address)| address == HOST_GATEWAY);
    if !gateway && needs_containerd(spec).is_none() && !matches!(spec.exporter, Exporter::Registry { .. }) {
        return Ok(ImageStore::Layers);
    }
    let workers = control.list_workers(ListWorkersRequest::default()).await;
    let workers = workers.map_err(|status| BuildError::of_solve(&status, None, None, Vec::new()))?.into_inner().record;
    if gateway {
        let address = workers.iter().find_map(|worker| worker.labels.get(GATEWAY_LABEL));
        resolve_gateway(spec, address)?;
    }
    if workers.iter().any(|worker| worker.labels.contains_key(SNAPSHOTTER_LABEL)) {
        return Ok(ImageStore::Containerd);
    }
    match needs_containerd(spec) {
        Some(what) => Err(BuildError::Unsupported(format!("{what} needs an engine with the containerd image store"))),
        None => Ok(ImageStore::Layers),
    }
}

/// The first thing in a build that only the containerd image store supports.
fn needs_containerd(spec: &BuildSpec) -> Option<String> {
    let exported = spec.cache_to.iter().find(|text| cache::kind(text) != "inline");
    if spec.attestations.provenance != Attestation::Off {
        Some("`build.provenance`".to_owned())
    } else if spec.attestations.sbom != Attestation::Off {
        Some("`build.sbom`".to_owned())
    } else if let Some(text) = exported {
        Some(format!("`build.cache_to` of type `{}`", cache::kind(text)))
    } else if spec.platforms.len() > 1 {
        Some("`build.platforms` with several platforms".to_owned())
    } else {
        None
    }
}

/// Replaces `host-gateway` in `extra_hosts` by its address: the engine only accepts addresses, and reports this one.
fn resolve_gateway(spec: &mut BuildSpec, gateway: Option<&String>) -> Result<(), BuildError> {
    let gateway = gateway.ok_or_else(|| {
        let message =
            format!("`build.extra_hosts`: the engine does not report the address of `{HOST_GATEWAY}` for builds");
        BuildError::Unsupported(message)
    })?;
    for (_, address) in &mut spec.extra_hosts {
        if address == HOST_GATEWAY {
            address.clone_from(gateway);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Attestations;
    use crate::project::value::BuildContext;

    fn spec() -> BuildSpec {
        BuildSpec::new("web", "app", BuildContext::Folder("/shop".into()))
    }

    #[test]
    fn what_needs_another_image_store_is_named() {
        let on = || Attestation::On(String::new());
        let attested = |provenance, sbom| BuildSpec { attestations: Attestations { provenance, sbom }, ..spec() };
        let cache = |text: &str| BuildSpec { cache_to: vec!["type=inline".into(), text.into()], ..spec() };
        let cases = [
            (spec(), None),
            (cache("type=inline"), None),
            (BuildSpec { platforms: vec!["linux/arm64".into()], ..spec() }, None),
            (attested(on(), Attestation::Off), Some("`build.provenance`")),
            (attested(Attestation::Off, on()), Some("`build.sbom`")),
            (cache("app:cache"), Some("`build.cache_to` of type `registry`")),
            (cache("mode=max,type=gha"), Some("`build.cache_to` of type `gha`")),
            (
                BuildSpec { platforms: vec!["linux/amd64".into(), "linux/arm64".into()], ..spec() },
                Some("`build.platforms` with several platforms"),
            ),
        ];
        for (spec, expected) in cases {
            assert_eq!(needs_containerd(&spec).as_deref(), expected);
        }
    }
}
