//! Builds with the engine's classic builder, for engines without BuildKit: a specification in, progress and the image out.
//!
//! The context travels as one archive. The builder has no secrets, SSH, caches to export or further contexts; a build
//! that asks for one is refused.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use futures::StreamExt;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::archive::{self, Contents};
use super::cache;
use super::error::BuildError;
use super::ignore_file::{IGNORE_FILE, check};
use super::progress::{BuildProgress, Built, StepStatus};
use crate::engine::build_files::{existing_dockerfile, existing_folder};
use crate::engine::docker::client::{Client, query};
use crate::engine::docker::transport;
use crate::engine::{BuildFailure, EngineError};
use crate::plan::{Attestation, BuildPurpose, BuildSpec, Dockerfile};
use crate::project::hash::hex;
use crate::project::value::BuildContext;
use crate::project::value::path_pattern::of_ignore_file;
use crate::source::Reader;

/// Where progress goes.
pub(super) type Progress = mpsc::Sender<Result<BuildProgress, EngineError>>;

/// The largest Dockerfile or ignore file.
const LARGEST_TEXT: u64 = 16 << 20;

/// Builds an image; progress goes to the channel.
pub(super) async fn run(client: &Client, mut spec: BuildSpec, progress: &Progress) -> Result<Built, EngineError> {
    let left_out = cache::complete(&mut spec, &client.build_settings().github);
    refuse_what_is_missing(&spec)?;
    let note = "the engine's classic builder is used, since BuildKit is turned off or missing".to_owned();
    for message in std::iter::once(note).chain(left_out) {
        let _ = progress.send(Ok(BuildProgress::Warning { message })).await;
    }
    let registries = client.credentials().as_config_file().await;
    let request = {
        let spec = spec.clone();
        let prepared = tokio::task::spawn_blocking(move || prepare(&spec)).await;
        prepared.map_err(|cause| EngineError::Failed(cause.to_string()))??
    };
    let path = format!("/build?{}", query_of(&spec, &request));
    let (chunks, archive) = mpsc::channel(archive::QUEUE);
    let contents = request.contents;
    // It ends when the request does, which drops the receiver.
    let sending = tokio::task::spawn_blocking(move || match contents {
        Some(contents) => archive::send(&contents, &chunks),
        None => drop(chunks),
    });
    let headers = [("content-type", "application/x-tar"), ("x-registry-config", &*registry_header(&registries))];
    let response = client.upload(&path, &headers, ReceiverStream::new(archive)).await?;
    let mut lines = transport::json_lines::<Line>(response.into_body());
    let mut steps = Steps::default();
    while let Some(line) = lines.next().await {
        for item in steps.take(line?) {
            let _ = progress.send(Ok(item)).await;
        }
        if let Some(message) = &steps.error {
            let failure = BuildFailure {
                message: message.clone(),
                step: steps.current.as_ref().map(|(_, name)| name.clone()),
                log: std::mem::take(&mut steps.tail),
                ..BuildFailure::default()
            };
            return Err(BuildError::Failed(Box::new(failure)).into());
        }
    }
    if let Some(item) = steps.end() {
        let _ = progress.send(Ok(item)).await;
    }
    // Whatever went wrong in it, the engine has reported.
    let _ = sending.await;
    if steps.image.is_none() {
        let message = format!("the build of `{}` produced no image", spec.image);
        return Err(EngineError::Build(Box::new(message.into())));
    }
    Ok(Built { digest: steps.image, ..Built::default() })
}

/// Refuses what the builder would ignore.
fn refuse_what_is_missing(spec: &BuildSpec) -> Result<(), BuildError> {
    let missing = [
        (!spec.secrets.is_empty(), "`build.secrets`"),
        (!spec.ssh.is_empty(), "`build.ssh`"),
        (!spec.contexts.is_empty(), "`build.additional_contexts`"),
        (!spec.cache_to.is_empty(), "`build.cache_to`"),
        (spec.cache_from.iter().any(|text| text.contains('=')), "`build.cache_from` with a `type`"),
        (!spec.no_cache_filter.is_empty(), "`build.no_cache_filter`"),
        (spec.platforms.len() > 1, "`build.platforms` with several platforms"),
        (spec.entitlements.iter().any(|name| name == "security.insecure"), "`build.privileged`"),
        (!spec.entitlements.is_empty(), "`build.entitlements`"),
        (spec.attestations.provenance != Attestation::Off, "`build.provenance`"),
        (spec.attestations.sbom != Attestation::Off, "`build.sbom`"),
        (spec.purpose == BuildPurpose::Check, "`--check`"),
        (
            matches!((&spec.context, &spec.dockerfile), (BuildContext::Remote(_), Dockerfile::Inline(_))),
            "`build.dockerfile_inline` with a remote context",
        ),
    ];
    match missing.into_iter().find(|(asked, _)| *asked) {
        Some((_, what)) => Err(BuildError::Unsupported(format!("{what} needs BuildKit, not the classic builder"))),
        None => Ok(()),
    }
}

