//! The loader's cases, each a test by its name: `cargo test --test config env/` runs the group `env`, a case's own name
//! that case. `config/README.md` tells what a case is.
//!
//! Their names come from the packs, which only a harness of our own can do: that is why they are a binary beside
//! `main.rs`. With one of these flags it changes the packs or copies the cases, of those that the other arguments choose:
//!
//! - `--record PATH`: what the Docker Compose at that path makes of the recorded cases is written to their packs.
//! - `--accept`: what hoist reports of the mistakes is written to their pack.
//! - `--unpack FOLDER`: each case is laid out in `FOLDER/GROUP/CASE`.

mod case;
mod pack;
mod record;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use case::{Case, packs, read_pack, recorded, report};
use hoist::load::load;
use pack::Files;

/// The group of mistakes that people make, in the names of its cases.
const MISTAKES: &str = "mistakes";

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().collect();
    let mut value_of = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.remove(at);
        Some(if flag == "--accept" { String::new() } else { arguments.remove(at) })
    };
    let (peer, folder, accept) = (value_of("--record"), value_of("--unpack"), value_of("--accept"));
    let arguments = Arguments::from_iter(arguments);
    let chosen = |name: &str| is_chosen(&arguments, name);
    if let Some(peer) = peer {
        record::record(Path::new(&peer), chosen);
    } else if accept.is_some() {
        record::accept(chosen);
    } else if let Some(folder) = folder {
        record::unpack(Path::new(&folder), chosen);
    } else {
        return libtest_mimic::run(&arguments, trials()).exit_code();
    }
    ExitCode::SUCCESS
}

/// Whether the arguments choose a case, as they choose a test.
fn is_chosen(arguments: &Arguments, name: &str) -> bool {
    let matches = |filter: &str| if arguments.exact { name == filter } else { name.contains(filter) };
    arguments.filter.as_deref().is_none_or(matches) && !arguments.skip.iter().any(|filter| matches(filter))
}

fn trials() -> Vec<Trial> {
    let recorded = recorded().map(|(name, files)| {
        let path = name.clone();
        Trial::test(name, move || Ok(Case::new(&path, files).check()?))
    });
    let mistakes = mistakes().into_iter().map(|(name, files)| {
        let path = name.clone();
        Trial::test(name, move || Ok(check_mistake(&path, &files)?))
    });
    let trials: Vec<_> = recorded.chain(mistakes).collect();
    assert!(trials.len() > 900, "only {} cases were found", trials.len());
    trials
}

/// The mistakes, each as `mistakes/CASE` and its files.
fn mistakes() -> Vec<(String, Files)> {
    let pack = read_pack(&packs().join("mistakes.pack"));
    pack.cases.into_iter().map(|(case, files)| (format!("{MISTAKES}/{case}"), files)).collect()
}

fn check_mistake(name: &str, files: &Files) -> Result<(), String> {
    let told = told(&Case::new(name, files));
    let expected = files.get("report.txt").map(|report| String::from_utf8_lossy(report)).unwrap_or_default();
    if told == expected {
        return Ok(());
    }
    Err(format!(
        "hoist reports\n\n{told}\nand not\n\n{expected}\n`cargo test --test config -- --accept {name}` accepts it"
    ))
}

/// What a person is told who loads the case.
fn told(case: &Case) -> String {
    match load(&case.options()) {
        Ok(loaded) => report(&[], &loaded.warnings, &loaded.sources, &case.folder),
        Err(failure) => report(&failure.errors, &failure.warnings, &failure.sources, &case.folder),
    }
}
