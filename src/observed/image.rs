//! Images as containers use them.

use std::fmt;

use super::ImageDigest;

/// An image in detail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageDetails {
    /// The id of the store's entry.
    pub id: ImageDigest,
    /// The platform it is for.
    pub platform: ImagePlatform,
    /// Its size in bytes.
    pub size: u64,
    /// When it was built, in nanoseconds since 1970, if the engine tells.
    pub created: Option<i128>,
    /// When it was last tagged, in nanoseconds since 1970, if the engine tells.
    pub tagged_at: Option<i128>,
}

/// The platform of an image. Unknown parts are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImagePlatform {
    /// The operating system: `linux`.
    pub os: String,
    /// The architecture: `amd64`.
    pub architecture: String,
    /// The variant of the architecture: `v7`.
    pub variant: String,
    /// The version of the operating system, for Windows.
    pub os_version: String,
}

impl fmt::Display for ImagePlatform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.os.is_empty() {
            return f.write_str("unknown");
        }
        let parts = [&self.os, &self.architecture, &self.variant];
        let parts: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        f.write_str(&parts.join("/"))
    }
}

/// The image of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedImage {
    /// The container's name.
    pub container: String,
    /// The name of the image without its tag; `None` if it has lost its name.
    pub repository: Option<String>,
    /// Its tag.
    pub tag: Option<String>,
    /// The image. Of an image that is gone, only the id is known.
    pub details: ImageDetails,
}