/// What to send.
struct Request {
    /// The files; `None` if the engine fetches them.
    contents: Option<Contents>,
    /// The Dockerfile's path in the archive.
    dockerfile: String,
    /// The address of a remote context.
    remote: Option<String>,
}

fn prepare(spec: &BuildSpec) -> Result<Request, BuildError> {
    let folder = match (&spec.context, &spec.dockerfile) {
        (BuildContext::Folder(folder), _) => existing_folder(folder)?,
        (BuildContext::Remote(url), Dockerfile::Path(path)) => {
            return Ok(Request { contents: None, dockerfile: path.clone(), remote: Some(url.clone()) });
        }
        (BuildContext::Remote(_), Dockerfile::Inline(_)) => {
            return Err(BuildError::Unsupported("an inline Dockerfile needs a local context".to_owned()));
        }
    };
    let common = folder.join(IGNORE_FILE);
    check(&common, &folder)?;
    let common_text = if common.is_file() { Some(read(&common)?) } else { None };
    let (name, text, ignored) = match &spec.dockerfile {
        Dockerfile::Inline(text) => (None, text.clone().into_bytes(), None),
        Dockerfile::Path(path) => {
            let dockerfile = existing_dockerfile(&folder.join(path))?;
            let own = PathBuf::from(format!("{}.dockerignore", dockerfile.display()));
            check(&own, own.parent().unwrap_or(&folder))?;
            let own = if own.is_file() { Some(read(&own)?) } else { None };
            (name_in(&folder, &dockerfile), read(&dockerfile)?, own)
        }
    };
    let ignored = ignored.as_deref().or(common_text.as_deref()).unwrap_or_default();
    let mut excluded = of_ignore_file(&String::from_utf8_lossy(ignored));
    let mut texts = Vec::new();
    let dockerfile = if let Some(name) = name {
        // Both are needed by the engine, which removes them if they are excluded.
        excluded.extend([format!("!{name}"), format!("!{IGNORE_FILE}")]);
        name
    } else {
        // The same for the same text, so that the cache of later builds works.
        let name = format!(".dockerfile.{}", &hex(&Sha256::digest(&text))[..20]);
        let mut list = common_text.unwrap_or_else(|| IGNORE_FILE.as_bytes().to_vec());
        list.extend(format!("\n{name}\n").into_bytes());
        texts = vec![(IGNORE_FILE.to_owned(), list), (name.clone(), text)];
        name
    };
    Ok(Request { contents: Some(Contents { folder, excluded, texts }), dockerfile, remote: None })
}

/// The path of a Dockerfile in the context; `None` if it is outside, or a link, which the engine would not follow out.
fn name_in(folder: &Path, dockerfile: &Path) -> Option<String> {
    let target = dockerfile.canonicalize().ok()?;
    if dockerfile.is_symlink() {
        return None;
    }
    target.strip_prefix(folder).ok()?.to_str().map(str::to_owned)
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    let text = Reader::up_to(LARGEST_TEXT).read(path);
    text.map_err(|cause| BuildError::Unreadable(format!("cannot read `{}`: {cause}", path.display())))
}

