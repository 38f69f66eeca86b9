//! What hoist is to `docker`, whose plugin `compose` it can be.

pub(super) mod install;
pub(super) mod socket;

use super::level::COMPOSE_LEVEL;

/// Who makes the plugin, as its metadata says.
pub(super) const VENDOR: &str = "hoist";

/// What `docker` asks every plugin for before it calls it.
pub(super) fn metadata() -> String {
    format!(
        "{{\n     \"SchemaVersion\": \"0.1.0\",\n     \"Vendor\": \"{VENDOR}\",\n     \"Version\": \
         \"v{COMPOSE_LEVEL}\",\n     \"ShortDescription\": \"Docker Compose\"\n}}\n"
    )
}
