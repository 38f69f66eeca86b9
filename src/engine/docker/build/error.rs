//! Why a build failed, with the place that the engine reports.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bollard_buildkit_proto::google::rpc;
use prost::Message;
use serde::Deserialize;
use tonic::{Code, Status};

use crate::engine::{BuildFailure, BuildFilesError, BuildPlace, EngineError};

/// Why a build failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(in crate::engine::docker) enum BuildError {
    /// The context or the Dockerfile is missing.
    #[error(transparent)]
    NoFiles(#[from] BuildFilesError),
    /// The engine or this client does not support something in the request.
    #[error("{0}")]
    Unsupported(String),
    /// Part of the request cannot be sent.
    #[error("cannot request this build: {0}")]
    Request(String),
    /// The engine does not answer.
    #[error("cannot connect to a container engine at {address}: {cause}")]
    Unreachable {
        /// The address that was tried.
        address: String,
        /// Why, as the system reports it.
        cause: String,
    },
    /// The engine does not support BuildKit.
    #[error("the engine at {address} has no BuildKit")]
    NoBuildKit {
        /// The address that was tried.
        address: String,
    },
    /// The connection to the engine was lost during the build.
    #[error("the connection to the engine was lost: {0}")]
    Disconnected(String),
    /// A file could not be sent to the engine.
    #[error("{0}")]
    Unreadable(String),
    /// The build failed.
    #[error("{}", .0.message)]
    Failed(Box<BuildFailure>),
}

impl BuildError {
    /// The error of the build request. `unreadable` is a local file that could not be read, which is then the cause of
    /// the engine's error; `step` and `log` belong to the failed step.
    pub(super) fn of_solve(
        status: &Status,
        unreadable: Option<String>,
        step: Option<String>,
        log: Vec<String>,
    ) -> Self {
        if let Some(message) = unreadable {
            return Self::Unreadable(message);
        }
        // Answers of the engine have no source here; errors on this side of the connection do.
        if std::error::Error::source(status).is_some() || status.code() == Code::Unavailable {
            return Self::Disconnected(innermost(status));
        }
        let place = place(status);
        let message = plain(status.message(), place.as_ref());
        Self::Failed(Box::new(BuildFailure { message, place, step, log }))
    }
}

impl From<BuildError> for EngineError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Unreachable { address, cause } => Self::Unreachable { address, cause },
            BuildError::NoBuildKit { .. } | BuildError::Unsupported(_) => Self::Unsupported(error.to_string()),
            BuildError::Disconnected(cause) => Self::Disconnected(cause),
            BuildError::NoFiles(_) | BuildError::Request(_) | BuildError::Unreadable(_) => {
                Self::Build(Box::new(error.to_string().into()))
            }
            BuildError::Failed(failure) => Self::Build(failure),
        }
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The engine's message without the prefixes of its layers.
fn plain(message: &str, place: Option<&BuildPlace>) -> String {
    const LAYERS: [&str; 6] = [
        "failed to solve: ",
        "failed to solve with frontend dockerfile.v0: ",
        "failed to solve with frontend gateway.v0: ",
        "failed to create LLB definition: ",
        "rpc error: code = Unknown desc = ",
        "dockerfile parse error ",
    ];
    let mut message = message.trim();
    while let Some(rest) = LAYERS.iter().find_map(|layer| message.strip_prefix(layer)) {
        message = rest;
    }
    missing_file(message, place).unwrap_or_else(|| message.lines().next().unwrap_or_default().to_owned())
}

/// A clear message if a `COPY` or `ADD` finds nothing, which the engine notices while computing a checksum or expanding
/// wildcards.
fn missing_file(message: &str, place: Option<&BuildPlace>) -> Option<String> {
    let checksum = |message: &str| {
        let path = message.strip_prefix("failed to compute cache key: ")?.strip_suffix(": not found")?;
        // Engines before 23.0 repeat it.
        let path = path.strip_suffix(" not found").unwrap_or(path).strip_suffix('"')?;
        Some(path.rsplit_once('"')?.1.to_owned())
    };
    let look =
        |message: &str| Some(message.strip_prefix("lstat ")?.strip_suffix(": no such file or directory")?.to_owned());
    let path = checksum(message).or_else(|| look(message))?;
    let elsewhere = place.is_some_and(|place| place.instruction().contains("--from"));
    Some(if elsewhere {
        format!("`{path}` does not exist in the source that it is copied from")
    } else {
        format!("`{path}` is not in the build context, or is excluded by its .dockerignore")
    })
}

