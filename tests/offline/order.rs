//! The order of functions in a release: `.ci/order.awk` and the list it reads.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

/// What `awk -v to=TO -f .ci/order.awk FILES…` prints for an input.
fn awk(to: &str, files: &[&str], input: &str) -> String {
    let mut command = Command::new("awk");
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.ci")).args([
        "-v",
        &format!("to={to}"),
        "-f",
        "order.awk",
    ]);
    let mut awk = command.args(files).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("awk starts");
    awk.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("awk reads");
    let output = awk.wait_with_output().expect("awk ends");
    assert!(output.status.success(), "awk failed");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_entry_of_a_function_outlives_versions_of_crates() {
    let names =
        "_RNvNtCs10AI3meLkM4_5hoist3cli3run\n_RNvNtCsZZ_5hoist3cli3run.llvm.123\n_RNvNtCsZZ_5hoist3cli4runs\nmemcpy\n";
    let entries = awk("numbers", &[], names);
    let [first, same, other, of_c] = entries.lines().collect::<Vec<_>>()[..] else { panic!("{entries}") };
    assert_eq!(first, same);
    assert_ne!(first, other);
    assert_eq!(of_c, "memcpy");
}

#[test]
fn functions_come_in_the_order_of_the_list() {
    let names = ["_RNvNtCs1_5hoist3cli3run", "_RNvNtCs2_5hoist4plan2up", "_RNvNtCs2_5hoist4plan4down"];
    let entries = awk("numbers", &[], &names.join("\n"));
    let [run, up, _] = entries.lines().collect::<Vec<_>>()[..] else { panic!("{entries}") };
    let list = tempfile::NamedTempFile::new().expect("a file");
    fs::write(list.path(), format!("# comment\n{up}\nmemcpy\n{run}\n")).expect("written");
    // As `nm -P` prints them: the one that is not listed and the data are left out.
    let symbols = names.map(|name| format!("{name} t 0 10\n")).concat() + "_RNvNtCs3_5hoist4plan2up d 0 8\n";
    let path = list.path().to_str().expect("a path");
    assert_eq!(awk("names", &[path, "-"], &symbols), format!("{}\nmemcpy\n{}\n", names[1], names[0]));
}

#[test]
fn the_list_names_each_function_once() {
    let list = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/order.txt")).expect("the list");
    let entries: Vec<_> = list.lines().filter(|line| !line.starts_with('#')).collect();
    let mut seen = std::collections::BTreeSet::new();
    for entry in &entries {
        let is_name = entry.chars().all(|char| char.is_ascii_alphanumeric() || "_.$@".contains(char));
        let is_number = entry.strip_prefix('=').is_some_and(|digits| u32::from_str_radix(digits, 16).is_ok());
        assert!(is_name || is_number, "{entry}");
        assert!(seen.insert(entry), "{entry} is there twice");
    }
    assert!(entries.len() > 1000, "{} functions", entries.len());
}
