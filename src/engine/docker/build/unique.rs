//! Names that nothing else has: of builds, sessions, folders and files that exist during one.

use std::hash::{BuildHasher, RandomState};

/// A name that nothing else has.
pub(super) fn unique_id() -> String {
    // Each `RandomState` is seeded by the system.
    let part = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", part(), part())
}
