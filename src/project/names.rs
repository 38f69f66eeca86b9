//! Names as types, so that swapped arguments do not compile.

use std::borrow::Borrow;
use std::fmt;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
    )*};
}

names! {
    /// The name of a project, which prefixes everything it creates (Compose spec: `04-version-and-name.md`).
    ProjectName;
    /// A key under `services:`.
    ServiceName;
    /// A key under the top-level `networks:`; the network in the engine has [`super::Network::name`].
    NetworkKey;
    /// A key under the top-level `volumes:`; the volume in the engine has [`super::Volume::name`].
    VolumeKey;
    /// A key under the top-level `secrets:`.
    SecretKey;
    /// A key under the top-level `configs:`.
    ConfigKey;
    /// A key under the top-level `models:`.
    ModelKey;
}

/// The separator between the parts of generated names of containers and built images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum NameSeparator {
    /// `-`, as in `shop-web-1`.
    #[default]
    Dash,
    /// `_`, as in `shop_web_1`: `--compatibility`, or a true `COMPOSE_COMPATIBILITY`.
    Underscore,
}

impl NameSeparator {
    /// The character, as text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dash => "-",
            Self::Underscore => "_",
        }
    }

    /// The short name of a replica whose container has the default name: `web-1` for `shop-web-1`.
    pub(crate) fn short_name(
        self,
        container: &str,
        project: &str,
        service: &ServiceName,
        number: u32,
    ) -> Option<String> {
        let short = format!("{service}{self}{number}");
        let rest = container.strip_prefix(project)?.strip_prefix(self.as_str())?;
        (rest == short).then_some(short)
    }
}

impl fmt::Display for NameSeparator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
