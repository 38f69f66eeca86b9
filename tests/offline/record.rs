//! Writes the packs: what Docker Compose makes of the recorded cases, what hoist reports of the mistakes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::Value as Json;

use crate::case::{Case, RECORDED, RESULTS, ROOT, packs, parse, read_pack, recorded, same, settings, sorted_lines};
use crate::pack::Files;
use crate::{MISTAKES, mistakes, told};

/// Has a Docker Compose run the chosen cases and writes what it makes of them.
///
/// A case with a `defect` has results that were written by hand: it stays as it is. So does a JSON text that differs in
/// nothing but the order of its keys. A case whose results change names the release in its `peer`, unless it is that of
/// its pack.
pub(crate) fn record(peer: &Path, chosen: impl Fn(&str) -> bool) {
    let version = version(peer);
    for (group, pack) in &*RECORDED {
        let mut pack = pack.clone();
        let common = pack.preamble.contains(&format!("Docker Compose {version}."));
        let cases = pack.cases.iter_mut().map(|(case, files)| (format!("{group}/{case}"), files));
        let mut cases: Vec<_> = cases.filter(|(name, files)| chosen(name) && !has_defect(files)).collect();
        let share = cases.len().div_ceil(thread::available_parallelism().map_or(1, usize::from)).max(1);
        thread::scope(|scope| {
            for cases in cases.chunks_mut(share) {
                let version = (!common).then_some(version.as_str());
                scope.spawn(move || cases.iter_mut().for_each(|(name, files)| record_case(peer, version, name, files)));
            }
        });
        if pack != RECORDED[group] {
            fs::write(packs().join(format!("recorded/{group}.pack")), pack.to_string()).expect("a pack can be written");
        }
    }
}

fn version(peer: &Path) -> String {
    let output = Command::new(peer).args(["version", "--short"]).output().expect("Docker Compose runs");
    text(&output.stdout).trim().trim_start_matches('v').to_owned()
}

fn has_defect(files: &Files) -> bool {
    !settings(files)["defect"].is_null()
}

/// Puts the results of one case in place of those it has; a version is given where it is not that of the pack.
fn record_case(peer: &Path, version: Option<&str>, name: &str, files: &mut Files) {
    let mut results = results(peer, &Case::new(name, files));
    let old: Files = files.iter().filter(|(file, _)| RESULTS.contains(&file.as_str())).map(own).collect();
    if let (Some(new), Some(old)) = (results.get_mut("expected.json"), old.get("expected.json"))
        && same(&parse(&text(new)), &parse(&text(old)))
    {
        new.clone_from(old);
    }
    if results == old {
        return;
    }
    println!("{name}: changed");
    files.retain(|file, _| !old.contains_key(file));
    files.extend(results);
    set_peer(version, files);
}

fn own((file, bytes): (&String, &Vec<u8>)) -> (String, Vec<u8>) {
    (file.clone(), bytes.clone())
}

fn set_peer(version: Option<&str>, files: &mut Files) {
    let mut settings = settings(files).as_object().cloned().unwrap_or_default();
    match version {
        Some(version) => settings.insert("peer".to_owned(), version.into()),
        None => settings.remove("peer"),
    };
    files.remove("case.json");
    if !settings.is_empty() {
        files.insert("case.json".to_owned(), format!("{:#}\n", Json::from(settings)).into_bytes());
    }
}

/// What Docker Compose makes of a case.
fn results(peer: &Path, case: &Case) -> Files {
    let [_, after] = &case.arguments;
    let config = run(peer, case, &[&["--format".to_owned(), "json".to_owned()], after.as_slice()].concat());
    let told = messages(&config.stderr);
    let mut results = Vec::new();
    if config.status.success() {
        let json = text(&config.stdout);
        // The hash of a model with paths in it is another one in every folder.
        if after.is_empty() && !json.contains(&case.root()) {
            let hashes = run(peer, case, &["--hash".to_owned(), "*".to_owned()]);
            results.push(("hashes.txt", sorted_lines(&text(&hashes.stdout))));
        }
        results.push(("warnings.txt", sorted_lines(&told)));
        results.push(("expected.json", format!("{}\n", json.trim_end())));
    } else {
        results.push(("refused.txt", told));
    }
    let results = results.into_iter().filter(|(_, text)| !text.is_empty());
    results.map(|(file, text)| (file.to_owned(), text.replace(&case.root(), ROOT).into_bytes())).collect()
}

fn run(peer: &Path, case: &Case, after: &[String]) -> Output {
    let [before, _] = &case.arguments;
    let mut command = Command::new(peer);
    command.args(before).arg("config").args(after).current_dir(&case.folder).stdin(Stdio::null());
    command.env_clear().envs(&case.environment).output().expect("Docker Compose runs")
}

/// What was said, without the times that differ in every run.
fn messages(stderr: &[u8]) -> String {
    let line = |line: &str| match line.split_once(" msg=") {
        Some((head, message)) if head.starts_with("time=") => unquoted(message),
        _ => line.to_owned(),
    };
    let lines: Vec<_> = text(stderr).trim().lines().map(line).collect();
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

fn unquoted(message: &str) -> String {
    serde_json::from_str(message).unwrap_or_else(|_| message.to_owned())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Writes what hoist reports of the chosen mistakes.
pub(crate) fn accept(chosen: impl Fn(&str) -> bool) {
    let path = packs().join("mistakes.pack");
    let mut pack = read_pack(&path);
    for (case, files) in &mut pack.cases {
        let name = format!("{MISTAKES}/{case}");
        if chosen(&name) {
            let told = told(&Case::new(&name, files));
            files.insert("report.txt".to_owned(), told.into_bytes());
        }
    }
    fs::write(path, pack.to_string()).expect("a pack can be written");
}

/// Lays the chosen cases out in a folder, results included.
pub(crate) fn unpack(folder: &Path, chosen: impl Fn(&str) -> bool) {
    let recorded = recorded().map(|(name, files)| (name, files.clone()));
    for (name, files) in recorded.chain(mistakes()).filter(|(name, _)| chosen(name)) {
        for (file, bytes) in files {
            let path = folder.join(&name).join(file);
            fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders can be made");
            fs::write(path, bytes).expect("a file can be written");
        }
    }
}
