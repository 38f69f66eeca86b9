//! The arrows between modules point one way: every `use crate::` and `crate::` path in `src/` is held against a table,
//! and inside a folder no files form a circle.

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
    ("registry", &["source"]),
    ("engine", &["source", "diagnostic", "project", "observed", "plan", "registry"]),
    ("event", &["project", "observed", "plan", "engine"]),
    ("execute", &["diagnostic", "project", "observed", "plan", "registry", "event", "engine"]),
    ("operation", &["source", "load", "project", "observed", "plan", "event", "engine", "execute"]),
    ("export", &["project", "observed"]),
    ("render", &["source", "diagnostic", "project", "observed", "plan", "event", "export"]),
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
            "registry",
            "event",
            "engine",
            "execute",
            "operation",
            "export",
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
        // No library, but as replaceable: everything else is generic over the engine's traits.
        ("engine::docker", &["src/engine/docker", "src/engine/mod.rs", "src/cli/engine.rs"]),
        ("indicatif", &["src/render/progress/tty"]),
        ("dagre", &["src/export/graph/layout"]),
        ("regex", &["src/operation/ls", "src/project/value/log_pattern"]),
        ("notify", &["src/operation/watch/files"]),
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

/// Files that users name are read by `source::Reader`, which knows pipes, standard input and limits; and whether a
/// reference leads away from this machine is decided by `source::Remote` and `source::is_remote_context`. Docker's
/// `config.json` is read by `registry::ConfigFile`.
#[test]
fn files_are_read_and_references_told_in_one_place() {
    /// What is looked for, the file that may have it, and other places with the reason why they may.
    type Home = (&'static [&'static str], &'static str, &'static [(&'static str, &'static str)]);
    let homes: &[Home] = &[
        (
            &["File::open(", "fs::read(", "fs::read_to_string("],
            "src/source/reader.rs",
            &[
                ("src/engine/docker/build/file_sync.rs", "sends a build's context piece by piece"),
                ("src/engine/docker/containers/port_owner.rs", "reads `/proc`"),
                ("src/operation/copy/pack.rs", "copies files piece by piece"),
            ],
        ),
        (&["\"git@", "\"github.com/", "\"oci:"], "src/source/remote.rs", &[]),
        (&["\"config.json\""], "src/registry/config.rs", &[]),
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in rust_files(&root.join("src")) {
        let name = file.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
        let code = without_comments_and_tests(&fs::read_to_string(&file).expect("a source file can be read"));
        for (texts, home, others) in homes {
            let allowed = name == *home || others.iter().any(|(other, _)| name.starts_with(other));
            let found = texts.iter().find(|text| code.contains(**text));
            assert!(allowed || found.is_none(), "{name} has `{}`, which belongs in {home}", found.unwrap_or(&""));
        }
    }
}

/// Folders of `src/` whose files still form circles. A folder leaves the list with its last circle.
const CIRCLES_ALLOWED: &[&str] = &[];

/// Which files of a folder use which, and that they form no circle.
///
/// A file uses another if its code names something that the other defines, through `crate::`, `super::`, `self::` or
/// the name of a module it declares. Three things are not counted:
/// - a module that a file only declares or hands on (`mod x;`, `pub use x::Y;`): who names `Y` uses `x`;
/// - tests, that is `#[cfg(test)]` modules and `tests.rs`, which may look at everything;
/// - comments and doc links, and who may see an item (`pub(in path)`).
#[test]
fn files_of_a_folder_form_no_circle() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let tree = Tree::read(&src);
    let uses = tree.uses();
    let mut wrong = Vec::new();
    for circle in circles(&uses) {
        let folder = circle[0].split("::").next().unwrap_or_default();
        if !CIRCLES_ALLOWED.contains(&folder) {
            wrong.push(describe(&circle, &uses));
        }
    }
    assert!(uses.values().map(BTreeSet::len).sum::<usize>() > 300, "the arrows between files were found");
    assert!(wrong.is_empty(), "files that form a circle:\n{}", wrong.join("\n"));
}

