//! hoist beside Docker Compose, the same jobs in turn on one engine: time, processors' time and memory of both.
//!
//! `tests/bed/bed bench [--rounds N] [JOB…]` has all it needs; by hand it is `cargo bench --bench side_by_side` with
//! `DOCKER_HOST` and, for the other Docker Compose, `HOIST_PEER`. A job is named by any part of its name.

#[path = "side_by_side/engine.rs"]
mod engine;
mod generate;
#[path = "side_by_side/measure.rs"]
mod measure;
#[path = "side_by_side/stacks.rs"]
mod stacks;
#[path = "side_by_side/table.rs"]
mod table;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use measure::Run;
use table::{HEAD, Row, Spread, time};

/// How many times each job is done by each of the two.
const ROUNDS: usize = 7;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1).peekable();
    if words.next_if(|word| word == measure::HELPER).is_some() {
        return measure::helper(words);
    }
    let mut bench = Bench { rounds: ROUNDS, wanted: Vec::new(), folder: tempfile::tempdir().expect("a folder") };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--bench" => {}
            "--rounds" => bench.rounds = words.next().and_then(|word| word.parse().ok()).expect("a number of rounds"),
            _ => bench.wanted.push(word),
        }
    }
    println!("{HEAD}");
    let jobs: [(&str, Job); 8] = [
        ("config", config),
        ("ps", ps),
        ("no-op", no_op),
        ("pair", pair),
        ("chain", chain),
        ("eager", eager),
        ("twenty", twenty),
        ("logs", logs),
    ];
    for (name, job) in jobs {
        if bench.wanted.is_empty() || bench.wanted.iter().any(|wanted| name.contains(wanted.as_str())) {
            for row in job(&bench) {
                println!("{row}");
            }
        }
    }
    ExitCode::SUCCESS
}

/// Something that both do; a row of the table for each part of it.
type Job = fn(&Bench) -> Vec<Row>;

/// What all jobs share.
struct Bench {
    rounds: usize,
    wanted: Vec<String>,
    folder: tempfile::TempDir,
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    Hoist,
    Peer,
}

/// A project for each of the two, with the same file. It is taken down in the end.
struct Stack {
    name: String,
    folder: PathBuf,
}

impl Bench {
    fn stack(&self, name: &str, file: &str) -> Stack {
        let folder = self.folder.path().join(name);
        for tool in [Tool::Hoist, Tool::Peer] {
            let folder = folder.join(tool.name());
            std::fs::create_dir_all(&folder).expect("a folder can be made");
            std::fs::write(folder.join("compose.yaml"), file).expect("a file can be written");
        }
        Stack { name: name.to_owned(), folder }
    }

    /// Each does `arguments` in turn, and `before` before that.
    fn measured(&self, stack: &Stack, job: &'static str, before: &[&[&str]], arguments: &[&str], bar: &str) -> Row {
        let mut row = Row { job, hoist: Vec::new(), peer: Vec::new(), bar: bar.to_owned() };
        // One round that does not count: what it needs is in the page cache then.
        for round in 0..=self.rounds {
            for tool in [Tool::Hoist, Tool::Peer] {
                for arguments in before {
                    stack.run(tool, arguments);
                }
                let run = stack.run(tool, arguments);
                if round > 0 {
                    match tool {
                        Tool::Hoist => row.hoist.push(run),
                        Tool::Peer => row.peer.push(run),
                    }
                }
            }
        }
        row
    }
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Hoist => "hoist",
            Self::Peer => "peer",
        }
    }

    fn program(self) -> PathBuf {
        match self {
            Self::Hoist => PathBuf::from(env!("CARGO_BIN_EXE_hoist")),
            Self::Peer => std::env::var_os("HOIST_PEER").expect("HOIST_PEER is the path of a Docker Compose").into(),
        }
    }
}

impl Stack {
    fn project(&self, tool: Tool) -> String {
        format!("hoist-bench-{}-{}", self.name, tool.name())
    }

    fn folder(&self, tool: Tool) -> PathBuf {
        self.folder.join(tool.name())
    }

    fn run(&self, tool: Tool, arguments: &[&str]) -> Run {
        measure::run(&self.command(tool, arguments))
    }

    /// Has both do something that is not measured.
    fn both(&self, arguments: &[&str]) {
        for tool in [Tool::Hoist, Tool::Peer] {
            self.run(tool, arguments);
        }
    }

    fn command(&self, tool: Tool, arguments: &[&str]) -> Command {
        let mut command = Command::new(tool.program());
        command.args(["-p", &self.project(tool)]).args(arguments).current_dir(self.folder(tool));
        command
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        for tool in [Tool::Hoist, Tool::Peer] {
            let taken_down = self.command(tool, &["down", "--volumes", "-t", "0"]).output();
            if !taken_down.is_ok_and(|output| output.status.success()) {
                eprintln!("{} could not be taken down", self.project(tool));
            }
        }
    }
}

fn config(bench: &Bench) -> Vec<Row> {
    let stack = bench.stack("config", &generate::compose_file(100));
    vec![bench.measured(&stack, "`config`, 100 services", &[], &["config"], "time 1/20, memory 1/4")]
}

fn ps(bench: &Bench) -> Vec<Row> {
    let stack = bench.stack("ps", &stacks::ten());
    stack.both(&["up", "-d"]);
    vec![bench.measured(&stack, "`ps`, 10 services", &[], &["ps"], "")]
}

