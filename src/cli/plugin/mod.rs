//! hoist as the plugin `compose` of `docker`.

pub(super) mod install;
pub(super) mod socket;

use super::level::COMPOSE_LEVEL;

/// The vendor in the plugin's metadata.
pub(super) const VENDOR: &str = "hoist";

/// The metadata that `docker` requests from every plugin.
pub(super) fn metadata() -> String {
    format!(
        "{{\n     \"SchemaVersion\": \"0.1.0\",\n     \"Vendor\": \"{VENDOR}\",\n     \"Version\": \
         \"v{COMPOSE_LEVEL}\",\n     \"ShortDescription\": \"Docker Compose\"\n}}\n"
    )
}