fn query_of(spec: &BuildSpec, request: &Request) -> String {
    let json = |value: serde_json::Value| value.to_string();
    let mut pairs: Vec<(&str, String)> = vec![("dockerfile", request.dockerfile.clone())];
    pairs.extend(spec.exporter.tags().iter().map(|tag| ("t", tag.clone())));
    if let Some(url) = &request.remote {
        pairs.push(("remote", url.clone()));
    }
    let args: serde_json::Map<_, _> = spec
        .args
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), serde_json::Value::from(value.clone()?))))
        .collect();
    pairs.push(("buildargs", json(args.into())));
    pairs.push(("labels", json(serde_json::json!(spec.labels))));
    pairs.push(("rm", "1".to_owned()));
    pairs.push(("forcerm", "1".to_owned()));
    let hosts = spec.extra_hosts.iter().map(|(name, address)| format!("{name}:{address}"));
    pairs.extend(hosts.map(|host| ("extrahosts", host)));
    if !spec.cache_from.is_empty() {
        pairs.push(("cachefrom", json(serde_json::json!(spec.cache_from))));
    }
    if !spec.ulimits.is_empty() {
        let limit = |(name, limit): (&String, &crate::project::value::Ulimit)| serde_json::json!({"Name": name, "Soft": limit.soft(), "Hard": limit.hard()});
        pairs.push(("ulimits", json(spec.ulimits.iter().map(limit).collect())));
    }
    let optional = [
        ("target", spec.target.clone()),
        ("networkmode", spec.network.clone()),
        ("platform", spec.platforms.first().cloned()),
        ("shmsize", spec.shm_size.map(|bytes| bytes.to_string())),
        ("memory", spec.memory.map(|bytes| bytes.to_string())),
        ("nocache", spec.no_cache.then(|| "1".to_owned())),
        ("pull", spec.pull.then(|| "1".to_owned())),
    ];
    pairs.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    query(&pairs)
}

/// The `auths` of a configuration file, in the form of the header.
fn registry_header(config: &str) -> String {
    use base64::Engine as _;
    let auths = serde_json::from_str::<serde_json::Value>(config).ok().and_then(|mut config| {
        let mut auths = config.get_mut("auths")?.take();
        for entry in auths.as_object_mut()?.values_mut() {
            let decoded = entry.get("auth").and_then(|auth| auth.as_str()).and_then(|auth| {
                let text = base64::engine::general_purpose::STANDARD.decode(auth).ok()?;
                let text = String::from_utf8(text).ok()?;
                text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
            });
            if let Some((user, password)) = decoded {
                *entry = serde_json::json!({"username": user, "password": password});
            }
        }
        Some(auths)
    });
    base64::engine::general_purpose::URL_SAFE.encode(auths.unwrap_or_else(|| serde_json::json!({})).to_string())
}

/// A message of the builder.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Line {
    stream: Option<String>,
    error: Option<String>,
    aux: Option<Aux>,
    /// The layer of a pull.
    id: Option<String>,
    status: Option<String>,
    progress_detail: Option<Detail>,
}

#[derive(Debug, Deserialize)]
struct Aux {
    #[serde(rename = "ID")]
    id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Detail {
    current: Option<u64>,
    total: Option<u64>,
}

/// How many lines of a step are kept in case it fails.
const TAIL: usize = 20;

/// Follows the builder's output.
#[derive(Debug, Default)]
struct Steps {
    /// The number and name of the running step.
    current: Option<(String, String)>,
    cached: bool,
    /// Its last lines.
    tail: Vec<String>,
    /// Output since the last line end.
    open: String,
    image: Option<String>,
    error: Option<String>,
}

impl Steps {
    fn take(&mut self, line: Line) -> Vec<BuildProgress> {
        let mut news = Vec::new();
        if let Some(error) = line.error {
            let message = error.lines().next().unwrap_or_default().to_owned();
            news.extend(self.finish(StepStatus::Failed(message.clone())));
            self.error = Some(message);
        }
        if let Some(id) = line.aux.and_then(|aux| aux.id) {
            self.image = Some(id);
        }
        if let (Some(id), Some(status), Some(detail)) = (line.id, line.status, line.progress_detail)
            && let Some(current) = detail.current
        {
            news.push(BuildProgress::Transfer { id, name: status, current, total: detail.total });
        }
        self.open.push_str(&line.stream.unwrap_or_default());
        while let Some(end) = self.open.find('\n') {
            let rest = self.open.split_off(end + 1);
            let text = std::mem::replace(&mut self.open, rest);
            self.line(text.trim_end_matches(['\r', '\n']), &mut news);
        }
        news
    }

    fn line(&mut self, text: &str, news: &mut Vec<BuildProgress>) {
        if let Some((id, name)) = step_of(text) {
            news.extend(self.end());
            news.push(BuildProgress::Step {
                id: id.clone(),
                name: name.clone(),
                status: StepStatus::Started,
                elapsed: None,
            });
            self.current = Some((id, name));
        } else if text.trim_start().starts_with("---> Using cache") {
            self.cached = true;
        } else if !text.is_empty() && !text.trim_start().starts_with("--->") {
            if self.tail.len() == TAIL {
                self.tail.remove(0);
            }
            self.tail.push(text.to_owned());
            let id = self.current.as_ref().map(|(id, _)| id.clone()).unwrap_or_default();
            news.push(BuildProgress::Log { id, line: text.to_owned() });
        }
    }

