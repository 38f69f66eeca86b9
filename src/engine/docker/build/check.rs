//! Looks for mistakes in a Dockerfile instead of building it: the request of a build in, the linter's report out.
//!
//! The frontend answers requests other than builds to a client that leads the build itself: the engine registers a build
//! without a frontend, the client asks it for one result, and then ends it.

use std::collections::HashMap;

use bollard_buildkit_proto::google::rpc;
use bollard_buildkit_proto::moby::buildkit::v1::{self as protocol, frontend};
use serde::Deserialize;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Request, Status};

use super::connection::{Bridge, Control};
use super::error::BuildError;
use crate::engine::BuildFailure;

/// The header that names the build that a call belongs to.
const BUILD_HEADER: &str = "buildkit-controlapi-buildid";

/// What the linter found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    /// The report, for people.
    pub(super) lines: Vec<String>,
    /// Number of warnings.
    pub(super) warnings: usize,
}

/// Asks for the report on the Dockerfile of `build`.
pub(super) async fn lint(
    control: &mut Control,
    bridge: &mut Bridge,
    build: protocol::SolveRequest,
) -> Result<Report, Status> {
    let id: MetadataValue<Ascii> = build.r#ref.parse().map_err(|_| Status::internal("an invalid name of a build"))?;
    let led = protocol::SolveRequest {
        r#ref: build.r#ref,
        session: build.session,
        entitlements: build.entitlements,
        internal: true,
        ..protocol::SolveRequest::default()
    };
    let asked = ask(bridge, &id, build.frontend, build.frontend_attrs);
    let (answer, ended) = tokio::join!(asked, control.solve(led));
    let answer = answer?;
    ended?;
    Ok(report(&answer))
}

/// Asks for the result and ends the build, whatever the answer is.
async fn ask(
    bridge: &mut Bridge,
    id: &MetadataValue<Ascii>,
    frontend: String,
    mut options: HashMap<String, String>,
) -> Result<HashMap<String, Vec<u8>>, Status> {
    options.insert("requestid".to_owned(), "frontend.lint".to_owned());
    let caps = options.entry("frontend.caps".to_owned()).or_default();
    let separator = if caps.is_empty() { "" } else { "," };
    *caps = format!("{caps}{separator}moby.buildkit.frontend.subrequests+forward");
    let request = frontend::SolveRequest {
        frontend,
        frontend_opt: options,
        allow_result_return: true,
        allow_result_array_ref: true,
        ..frontend::SolveRequest::default()
    };
    let answer = bridge.solve(of_build(id, request)).await;
    let (result, error) = match &answer {
        Ok(_) => (Some(frontend::Result::default()), None),
        Err(status) => {
            let (code, message) = (status.code().into(), status.message().to_owned());
            (None, Some(rpc::Status { code, message, details: Vec::new() }))
        }
    };
    // The build's own end reports a failure of this.
    let _ = bridge.r#return(of_build(id, frontend::ReturnRequest { result, error })).await;
    Ok(answer?.into_inner().result.map(|result| result.metadata).unwrap_or_default())
}

fn of_build<T>(id: &MetadataValue<Ascii>, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(BUILD_HEADER, id.clone());
    request
}

/// The part of the machine-readable report that is needed.
#[derive(Debug, Default, Deserialize)]
struct Findings {
    #[serde(default)]
    warnings: Option<Vec<serde::de::IgnoredAny>>,
}

/// The report in the words of Docker's own builder.
fn report(answer: &HashMap<String, Vec<u8>>) -> Report {
    let findings = answer.get("result.json").and_then(|json| serde_json::from_slice::<Findings>(json).ok());
    let warnings = findings.unwrap_or_default().warnings.map_or(0, |warnings| warnings.len());
    let mut lines = vec![match warnings {
        0 => "Check complete, no warnings found.".to_owned(),
        1 => "Check complete, 1 warning has been found!".to_owned(),
        more => format!("Check complete, {more} warnings have been found!"),
    }];
    let text = answer.get("result.txt").map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default();
    lines.extend(text.trim_end().lines().map(str::to_owned));
    Report { lines, warnings }
}

impl Report {
    /// Warnings are mistakes: a check that finds some fails, as in Docker's own builder.
    pub(super) fn failure(&self) -> Option<BuildError> {
        let message = match self.warnings {
            0 => return None,
            1 => "the check of the Dockerfile found 1 warning".to_owned(),
            more => format!("the check of the Dockerfile found {more} warnings"),
        };
        Some(BuildError::Failed(Box::new(BuildFailure { message, ..BuildFailure::default() })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_begins_with_the_number_of_warnings() {
        let answer = |json: &str, text: &str| {
            report(&[("result.json", json), ("result.txt", text)].map(|(key, text)| (key.into(), text.into())).into())
        };
        let clean = answer("{\"warnings\":null}", "");
        assert_eq!(clean.lines, ["Check complete, no warnings found."]);
        assert_eq!(clean.failure(), None);
        let found = answer("{\"warnings\":[{},{}]}", "\nWARNING: A - url\nwords\n\nWARNING: B - url\n");
        let lines =
            ["Check complete, 2 warnings have been found!", "", "WARNING: A - url", "words", "", "WARNING: B - url"];
        assert_eq!(found.lines, lines);
        let failure = found.failure().expect("it fails").to_string();
        assert_eq!(failure, "the check of the Dockerfile found 2 warnings");
    }
}