#[test]
fn an_arrow_between_files_ends_where_a_name_is_defined() {
    let mut tree = Tree::default();
    tree.add("a", "mod b;\nmod c;\npub use b::{Inner, other::Deep as Renamed};\npub struct Own;\nfn f() { c::g(); }\n");
    tree.add("a::b", "mod other;\nuse super::Own;\n// use super::c;\n");
    tree.add("a::b::other", "fn h(x: super::super::Inner) -> crate::a::Renamed {}\n");
    tree.add("a::c", "use crate::a::{\n    Inner,\n    b::other::{self, Deep},\n};\n#[cfg(test)]\nmod tests {\n    use super::super::Own;\n}\n");
    let uses = tree.uses();
    let shown: Vec<String> =
        uses.iter().flat_map(|(file, used)| used.iter().map(move |used| format!("{file} -> {used}"))).collect();
    assert_eq!(shown, ["a -> a::c", "a::b -> a", "a::b::other -> a::b", "a::c -> a::b", "a::c -> a::b::other"]);
    assert_eq!(circles(&uses), [["a", "a::b", "a::b::other", "a::c"].map(str::to_owned).to_vec()]);
}

/// The modules of `src/`, by path (`load::check`), each with its code.
#[derive(Default)]
struct Tree {
    code: BTreeMap<String, String>,
    /// What a module hands on under its own name: the name, and the path that it stands for.
    handed_on: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

impl Tree {
    fn read(src: &Path) -> Self {
        let mut tree = Self::default();
        for (_, file) in module_files() {
            let inside = file.strip_prefix(src).expect("below src").with_extension("");
            let mut names: Vec<_> = inside.iter().map(|name| name.to_string_lossy().into_owned()).collect();
            names.retain(|name| name != "mod");
            if names.last().is_some_and(|name| name != "tests") {
                tree.add(&names.join("::"), &fs::read_to_string(&file).expect("a source file can be read"));
            }
        }
        tree
    }

    fn add(&mut self, module: &str, text: &str) {
        let (code, handed_on) = split_re_exports(&without_comments_and_tests(text));
        let mut names = BTreeMap::new();
        for path in handed_on.iter().flat_map(|group| expanded(group)) {
            let (path, name) = path.split_once(" as ").map_or((path.as_str(), None), |(path, name)| (path, Some(name)));
            let path: Vec<String> = path.split("::").map(str::to_owned).collect();
            let name = name.map_or_else(|| path.last().cloned().unwrap_or_default(), str::to_owned);
            names.insert(name, path);
        }
        self.code.insert(module.to_owned(), code);
        self.handed_on.insert(module.to_owned(), names);
    }

    /// Each module with those of the same folder that it uses.
    fn uses(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut arrows = BTreeMap::new();
        for (module, code) in &self.code {
            let folder = module.split("::").next();
            let mut used: BTreeSet<String> =
                paths(code).iter().filter_map(|path| self.resolve(module, path, 0)).collect();
            used.retain(|other| other != module && other.split("::").next() == folder);
            arrows.insert(module.clone(), used);
        }
        arrows
    }

