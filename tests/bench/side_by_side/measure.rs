//! One run of a command: how long it took, what it cost.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// The first argument with which this program is a helper that runs one command. What a process has used is only known
/// for all ended children together, so each command gets a parent of its own.
pub(crate) const HELPER: &str = "--measure";

/// What one run took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Run {
    /// From the start of the process to its end.
    pub(crate) elapsed: Duration,
    /// Of its processors' time, in user and system mode.
    pub(crate) cpu: Duration,
    /// The most memory it had, in KiB.
    pub(crate) peak_kib: u64,
}

/// Runs a command through the helper. What it writes goes nowhere.
///
/// # Panics
///
/// When it ends with another status than 0.
pub(crate) fn run(command: &Command) -> Run {
    let mut helper = Command::new(std::env::current_exe().expect("this program has a path"));
    helper.arg(HELPER).arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        helper.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => helper.env(name, value),
            None => helper.env_remove(name),
        };
    }
    let output = helper.stdin(Stdio::null()).output().expect("this program can be run");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().filter_map(|word| word.parse::<u64>().ok());
    let mut number = || numbers.next();
    match (number(), number(), number()) {
        (Some(elapsed), Some(cpu), Some(peak_kib)) => {
            Run { elapsed: Duration::from_micros(elapsed), cpu: Duration::from_micros(cpu), peak_kib }
        }
        _ => panic!("{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// What the helper does: runs a command and prints microseconds, microseconds of processors' time, and KiB.
pub(crate) fn helper(mut words: impl Iterator<Item = String>) -> std::process::ExitCode {
    let program = words.next().expect("the command has a name");
    let began = Instant::now();
    let status = Command::new(program).args(words).stdin(Stdio::null()).stdout(Stdio::null()).status();
    let elapsed = began.elapsed();
    if !status.is_ok_and(|status| status.success()) {
        return std::process::ExitCode::FAILURE;
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel tells");
    let cpu = micros(usage.user_time()) + micros(usage.system_time());
    println!("{} {cpu} {}", elapsed.as_micros(), usage.max_rss());
    std::process::ExitCode::SUCCESS
}

fn micros(time: TimeVal) -> i64 {
    time.tv_sec() * 1_000_000 + time.tv_usec()
}
