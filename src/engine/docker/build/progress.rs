//! The engine's progress of a build in, steps and lines out.

use std::collections::HashMap;
use std::time::Duration;

use bollard_buildkit_proto::google::protobuf::Timestamp;
use bollard_buildkit_proto::moby::buildkit::v1::{StatusResponse, Vertex, VertexLog, VertexStatus, VertexWarning};

/// How many bytes of what a step writes are kept in case it fails. Engines cut it at 2 MiB, by default.
const KEPT: usize = 4 << 20;

/// Maximum size of a line without an end that is shown while it is written.
const LONGEST_OPEN: usize = 4096;

/// Progress of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine::docker) enum BuildProgress {
    /// A step started or ended.
    Step {
        /// Its number, from 1 in the order in which the engine names steps.
        id: String,
        /// What it does: `[2/3] RUN make`.
        name: String,
        /// Whether it started or how it ended.
        status: StepStatus,
        /// How long it took, once it has ended.
        elapsed: Option<Duration>,
    },
    /// A line of a step's output.
    Log {
        /// The step.
        id: String,
        /// The text, without the line end.
        line: String,
    },
    /// How the line stands that a step is still writing.
    OpenLine {
        /// The step.
        id: String,
        /// The text.
        line: String,
    },
    /// A transfer of a step made progress.
    Transfer {
        /// The step.
        id: String,
        /// Its name: `transferring context`, or the digest of a layer.
        name: String,
        /// Bytes done.
        current: u64,
        /// Total bytes, if known.
        total: Option<u64>,
    },
    /// A warning about the Dockerfile.
    Warning {
        /// What is wrong with it, and where.
        message: String,
    },
    /// The image exists now.
    Done(Built),
}

/// The state of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine::docker) enum StepStatus {
    /// It runs.
    Started,
    /// It is done.
    Done,
    /// Its result was in the cache.
    Cached,
    /// It failed, with this message.
    Failed(String),
}

/// An image that was built.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::engine::docker) struct Built {
    /// The digest of the image in the engine, `sha256:…`.
    pub(in crate::engine::docker) digest: Option<String>,
    /// The digest of its configuration, `sha256:…`. Without containerd's image store it is the same.
    pub(in crate::engine::docker) config_digest: Option<String>,
    /// Whether the builder pushed it; otherwise it is in the engine's image store.
    pub(in crate::engine::docker) pushed: bool,
    /// Number of files whose content the engine requested; those it had from earlier builds do not count.
    pub(in crate::engine::docker) files_sent: u64,
    /// Number of bytes in them.
    pub(in crate::engine::docker) bytes_sent: u64,
}

/// Follows the steps of a build.
#[derive(Debug, Default)]
pub(super) struct Steps {
    by_digest: HashMap<String, Step>,
    failed: Option<String>,
}

#[derive(Debug, Default)]
struct Step {
    id: String,
    name: String,
    started: bool,
    ended: bool,
    /// Its output since the last line end.
    open_line: Vec<u8>,
    /// What it has written, by line, until it ends well.
    log: Vec<String>,
    log_size: usize,
}

impl Steps {
    /// Processes a message of the engine; returns what is new.
    pub(super) fn take(&mut self, response: StatusResponse) -> Vec<BuildProgress> {
        let mut news = Vec::new();
        // A step's start comes before its output, its end after.
        for vertex in &response.vertexes {
            self.begin(vertex, &mut news);
        }
        for log in response.logs {
            self.log(&log, &mut news);
        }
        for status in &response.statuses {
            self.transfer(status, &mut news);
        }
        for vertex in response.vertexes {
            self.end(vertex, &mut news);
        }
        news.extend(response.warnings.into_iter().map(|warning| BuildProgress::Warning { message: message(&warning) }));
        news
    }

    /// The failed step and its output.
    pub(super) fn failure(&self) -> (Option<String>, Vec<String>) {
        match self.failed.as_ref().and_then(|digest| self.by_digest.get(digest)) {
            Some(step) => (Some(step.name.clone()), step.log.clone()),
            None => (None, Vec::new()),
        }
    }

