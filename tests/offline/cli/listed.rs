//! `docs/commands.md`, which lists every command and flag, held against the help of hoist.

use std::collections::BTreeSet;

use super::Case;

const PAGE: &str = include_str!("../../../docs/commands.md");

/// What every command has, which the page says once.
const EVERYWHERE: &[&str] = &["--dry-run", "--help", "--show-values", "--steps"];

/// The cells of the tables under a heading, row by row, without the head of the table.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let section = PAGE.split("\n## ").find_map(|section| section.strip_prefix(heading)).expect("a section of the page");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    rows.map(|row| row.split(" | ").map(|cell| cell.trim_matches('`')).collect()).collect()
}

/// The flags in a cell, which are between backticks.
fn flags(cell: &str) -> BTreeSet<&str> {
    cell.split([' ', '`']).filter(|word| word.starts_with("--")).collect()
}

fn help(command: &str) -> String {
    let ran = Case::new(&format!("{command} --help")).run();
    assert_eq!(ran.status, 0, "{command}: {}", ran.stderr);
    ran.stdout
}

/// The flags in the help of a command, without those of all commands.
fn flags_in(help: &str) -> BTreeSet<&str> {
    // The second line of a description is indented further.
    let lines = help
        .lines()
        .filter(|line| line.find('-').is_some_and(|indent| line[..indent].trim().is_empty() && indent <= 6));
    let long = lines.filter_map(|line| line.split([' ', '[', '=']).find(|word| word.starts_with("--")));
    long.filter(|flag| !EVERYWHERE.contains(flag)).collect()
}

#[test]
fn flags_of_docker_composes_commands() {
    for row in rows("Commands of both\n") {
        let [command, works, missing, own] = row[..] else { panic!("not four cells: {row:?}") };
        let help = help(command);
        let known = flags_in(&help);
        let mut listed = &flags(works) | &flags(own);
        // One that is refused with a reason, or has no effect, may be in the help.
        listed.extend(&flags(missing) & &known);
        assert_eq!(listed, known, "`{command}`");
    }
}

#[test]
fn flags_of_own_commands() {
    for row in rows("Commands of hoist\n") {
        let [command, listed, _] = row[..] else { panic!("not three cells: {row:?}") };
        let same = help(listed.strip_prefix("as `").unwrap_or(command));
        let listed = if listed.starts_with("as `") { flags_in(&same) } else { flags(listed) };
        assert_eq!(listed, flags_in(&help(command)), "`{command}`");
    }
}

#[test]
fn every_command_has_a_row() {
    let listed: BTreeSet<_> =
        ["Commands of both\n", "Commands of hoist\n"].into_iter().flat_map(rows).map(|row| row[0]).collect();
    let help = help("");
    let sections = help.split("\n\n").filter(|section| section.contains("Commands:\n"));
    let commands =
        sections.flat_map(|section| section.lines().skip(1)).filter_map(|line| line.split_whitespace().next());
    let without_row: Vec<_> = commands.filter(|command| !listed.contains(command)).collect();
    assert_eq!(without_row, Vec::<&str>::new());
}

#[test]
fn missing_commands_are_refused() {
    for row in rows("Missing\n").iter().filter(|row| row.len() == 3) {
        let ran = Case::new(row[0]).run();
        // Groups of which there is no command are told as a whole.
        let is_whole = row[0].starts_with("alpha ");
        let name = if is_whole { row[0] } else { row[0].split(' ').next().unwrap_or_default() };
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "`{name}`");
        assert!(ran.stderr.starts_with(&format!("`{name}` is not supported yet")), "{}", ran.stderr);
    }
}
