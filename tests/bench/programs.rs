//! The two programs that are compared, and how they are run.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use bollard::Docker;

use crate::bars::{Bar, Row};
use crate::measure::{Cost, run};
use crate::project::Project;
use crate::report::Versions;

/// What is compared, and the engine it is compared on.
pub(crate) struct Programs {
    pub(crate) docker: Docker,
    hoist: PathBuf,
    peer: PathBuf,
    engine: String,
}

/// Which of the two runs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Side {
    Hoist,
    Peer,
}

/// What both took for the same job.
#[derive(Debug, Default)]
pub(crate) struct Costs {
    pub(crate) hoist: Vec<Cost>,
    pub(crate) peer: Vec<Cost>,
}

impl Costs {
    pub(crate) fn of(&mut self, side: Side) -> &mut Vec<Cost> {
        match side {
            Side::Hoist => &mut self.hoist,
            Side::Peer => &mut self.peer,
        }
    }

    /// A row of the table; memory is asked for in each.
    pub(crate) fn row(self, what: &str, bars: impl IntoIterator<Item = Bar>) -> Row {
        let bars = bars.into_iter().chain([Bar::Memory(4.0)]).collect();
        Row { what: what.to_owned(), hoist: self.hoist, peer: self.peer, bars }
    }
}

impl Programs {
    /// The programs that the environment names, and an engine that answers.
    pub(crate) async fn find() -> anyhow::Result<Self> {
        let hoist = std::env::var_os("HOIST_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_hoist").into(), PathBuf::from);
        let peer = match std::env::var_os("HOIST_PEER") {
            Some(path) => path.into(),
            None => peer_of_the_bed()?,
        };
        let docker = Docker::connect_with_defaults()?;
        let version = docker.version().await.context("no engine answers; `eval \"$(tests/bed/bed env)\"` names one")?;
        Ok(Self { docker, hoist, peer, engine: version.version.unwrap_or_default() })
    }

    /// What the table says of them.
    pub(crate) fn versions(&self) -> anyhow::Result<Versions> {
        let output = Command::new(&self.peer).args(["version", "--short"]).output()?;
        Ok(Versions {
            peer: String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            engine: self.engine.clone(),
            sizes: (std::fs::metadata(&self.hoist)?.len(), std::fs::metadata(&self.peer)?.len()),
        })
    }

    pub(crate) fn program(&self, side: Side) -> &Path {
        match side {
            Side::Hoist => &self.hoist,
            Side::Peer => &self.peer,
        }
    }

    /// A program of Docker that some jobs need: beside the peer, on the path, or from the bed.
    pub(crate) fn tool(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let here = self.peer.parent().map(Path::to_path_buf).into_iter().chain(std::env::split_paths(&path));
        let found = |mut folders: Box<dyn Iterator<Item = PathBuf> + '_>| {
            folders.find_map(|folder| Some(folder.join(name)).filter(|file| file.is_file()))
        };
        if let Some(file) = found(Box::new(here)) {
            return Ok(file);
        }
        let of_the_bed = peer_of_the_bed()?;
        let folders =
            of_the_bed.ancestors().flat_map(|folder| [folder.join("bin"), folder.join("libexec/docker/cli-plugins")]);
        found(Box::new(folders)).with_context(|| format!("there is no `{name}` here"))
    }

    pub(crate) fn run(&self, side: Side, arguments: &[&str], project: &Project) -> anyhow::Result<Cost> {
        run(self.program(side), arguments, project.folder())
    }

    /// The same command by both in turn, after one run each that does not count.
    pub(crate) fn pairs(&self, rounds: u32, arguments: &[&str], folder: &Path) -> anyhow::Result<Costs> {
        let mut costs = Costs::default();
        for round in 0..=rounds {
            for side in in_turn(round) {
                let cost = run(self.program(side), arguments, folder)?;
                if round > 0 {
                    costs.of(side).push(cost);
                }
            }
        }
        Ok(costs)
    }
}

fn peer_of_the_bed() -> anyhow::Result<PathBuf> {
    let bed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bed/bed");
    let output = Command::new(bed).arg("peer").stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "HOIST_PEER names no Docker Compose, and the bed has none");
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

/// Neither is always the first.
pub(crate) fn in_turn(round: u32) -> [Side; 2] {
    if round.is_multiple_of(2) { [Side::Hoist, Side::Peer] } else { [Side::Peer, Side::Hoist] }
}

/// Services that do nothing, with more lines of each.
pub(crate) fn services(count: usize, more: impl Fn(usize) -> String) -> String {
    (0..count).fold("services:\n".to_owned(), |mut text, number| {
        let idle = "    image: busybox:latest\n    command: [sleep, '600']\n    stop_grace_period: 0s\n";
        write!(text, "  s{number}:\n{idle}{}", more(number)).expect("memory can be written to");
        text
    })
}

/// Ten services, some with a volume.
pub(crate) fn ten_services() -> String {
    let more = |number| match number {
        0..3 => format!("    volumes: ['data{number}:/data']\n"),
        _ => "    environment: {LEVEL: info}\n".to_owned(),
    };
    services(10, more) + "volumes: {data0: {}, data1: {}, data2: {}}\n"
}
