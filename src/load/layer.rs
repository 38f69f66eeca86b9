//! Files in, layers out: one YAML document of one file each, without its tags.

use crate::load::reset::TaggedPaths;
use crate::yaml::Node;

/// One document of one file.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    /// The document, which is a mapping.
    pub node: Node,
    /// Where it carried `!reset` and `!override`.
    pub tagged: TaggedPaths,
}