/// The error detail with the place in the Dockerfile. It is JSON inside the protocol's envelope.
#[derive(Debug, Deserialize)]
struct Source {
    info: SourceInfo,
    #[serde(default)]
    ranges: Vec<SourceRange>,
}

#[derive(Debug, Deserialize)]
struct SourceInfo {
    #[serde(default)]
    filename: String,
    /// The file, in Base64.
    #[serde(default)]
    data: String,
}

#[derive(Debug, Deserialize)]
struct SourceRange {
    start: SourcePosition,
}

#[derive(Debug, Deserialize)]
struct SourcePosition {
    #[serde(default)]
    line: usize,
}

fn place(status: &Status) -> Option<BuildPlace> {
    let envelope = rpc::Status::decode(status.details()).ok()?;
    let named = |url: &str| url.rsplit('/').next().is_some_and(|name| name.starts_with("errdefs.Source"));
    let mut details = envelope.details.iter().filter(|detail| named(&detail.type_url));
    details.find_map(|detail| {
        let source: Source = serde_json::from_slice(&detail.value).ok()?;
        let line = source.ranges.first()?.start.line;
        let text = String::from_utf8(BASE64.decode(source.info.data).ok()?).ok()?;
        text.lines().nth(line.checked_sub(1)?)?;
        Some(BuildPlace { file: source.info.filename.into(), line, text })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_words_are_made_plain() {
        let copy =
            |text: &str| Some(BuildPlace { file: "Dockerfile".into(), line: 2, text: format!("FROM x\n{text}\n") });
        let checksum = r#"failed to compute cache key: failed to calculate checksum of ref x::y: "/a b": not found"#;
        let cases = [
            ("failed to solve: boom", None, "boom"),
            (checksum, copy("COPY a\\ b /"), "`/a b` is not in the build context, or is excluded by its .dockerignore"),
            (checksum, copy("COPY --from=x a\\ b /"), "`/a b` does not exist in the source that it is copied from"),
            (
                "lstat /a: no such file or directory",
                None,
                "`/a` is not in the build context, or is excluded by its .dockerignore",
            ),
            (
                "failed to solve with frontend dockerfile.v0: failed to compute cache key: \"/a\" not found: not found",
                None,
                "`/a` is not in the build context, or is excluded by its .dockerignore",
            ),
            ("docker.io/library/x:1: not found", None, "docker.io/library/x:1: not found"),
        ];
        for (message, place, expected) in cases {
            assert_eq!(plain(message, place.as_ref()), expected);
        }
    }

    #[test]
    fn the_place_in_the_dockerfile_is_read() {
        let value = serde_json::json!({
            "info": {"filename": "Dockerfile", "data": BASE64.encode("FROM x\n  RUN false\n")},
            "ranges": [{"start": {"line": 2}, "end": {"line": 2}}],
        });
        let detail = bollard_buildkit_proto::google::protobuf::Any {
            type_url: "github.com/moby/buildkit/errdefs.Source+json".into(),
            value: value.to_string().into_bytes(),
        };
        let envelope = rpc::Status { details: vec![detail], ..rpc::Status::default() };
        let status = Status::with_details(Code::Unknown, "boom", envelope.encode_to_vec().into());
        let error = BuildError::of_solve(&status, None, Some("[2/2] RUN false".into()), vec!["no".into()]);
        let BuildError::Failed(failure) = error else { panic!("the build failed") };
        assert_eq!((failure.message.as_str(), failure.step.as_deref()), ("boom", Some("[2/2] RUN false")));
        assert_eq!(failure.log, ["no"]);
        let place = failure.place.expect("the engine says where");
        assert_eq!((place.line, place.instruction()), (2, "RUN false"));
        assert_eq!(place.file.to_str(), Some("Dockerfile"));
        assert_eq!(super::place(&Status::unknown("x")), None);
    }
}
