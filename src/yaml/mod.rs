//! YAML text in, a [`Node`] tree with positions out; and back.

mod node;
mod path;

pub use node::{Key, Mapping, MergeTag, Node, Value};
pub use path::{Path, Segment};