    /// The module that defines what `path` names in `module`; `None` if it is not one of ours.
    fn resolve(&self, module: &str, path: &[String], depth: usize) -> Option<String> {
        let mut at: Vec<&str> = module.split("::").collect();
        let mut rest = path;
        match rest.first().map(String::as_str)? {
            "crate" => at.clear(),
            "self" => {}
            "super" => drop(at.pop()),
            child if self.code.contains_key(&format!("{module}::{child}")) => at.push(child),
            _ => return None,
        }
        rest = &rest[1..];
        while let [name, below @ ..] = rest {
            let here = at.join("::");
            let below_here = if here.is_empty() { name.clone() } else { format!("{here}::{name}") };
            if name == "super" {
                at.pop();
            } else if self.code.contains_key(&below_here) {
                at.push(name);
            } else if let Some(handed_on) = self.handed_on.get(&here).and_then(|names| names.get(name))
                && depth < 8
            {
                let path: Vec<String> = handed_on.iter().chain(below).cloned().collect();
                return self.resolve(&here, &path, depth + 1).or(Some(here));
            } else {
                break;
            }
            rest = below;
        }
        let found = at.join("::");
        // Who takes a module by its name alone is not asked what of it: `use super::x;` uses `x`.
        self.code.contains_key(&found).then_some(found)
    }
}

/// The code of a file without comments, texts and what stands behind `#[cfg(test)]`.
fn without_comments_and_tests(text: &str) -> String {
    let mut code = String::new();
    let mut skipping = false;
    for line in text.lines() {
        match line {
            "#[cfg(test)]" | "#[cfg(all(test, unix))]" => skipping = true,
            // The end of an item at the top level of the file.
            "}" if skipping => skipping = false,
            _ if skipping && !line.starts_with(' ') && line.ends_with(';') => skipping = false,
            _ if skipping => {}
            _ => {
                let line = line.split("//").next().unwrap_or_default();
                match line.split_once("pub(in ").and_then(|(before, rest)| Some((before, rest.split_once(')')?.1))) {
                    Some((before, after)) => code.extend([before, after]),
                    None => code.push_str(line),
                }
                code.push('\n');
            }
        }
    }
    code
}

/// Takes the `pub use` lines out of the code: what is left, and what they name.
fn split_re_exports(code: &str) -> (String, Vec<String>) {
    let mut rest = String::new();
    let mut handed_on = Vec::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let word = line.strip_prefix("pub").map(|line| line.split_once("use ").unwrap_or_default());
        match word {
            Some((visibility, path))
                if visibility.chars().all(|letter| " ()crateinsup:".contains(letter)) && !path.is_empty() =>
            {
                let mut path = path.to_owned();
                while !path.ends_with(';') {
                    let Some(line) = lines.next() else { break };
                    path.push_str(line.trim());
                }
                handed_on.push(path.trim_end_matches(';').to_owned());
            }
            _ => {
                rest.push_str(line);
                rest.push('\n');
            }
        }
    }
    (rest, handed_on)
}

/// Every path in the code that has a `::`, groups in braces written out.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_alphabetic() || letter == '_') {
        let tail = &rest[start..];
        let end = path_end(tail);
        let path = &tail[..end];
        if path.contains("::") || rest[..start].ends_with("use ") {
            for path in expanded(path) {
                paths.push(path.split(" as ").next().unwrap_or_default().split("::").map(str::to_owned).collect());
            }
        }
        rest = &tail[end..];
    }
    paths
}

/// Where the path ends that `text` begins with: behind a name, or behind the brace of a group.
fn path_end(text: &str) -> usize {
    let mut end = 0;
    loop {
        end += identifier(&text[end..]).len();
        if !text[end..].starts_with("::") {
            return end;
        }
        end += 2;
        if text[end..].starts_with('{') {
            let mut depth = 0;
            for (at, letter) in text[end..].char_indices() {
                match letter {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    return end + at + 1;
                }
            }
            return text.len();
        }
    }
}

/// `a::{b, c::{self, d as e}}` as `a::b`, `a::c`, `a::c::d as e`.
fn expanded(path: &str) -> Vec<String> {
    let Some((before, group)) = path.split_once('{') else { return vec![path.trim().to_owned()] };
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    let before = before.trim();
    let mut items = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(&group[start..]);
    items
        .into_iter()
        .filter(|item| !item.trim().is_empty())
        .flat_map(expanded)
        .map(|item| match item.as_str() {
            "self" => before.trim_end_matches("::").to_owned(),
            item => format!("{before}{item}"),
        })
        .collect()
}

/// The groups of modules in which each reaches each other one.
fn circles(uses: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reachable: BTreeMap<&String, BTreeSet<&String>> = uses
        .keys()
        .map(|start| {
            let mut seen = BTreeSet::new();
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                open.extend(uses.get(at).into_iter().flatten().filter(|next| seen.insert(*next)));
            }
            (start, seen)
        })
        .collect();
    let mut circles: Vec<Vec<String>> = Vec::new();
    for (module, seen) in &reachable {
        if seen.contains(module) && !circles.iter().any(|circle| circle.contains(module)) {
            let members = seen.iter().filter(|other| reachable[**other].contains(module));
            circles.push(members.map(|member| (*member).clone()).collect());
        }
    }
    circles
}

/// A circle's files and the arrows between them.
fn describe(circle: &[String], uses: &BTreeMap<String, BTreeSet<String>>) -> String {
    let arrows = circle.iter().map(|file| {
        let inside: Vec<_> = uses[file].iter().filter(|other| circle.contains(other)).map(String::as_str).collect();
        format!("\n  {file} uses {}", inside.join(", "))
    });
    format!("{} files: {}{}", circle.len(), circle.join(", "), arrows.collect::<String>())
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