    /// The end of the running step.
    fn end(&mut self) -> Option<BuildProgress> {
        let status = if self.cached { StepStatus::Cached } else { StepStatus::Done };
        let ended = self.finish(status);
        self.current = None;
        self.cached = false;
        self.tail.clear();
        ended
    }

    fn finish(&mut self, status: StepStatus) -> Option<BuildProgress> {
        let (id, name) = self.current.clone()?;
        Some(BuildProgress::Step { id, name, status, elapsed: None })
    }
}

/// `Step 2/3 : RUN make` is number 2, `[2/3] RUN make`.
fn step_of(text: &str) -> Option<(String, String)> {
    let (number, instruction) = text.strip_prefix("Step ")?.split_once(" : ")?;
    let (id, _) = number.split_once('/')?;
    let mut name = String::new();
    write!(name, "[{number}] {instruction}").ok()?;
    Some((id.to_owned(), name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::SshKey;

    fn spec() -> BuildSpec {
        BuildSpec::new("web", "app", BuildContext::Folder("/shop".into()))
    }

    #[test]
    fn what_the_builder_lacks_is_refused_by_name() {
        assert_eq!(refuse_what_is_missing(&spec()), Ok(()));
        let cases = [
            (BuildSpec { ssh: vec![SshKey::default()], ..spec() }, "`build.ssh`"),
            (BuildSpec { cache_to: vec!["type=inline".into()], ..spec() }, "`build.cache_to`"),
            (BuildSpec { cache_from: vec!["type=gha".into()], ..spec() }, "`build.cache_from` with a `type`"),
            (BuildSpec { purpose: BuildPurpose::Check, ..spec() }, "`--check`"),
        ];
        for (spec, expected) in cases {
            let message = refuse_what_is_missing(&spec).expect_err("refused").to_string();
            assert_eq!(message, format!("{expected} needs BuildKit, not the classic builder"));
        }
        assert_eq!(refuse_what_is_missing(&BuildSpec { cache_from: vec!["app:cache".into()], ..spec() }), Ok(()));
    }

    #[test]
    fn output_becomes_steps_with_lines() {
        let mut steps = Steps::default();
        let texts = ["Step 1/2 : FROM x\n ---> 12ab\n", "Step 2/2 : RUN y\n", " ---> Running in 1\nou", "t\n"];
        let mut news = Vec::new();
        for text in texts {
            news.extend(steps.take(Line { stream: Some(text.to_owned()), ..Line::default() }));
        }
        news.extend(steps.take(Line { error: Some("it failed".to_owned()), ..Line::default() }));
        let step = |id: &str, name: &str, status| BuildProgress::Step {
            id: id.into(),
            name: name.into(),
            status,
            elapsed: None,
        };
        let expected = [
            step("1", "[1/2] FROM x", StepStatus::Started),
            step("1", "[1/2] FROM x", StepStatus::Done),
            step("2", "[2/2] RUN y", StepStatus::Started),
            BuildProgress::Log { id: "2".into(), line: "out".into() },
            step("2", "[2/2] RUN y", StepStatus::Failed("it failed".into())),
        ];
        assert_eq!(news, expected);
        assert_eq!((steps.error.as_deref(), steps.tail.as_slice()), (Some("it failed"), &["out".to_owned()][..]));
    }

    #[test]
    fn a_dockerfile_outside_is_added_under_a_name_that_the_image_does_not_get() {
        let folder = tempfile::tempdir().expect("folder");
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir(at("app")).expect("folder");
        for (name, text) in [("Outside", "FROM x"), ("app/Dockerfile", "FROM y"), ("app/.dockerignore", "Dockerfile")] {
            std::fs::write(at(name), text).expect("file");
        }
        let context = BuildContext::Folder(at("app"));
        let inside = prepare(&BuildSpec { context: context.clone(), ..spec() }).expect("prepared");
        assert_eq!(inside.dockerfile, "Dockerfile");
        let contents = inside.contents.expect("contents");
        assert_eq!(contents.excluded, ["Dockerfile", "!Dockerfile", "!.dockerignore"]);
        let dockerfile = Dockerfile::Path("../Outside".to_owned());
        let outside = prepare(&BuildSpec { context, dockerfile, ..spec() }).expect("prepared");
        let texts = outside.contents.expect("contents").texts;
        let ignored = format!("Dockerfile\n{}\n", outside.dockerfile).into_bytes();
        assert_eq!(texts, [(".dockerignore".to_owned(), ignored), (outside.dockerfile, b"FROM x".to_vec())]);
    }
}
