//! What can be wrong with the files of a project, and what is worth a word though it works.

use std::path::PathBuf;

use crate::diagnostic::Explain;
use crate::load::check::CheckError;
use crate::load::decode::{DecodeError, DecodeWarning};
use crate::load::discover::{DiscoverError, DiscoverWarning, ProjectNameError};
use crate::load::dotenv::EnvFileError;
use crate::load::env_file::UnknownFormat;
use crate::load::environment::EnvironmentError;
use crate::load::extends::ExtendsError;
use crate::load::file::FileError;
use crate::load::include::IncludeError;
use crate::load::interpolate::{TemplateError, TemplateWarning};
use crate::load::merge::MergeError;
use crate::load::paths::MissingSource;
use crate::load::schema::ShapeError;
use crate::load::short_form::FormError;
use crate::load::unique::ItemError;
use crate::source::Span;
use crate::yaml::YamlError;

/// Why a project could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A file is not YAML, or not YAML that can be read without guessing.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// A variable or a text that has to be a number or a boolean.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A file that cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A reference to a file elsewhere, which is not supported yet.
    #[error("`{reference}` is not a file of this machine, and others cannot be read yet")]
    Remote {
        /// The reference as written.
        reference: String,
        /// Where it was written.
        span: Option<Span>,
    },
    /// A document that is no mapping.
    #[error("a Compose file has to be a mapping, and this is {found}")]
    NotAMapping {
        /// What it is.
        found: &'static str,
        /// Where it stands.
        span: Span,
    },
    /// No file holds anything.
    #[error("{} is empty", files.iter().map(|file| format!("`{}`", file.display())).collect::<Vec<_>>().join(", "))]
    Empty {
        /// The files.
        files: Vec<PathBuf>,
    },
    /// No files, or not those that were asked for.
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    /// An env file that was asked for.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// No name for the project, or none that can be one.
    #[error(transparent)]
    Name(#[from] ProjectNameError),
    /// A value that cannot stand where it stands.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// An item of a list that cannot be told from the others.
    #[error(transparent)]
    Item(#[from] ItemError),
    /// A short form that does not follow its grammar.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Two files that do not go together.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// `extends` that leads nowhere.
    #[error(transparent)]
    Extends(#[from] ExtendsError),
    /// `include` that leads nowhere.
    #[error(transparent)]
    Include(#[from] IncludeError),
    /// A line of an env file.
    #[error(transparent)]
    EnvFile(#[from] EnvFileError),
    /// An env file in an unknown format.
    #[error(transparent)]
    Format(#[from] UnknownFormat),
    /// A value that means nothing where it stands.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A bind mount without a source.
    #[error(transparent)]
    Mount(#[from] MissingSource),
    /// Values that do not go together.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// A service was asked for that no file defines.
    #[error("no such service: {name}")]
    NoSuchService {
        /// The name or pattern.
        name: String,
        /// The closest defined name.
        closest: Option<String>,
    },
}

impl LoadError {
    /// The error of the layer that found it, if it is one.
    fn inner(&self) -> Option<&dyn Explain> {
        match self {
            Self::Yaml(error) => Some(error),
            Self::Template(error) => Some(error),
            Self::Discover(error) => Some(error),
            Self::Environment(error) => Some(error),
            Self::Name(error) => Some(error),
            Self::Shape(error) => Some(error),
            Self::Item(error) => Some(error),
            Self::Form(error) => Some(error),
            Self::Merge(error) => Some(error),
            Self::Extends(error) => Some(error),
            Self::Include(error) => Some(error),
            Self::EnvFile(error) => Some(error),
            Self::Format(error) => Some(error),
            Self::Decode(error) => Some(error),
            Self::Mount(error) => Some(error),
            Self::Check(error) => Some(error),
            Self::File(error) => Some(error),
            Self::Remote { .. } | Self::NotAMapping { .. } | Self::Empty { .. } | Self::NoSuchService { .. } => None,
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what is not named here explains itself or has nothing to add")]
impl Explain for LoadError {
    fn span(&self) -> Option<Span> {
        if let Some(inner) = self.inner() {
            return inner.span();
        }
        match self {
            Self::Remote { span, .. } => *span,
            Self::NotAMapping { span, .. } => Some(*span),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        if let Some(inner) = self.inner() {
            return inner.hint();
        }
        match self {
            Self::Remote { .. } => Some("fetch it first and give its path".to_owned()),
            Self::NotAMapping { found: "nothing", .. } => {
                Some("remove the `---` that begins an empty document".to_owned())
            }
            Self::NotAMapping { .. } | Self::Empty { .. } => Some("begin with `services:`".to_owned()),
            Self::NoSuchService { closest: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            Self::NoSuchService { .. } => Some("`hoist config --services` lists those that there are".to_owned()),
            _ => None,
        }
    }

    fn related(&self) -> Vec<(Span, String)> {
        self.inner().map(Explain::related).unwrap_or_default()
    }
}

/// Something that works, but not as it may have been meant.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LoadWarning {
    /// A variable without value, or a word for a boolean.
    #[error(transparent)]
    Template(#[from] TemplateWarning),
    /// `version` at the top.
    #[error("the attribute `version` is obsolete and ignored")]
    Version {
        /// Where it stands.
        span: Span,
    },
    /// `external: {name: …}`.
    #[error("`{path}`: `external.name` is deprecated")]
    ExternalName {
        /// Dotted path of the resource.
        path: String,
        /// Where it stands.
        span: Span,
    },
    /// A key in `extends` or `include` that means nothing.
    #[error("unknown key `{key}` in `{place}` is ignored")]
    IgnoredKey {
        /// The key.
        key: String,
        /// `extends` or `include`.
        place: &'static str,
        /// Where it stands.
        span: Span,
        /// The closest known key.
        closest: Option<String>,
    },
    /// An item of `include` that names no file.
    #[error("this item of `include` names no file, so it includes nothing")]
    IncludesNothing {
        /// Where it stands.
        span: Span,
    },
    /// A service that extends one without content, which changes nothing.
    #[error("service `{base}` is blank, so extending it does nothing")]
    BlankBase {
        /// The service that is extended.
        base: String,
        /// Where `extends` stands.
        span: Span,
    },
    /// A number or date in a place for text, where it does not come out as written.
    #[error("`{written}` becomes `{becomes}` in `{path}`")]
    ChangedText {
        /// Dotted path.
        path: String,
        /// As it stands in the file.
        written: String,
        /// As it comes out.
        becomes: String,
        /// Where it stands.
        span: Span,
    },
    /// A value that is taken for another one than is written.
    #[error(transparent)]
    Decode(#[from] DecodeWarning),
    /// `a:/b`, which looks like a volume `a` but is a Windows drive.
    #[error("`{text}` is an anonymous volume at `{text}`: a single letter before a colon is a drive")]
    DriveLetter {
        /// The mount as written.
        text: String,
        /// Where it stands.
        span: Span,
    },
    /// An option of a short mount that means nothing.
    #[error("`{option}` in `{text}` is no option of a mount and is left out")]
    MountOption {
        /// The option.
        option: String,
        /// The mount as written.
        text: String,
        /// Where it stands.
        span: Span,
    },
    /// A restart policy that no engine knows.
    #[error("`restart` is `{word}`, which engines refuse")]
    Restart {
        /// The word.
        word: String,
        /// Where it stands.
        span: Span,
    },
    /// Address pools of a lower file that the upper one does not repeat.
    #[error("`{upper}` discards address pools from `{file}`: {}", pools.join(", "))]
    DroppedPools {
        /// Their subnets.
        pools: Vec<String>,
        /// The lower file.
        file: String,
        /// The upper file.
        upper: String,
        /// Where the first of them stands.
        lower: Span,
        /// Where the upper pools stand.
        span: Span,
    },
    /// Several files that could be meant, or a folder that is a link.
    #[error(transparent)]
    Discover(#[from] DiscoverWarning),
}

impl Explain for LoadWarning {
    fn span(&self) -> Option<Span> {
        match self {
            Self::Template(warning) => warning.span(),
            Self::Decode(warning) => warning.span(),
            Self::Version { span }
            | Self::ExternalName { span, .. }
            | Self::IgnoredKey { span, .. }
            | Self::IncludesNothing { span }
            | Self::BlankBase { span, .. }
            | Self::ChangedText { span, .. }
            | Self::DriveLetter { span, .. }
            | Self::MountOption { span, .. }
            | Self::Restart { span, .. }
            | Self::DroppedPools { span, .. } => Some(*span),
            Self::Discover(_) => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Template(warning) => warning.hint(),
            Self::Decode(warning) => warning.hint(),
            Self::Version { .. } => Some("remove the line".to_owned()),
            Self::ExternalName { .. } => Some("write `external: true` and `name: …` beside it".to_owned()),
            Self::IgnoredKey { closest: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            Self::IgnoredKey { .. } => Some("remove it".to_owned()),
            Self::IncludesNothing { .. } => Some("give it a `path`".to_owned()),
            Self::BlankBase { .. } => Some("give that service some content, or remove `extends`".to_owned()),
            Self::ChangedText { written, .. } => Some(format!("put it in quotes to keep it: \"{written}\"")),
            Self::DriveLetter { .. } => Some(
                "for a volume of one letter write `{type: volume, source: …, target: …}`; for a folder begin with `./`"
                    .to_owned(),
            ),
            Self::MountOption { .. } => {
                Some("known are `ro`, `rw`, `z`, `Z`, `nocopy` and words such as `rslave`".to_owned())
            }
            Self::Restart { .. } => {
                Some("write `\"no\"`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`".to_owned())
            }
            Self::DroppedPools { upper, .. } => Some(format!("repeat the pools to keep in `{upper}`")),
            Self::Discover(_) => None,
        }
    }

    fn related(&self) -> Vec<(Span, String)> {
        if let Self::DroppedPools { lower, .. } = self {
            return vec![(*lower, "dropped".to_owned())];
        }
        Vec::new()
    }
}
