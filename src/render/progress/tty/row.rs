//! The content of a line in the live block.

use std::collections::BTreeMap;

use tokio::time::Instant;

use crate::render::progress::record::RecordState;

/// A resource in the block.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) state: RecordState,
    pub(super) text: String,
    pub(super) details: String,
    /// What it is waiting for.
    pub(super) note: Option<String>,
    pub(super) since: Instant,
    pub(super) until: Option<Instant>,
    pub(super) layers: BTreeMap<String, Layer>,
}

/// A layer of an image being pulled.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) done: bool,
    pub(super) current: u64,
    pub(super) total: u64,
}
