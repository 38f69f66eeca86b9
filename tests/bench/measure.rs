//! What one run of a program costs.
//!
//! The kernel counts for all children of a process together, and a child begins with its parent's peak of memory. So a
//! small process of its own, this program with [`FLAG`], starts each run, waits for it and tells what it took.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// The first argument of the process that starts a run.
pub(crate) const FLAG: &str = "--measure-one";

/// What a run took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// From the start of the process to its end.
    pub(crate) wall: Duration,
    /// User and system time of the process and of those it waited for.
    pub(crate) cpu: Duration,
    /// The most memory that was resident at a time, in bytes.
    pub(crate) peak: u64,
}

/// Runs `program ARGUMENTS` in a folder, its output thrown away.
///
/// # Errors
///
/// When it ends with another status than 0; the message has what it wrote to standard error.
pub(crate) fn run(program: &Path, arguments: &[&str], folder: &Path) -> anyhow::Result<Cost> {
    run_into(Path::new("/dev/null"), program, arguments, folder)
}

/// [`run`] with its standard output in a file.
pub(crate) fn run_into(output: &Path, program: &Path, arguments: &[&str], folder: &Path) -> anyhow::Result<Cost> {
    let errors = folder.join(".standard-error");
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(FLAG).args([output, &errors, program]).args(arguments).current_dir(folder);
    command.env_clear().env("HOME", folder).stdin(Stdio::null());
    command.envs(["PATH", "DOCKER_HOST"].iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    let told = command.stderr(Stdio::inherit()).output()?.stdout;
    let told = String::from_utf8_lossy(&told);
    let numbers: Vec<u64> = told.split_whitespace().map_while(|word| word.parse().ok()).collect();
    let [status, wall, cpu, peak] = numbers[..] else { bail!("`{}` could not be started", program.display()) };
    ensure!(
        status == 0,
        "`{} {}` ended with status {status}:\n{}",
        program.display(),
        arguments.join(" "),
        fs::read_to_string(&errors)?
    );
    Ok(Cost { wall: Duration::from_nanos(wall), cpu: Duration::from_micros(cpu), peak: peak * 1024 })
}

/// Starts the program of the arguments `OUTPUT ERRORS PROGRAM ARGUMENTS…`, and prints status, wall time in ns, CPU time
/// in µs and peak memory in KiB.
pub(crate) fn measure_one(words: impl Iterator<Item = OsString>) -> ExitCode {
    match started(words) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn started(mut words: impl Iterator<Item = OsString>) -> anyhow::Result<String> {
    let mut word = || words.next().context("an argument is missing");
    let (output, errors, program) = (File::create(word()?)?, File::create(word()?)?, word()?);
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null()).stdout(output).stderr(errors);
    let began = Instant::now();
    let status = command.status()?;
    let wall = began.elapsed();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(format!("{} {} {cpu} {}", status.code().unwrap_or(255), wall.as_nanos(), usage.max_rss()))
}