    fn step(&mut self, digest: &str) -> &mut Step {
        let next = self.by_digest.len() + 1;
        self.by_digest.entry(digest.to_owned()).or_insert_with(|| Step { id: next.to_string(), ..Step::default() })
    }

    fn begin(&mut self, vertex: &Vertex, news: &mut Vec<BuildProgress>) {
        let name = vertex.name.clone();
        let step = self.step(&vertex.digest);
        step.name = name;
        if vertex.started.is_some() && !std::mem::replace(&mut step.started, true) {
            news.push(step.is(StepStatus::Started, None));
        }
    }

    fn end(&mut self, vertex: Vertex, news: &mut Vec<BuildProgress>) {
        let error = vertex.error.clone();
        let step = self.step(&vertex.digest);
        if vertex.completed.is_none() || std::mem::replace(&mut step.ended, true) {
            return;
        }
        if !step.open_line.is_empty() {
            let line = std::mem::take(&mut step.open_line);
            news.push(step.wrote(&line));
        }
        let status = match (error, vertex.cached) {
            (error, true) if error.is_empty() => StepStatus::Cached,
            (error, false) if error.is_empty() => StepStatus::Done,
            (error, _) => StepStatus::Failed(error),
        };
        news.push(step.is(status.clone(), taken(vertex.started.as_ref(), vertex.completed.as_ref())));
        if matches!(status, StepStatus::Done | StepStatus::Cached) {
            step.log = Vec::new();
        }
        // Steps cancelled because another one failed end with an error too, which explains nothing.
        if matches!(status, StepStatus::Failed(error) if !error.contains("context canceled")) {
            self.failed.get_or_insert(vertex.digest);
        }
    }

    fn log(&mut self, log: &VertexLog, news: &mut Vec<BuildProgress>) {
        let step = self.step(&log.vertex);
        step.open_line.extend_from_slice(&log.msg);
        while let Some(end) = step.open_line.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = step.open_line.drain(..=end).collect();
            news.push(step.wrote(&line));
        }
        step.overwrite();
        if !step.open_line.is_empty() && step.open_line.len() <= LONGEST_OPEN {
            let line = String::from_utf8_lossy(&step.open_line);
            let line = line.trim_end_matches('\r').to_owned();
            news.push(BuildProgress::OpenLine { id: step.id.clone(), line });
        }
    }

    fn transfer(&mut self, status: &VertexStatus, news: &mut Vec<BuildProgress>) {
        let id = self.step(&status.vertex).id.clone();
        let total = u64::try_from(status.total).ok().filter(|&total| total > 0);
        let current = u64::try_from(status.current).unwrap_or(0);
        // Parts of a step that transfer nothing are reported in the same way.
        if current > 0 || total.is_some() {
            let name = status.id.trim_end_matches(':').to_owned();
            news.push(BuildProgress::Transfer { id, name, current, total });
        }
    }
}

impl Step {
    fn is(&self, status: StepStatus, elapsed: Option<Duration>) -> BuildProgress {
        BuildProgress::Step { id: self.id.clone(), name: self.name.clone(), status, elapsed }
    }

    /// Drops what a carriage return has overwritten of the line that has no end yet.
    fn overwrite(&mut self) {
        let end = self.open_line.iter().rposition(|&byte| byte != b'\r').map_or(0, |last| last + 1);
        if let Some(at) = self.open_line[..end].iter().rposition(|&byte| byte == b'\r') {
            self.open_line.drain(..=at);
        }
    }

    /// A line of the step's output. Of text overwritten after carriage returns, the last is kept.
    fn wrote(&mut self, line: &[u8]) -> BuildProgress {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches(['\r', '\n']);
        let line = line.rsplit('\r').next().unwrap_or_default().to_owned();
        self.log_size += line.len();
        if self.log_size <= KEPT {
            self.log.push(line.clone());
        }
        BuildProgress::Log { id: self.id.clone(), line }
    }
}

/// The time between two of the engine's timestamps.
fn taken(from: Option<&Timestamp>, to: Option<&Timestamp>) -> Option<Duration> {
    let nanoseconds = |time: &Timestamp| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
    let between = nanoseconds(to?) - nanoseconds(from?);
    Some(Duration::from_nanos(u64::try_from(between).unwrap_or_default()))
}

