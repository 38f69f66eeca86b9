//! Handles what engines leave out of their JSON.

use serde::{Deserialize, Deserializer};

/// Reads `null` as an empty list or object, as Go writes it.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