fn no_op(bench: &Bench) -> Vec<Row> {
    let stack = bench.stack("no-op", &stacks::ten());
    stack.both(&["up", "-d"]);
    vec![bench.measured(&stack, "`up -d`, 10 services, nothing to do", &[], &["up", "-d"], "time 1/8, memory 1/4")]
}

fn pair(bench: &Bench) -> Vec<Row> {
    let stack = bench.stack("pair", &stacks::chain(2, "200ms"));
    stack.both(&["up", "-d", "--wait"]);
    vec![bench.measured(
        &stack,
        "`up -d`, one waits for the other's health, nothing to do",
        &[],
        &["up", "-d"],
        "time 1/50",
    )]
}

/// How far a chain that was just brought up lies above the sum of the times its links took to get healthy, per edge.
fn over_health(stack: &Stack, run: Run) -> Duration {
    let waits = engine::times_to_healthy(&stack.project(Tool::Hoist));
    let edges = u32::try_from(waits.len().saturating_sub(1)).expect("few services");
    // Nobody waits for the last one.
    let sum: Duration = waits[..waits.len().saturating_sub(1)].iter().sum();
    run.elapsed.saturating_sub(sum) / edges.max(1)
}

fn chain(bench: &Bench) -> Vec<Row> {
    let stack = bench.stack("chain", &stacks::chain(8, "200ms"));
    let down: &[&str] = &["down", "-t", "0"];
    let mut over = Vec::new();
    let mut cold =
        Row { job: "`up -d`, chain of 8 by health, cold", hoist: Vec::new(), peer: Vec::new(), bar: String::new() };
    for _ in 0..bench.rounds.min(3) {
        stack.run(Tool::Hoist, down);
        let run = stack.run(Tool::Hoist, &["up", "-d"]);
        over.push(over_health(&stack, run));
        cold.hoist.push(run);
        stack.run(Tool::Peer, down);
        cold.peer.push(stack.run(Tool::Peer, &["up", "-d"]));
    }
    let over = Spread::of(&over, |over| *over).median;
    cold.bar = format!("50 ms an edge over the times to healthy: {}", time(over));
    let few = Bench { rounds: bench.rounds.min(3), wanted: Vec::new(), folder: tempfile::tempdir().expect("a folder") };
    let warm = few.measured(&stack, "`up -d`, chain of 8 by health, nothing to do", &[], &["up", "-d"], "time 1/150");
    vec![cold, warm]
}

fn eager(bench: &Bench) -> Vec<Row> {
    let stack = bench.stack("eager", &stacks::chain(8, "10s"));
    let mut row = Row {
        job: "`up -d --eager-health`, chain of 8, `interval: 10s`, cold (the other has no such flag)",
        hoist: Vec::new(),
        peer: Vec::new(),
        bar: String::new(),
    };
    for _ in 0..bench.rounds.min(3) {
        stack.run(Tool::Hoist, &["down", "-t", "0"]);
        row.hoist.push(stack.run(Tool::Hoist, &["up", "-d", "--eager-health"]));
    }
    row.peer.push(stack.run(Tool::Peer, &["up", "-d"]));
    vec![row]
}

fn twenty(bench: &Bench) -> Vec<Row> {
    let stack = bench.stack("twenty", &stacks::independent(20));
    let rounds = bench.rounds.min(5);
    let row = |job| Row { job, hoist: Vec::new(), peer: Vec::new(), bar: String::new() };
    let (mut up, mut down) = (row("`up -d`, 20 independent services"), row("`down -t 0` of them"));
    let mut bare = Vec::new();
    for round in 0..=rounds {
        for tool in [Tool::Hoist, Tool::Peer] {
            let ups = stack.run(tool, &["up", "-d"]);
            let downs = stack.run(tool, &["down", "-t", "0"]);
            let (up, down) = match tool {
                Tool::Hoist => (&mut up.hoist, &mut down.hoist),
                Tool::Peer => (&mut up.peer, &mut down.peer),
            };
            if round > 0 {
                up.push(ups);
                down.push(downs);
            }
        }
        let times: Vec<_> = [2, 4, 8].map(|at_once| engine::bare_loop(20, at_once)).into();
        if round > 0 {
            bare.push(times.into_iter().min().unwrap_or_default());
        }
    }
    let floor = Spread::of(&bare, |time| *time);
    up.bar = format!("not slower, and within 10 % of a bare loop at its best: {floor}");
    "not slower".clone_into(&mut down.bar);
    vec![up, down]
}

fn logs(bench: &Bench) -> Vec<Row> {
    let stack = bench.stack("logs", &stacks::talkative(1_000_000));
    stack.both(&["up", "-d", "--wait"]);
    let few = Bench { rounds: bench.rounds.min(3), wanted: Vec::new(), folder: tempfile::tempdir().expect("a folder") };
    let mut row = few.measured(&stack, "`logs` of 1,000,000 lines", &[], &["logs"], "");
    let container = format!("{}-talker-1", stack.project(Tool::Hoist));
    let bare: Vec<_> = (0..few.rounds).map(|_| engine::bare_logs(&container)).collect();
    let floor = Spread::of(&bare, |time| *time);
    row.bar = format!("within 10 % of a bare read: {floor}; CPU time 1/4");
    vec![row]
}

/// The socket of the engine.
fn socket() -> PathBuf {
    let address = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
    Path::new(address.strip_prefix("unix://").expect("an engine on this machine")).to_owned()
}
