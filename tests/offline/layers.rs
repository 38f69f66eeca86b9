//! The arrows between modules point one way: every `use crate::` and `crate::` path in `src/` is held against a table.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which modules each module may use. A new arrow is a line here that a reviewer sees.
const LAYERS: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("diagnostic", &["source"]),
    ("project", &["source"]),
    ("yaml", &["source", "diagnostic", "project"]),
    ("observed", &["project"]),
    ("load", &["source", "diagnostic", "yaml", "project"]),
    ("plan", &["diagnostic", "project", "observed"]),
    ("engine", &["source", "diagnostic", "project", "observed", "plan"]),
    ("event", &["project", "observed", "plan", "engine"]),
    ("execute", &["source", "diagnostic", "project", "observed", "plan", "event", "engine"]),
    ("operation", &["project", "observed", "plan", "event", "engine", "execute"]),
    ("render", &["source", "diagnostic", "project", "observed", "plan", "event"]),
    (
        "cli",
        &[
            "source",
            "diagnostic",
            "yaml",
            "project",
            "load",
            "observed",
            "plan",
            "event",
            "engine",
            "execute",
            "operation",
            "render",
        ],
    ),
];

#[test]
fn modules_use_only_what_lies_before_them() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        LAYERS.iter().map(|(module, uses)| (*module, uses.iter().copied().collect())).collect();
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (module, file) in module_files() {
        let text = fs::read_to_string(&file).expect("a source file can be read");
        let Some(allowed) = allowed.get(module.as_str()) else {
            wrong.push(format!("{}: module `{module}` is not in the table", file.display()));
            continue;
        };
        for (line, used) in used_modules(&text) {
            if used != module && !allowed.contains(used.as_str()) {
                wrong.push(format!("{}:{line}: `{module}` uses `{used}`", file.display()));
            }
        }
        seen.insert(module);
    }
    assert!(wrong.is_empty(), "arrows that the table does not have:\n{}", wrong.join("\n"));
    assert!(seen.len() > 8, "the modules of src/ were found: {seen:?}");
}

#[test]
fn libraries_have_one_home() {
    let homes: &[(&str, &[&str])] = &[
        ("saphyr_parser", &["src/yaml/parse"]),
        ("annotate_snippets", &["src/diagnostic/render"]),
        ("petgraph", &["src/plan/graph", "src/project/graph"]),
        ("bollard", &["src/engine/docker"]),
        ("indicatif", &["src/render/tty"]),
        ("clap", &["src/cli", "src/main.rs"]),
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in rust_files(&root.join("src")) {
        let name = file.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&file).expect("a source file can be read");
        for (library, homes) in homes {
            let uses = text.lines().any(|line| {
                let code = line.split("//").next().unwrap_or_default();
                code.contains(&format!("{library}::"))
            });
            assert!(!uses || homes.iter().any(|home| name.starts_with(home)), "{name} names {library}");
        }
    }
}

/// Each source file of the library, with the top-level module it belongs to.
fn module_files() -> Vec<(String, PathBuf)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    rust_files(&src)
        .into_iter()
        .filter(|file| !file.ends_with("lib.rs") && !file.ends_with("main.rs"))
        .map(|file| {
            let inside = file.strip_prefix(&src).expect("below src");
            let first = inside.components().next().expect("a file has a name").as_os_str().to_string_lossy();
            (first.trim_end_matches(".rs").to_owned(), file.clone())
        })
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder can be listed") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found
}

/// The modules named behind `crate::` in code, with their line.
fn used_modules(text: &str) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for rest in code.split("crate::").skip(1) {
            if let Some(group) = rest.strip_prefix('{') {
                used.extend(group.split(',').map(|item| (at + 1, identifier(item.trim()))));
            } else {
                used.push((at + 1, identifier(rest)));
            }
        }
    }
    used.retain(|(_, name)| !name.is_empty());
    used
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect()
}