fn message(warning: &VertexWarning) -> String {
    let text = String::from_utf8_lossy(&warning.short);
    let file = warning.info.as_ref().map(|info| info.filename.as_str());
    let line = warning.ranges.first().and_then(|range| range.start.as_ref()).map(|start| start.line);
    match (file, line) {
        (Some(file), Some(line)) => {
            format!("{file}:{line}: {}", text.strip_suffix(&format!(" (line {line})")).unwrap_or(&text))
        }
        _ => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vertex(digest: &str, ended: bool) -> Vertex {
        let completed = ended.then(Timestamp::default);
        Vertex {
            digest: digest.into(),
            name: format!("step {digest}"),
            started: Some(Timestamp::default()),
            completed,
            ..Vertex::default()
        }
    }

    fn log(digest: &str, text: &str) -> VertexLog {
        VertexLog { vertex: digest.into(), msg: text.into(), ..VertexLog::default() }
    }

    fn step(id: &str, digest: &str, status: StepStatus) -> BuildProgress {
        let elapsed = (status != StepStatus::Started).then_some(Duration::ZERO);
        BuildProgress::Step { id: id.into(), name: format!("step {digest}"), status, elapsed }
    }

    fn line(id: &str, text: &str) -> BuildProgress {
        BuildProgress::Log { id: id.into(), line: text.into() }
    }

    fn open(id: &str, text: &str) -> BuildProgress {
        BuildProgress::OpenLine { id: id.into(), line: text.into() }
    }

    #[test]
    fn a_line_that_is_overwritten_shows_how_it_stands() {
        let mut steps = Steps::default();
        let mut wrote = |text: &str| {
            let logs = vec![log("a", text)];
            steps.take(StatusResponse { logs, ..StatusResponse::default() })
        };
        assert_eq!(wrote("\r10%"), [open("1", "10%")]);
        assert_eq!(wrote("\r20%\r30"), [open("1", "30")]);
        assert_eq!(wrote("%\r"), [open("1", "30%")]);
        assert_eq!(wrote("40%\r\nnext\n"), [line("1", "40%"), line("1", "next")]);
        assert_eq!(wrote(&"x".repeat(LONGEST_OPEN + 1)), []);
    }

    #[test]
    fn steps_begin_and_end_once_with_their_lines_between() {
        let mut steps = Steps::default();
        let first = StatusResponse {
            vertexes: vec![vertex("a", false), vertex("b", false)],
            logs: vec![log("a", "one\r\ntw"), log("b", "10%\r20%\rall\n")],
            ..StatusResponse::default()
        };
        assert_eq!(
            steps.take(first),
            [
                step("1", "a", StepStatus::Started),
                step("2", "b", StepStatus::Started),
                line("1", "one"),
                open("1", "tw"),
                line("2", "all"),
            ]
        );
        let cached = Vertex { cached: true, ..vertex("b", true) };
        let second = StatusResponse {
            vertexes: vec![vertex("a", true), cached.clone()],
            logs: vec![log("a", "o")],
            ..StatusResponse::default()
        };
        assert_eq!(
            steps.take(second),
            [open("1", "two"), line("1", "two"), step("1", "a", StepStatus::Done), step("2", "b", StepStatus::Cached)]
        );
        assert_eq!(steps.take(StatusResponse { vertexes: vec![cached], ..StatusResponse::default() }), []);
        assert_eq!(steps.failure(), (None, Vec::new()));
    }

    #[test]
    fn the_step_that_failed_is_known_with_all_its_lines() {
        let mut steps = Steps::default();
        let canceled = Vertex { error: "context canceled: context canceled".into(), ..vertex("a", true) };
        let failed = Vertex { error: "exit code: 3".into(), ..vertex("b", true) };
        let many = (0..30).map(|number| format!("line {number}\n")).collect::<Vec<_>>().concat();
        steps.take(StatusResponse {
            vertexes: vec![canceled, failed],
            logs: vec![log("b", &many)],
            ..StatusResponse::default()
        });
        let (name, log) = steps.failure();
        assert_eq!(name.as_deref(), Some("step b"));
        assert_eq!((log.len(), log[0].as_str()), (30, "line 0"));
    }
}
