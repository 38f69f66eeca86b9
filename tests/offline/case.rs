//! A case of the loader, as `config/README.md` describes it: taken from its pack, laid out in a folder, loaded.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use hoist::diagnostic::{Explain, Level, render};
use hoist::load::{LoadError, LoadFailure, LoadOptions, LoadWarning, Purpose, Resources, load, load_model};
use hoist::project::canonical::{self, Form};
use hoist::project::hash::{HashForm, service_hash};
use hoist::source::SourceMap;
use hoist::yaml::{Node, Value};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::pack::{Files, Pack};

/// The files of a case that are not part of its input.
pub(crate) const RESULTS: [&str; 5] = ["expected.json", "hashes.txt", "refused.txt", "report.txt", "warnings.txt"];

/// How the recorded results name the folder in which the groups are.
pub(crate) const ROOT: &str = "${CASES}";

/// The packs of the cases that Docker Compose was recorded with, by group.
pub(crate) static RECORDED: LazyLock<BTreeMap<String, Pack>> = LazyLock::new(|| {
    let entries = fs::read_dir(packs().join("recorded")).expect("the folder of packs");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "pack"))
        .map(|path| {
            let group = path.file_stem().and_then(|stem| stem.to_str()).expect("a group's name is text").to_owned();
            (group, read_pack(&path))
        })
        .collect()
});

/// The folder of the packs.
pub(crate) fn packs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/offline/config")
}

/// Reads one pack.
pub(crate) fn read_pack(path: &Path) -> Pack {
    let text = fs::read_to_string(path).expect("a pack can be read");
    Pack::parse(&text).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()))
}

/// All recorded cases, each as `GROUP/CASE` and its files.
pub(crate) fn recorded() -> impl Iterator<Item = (String, &'static Files)> {
    RECORDED
        .iter()
        .flat_map(|(group, pack)| pack.cases.iter().map(move |(case, files)| (format!("{group}/{case}"), files)))
}

/// What `case.json` says.
pub(crate) fn settings(files: &Files) -> Json {
    files.get("case.json").map_or(Json::Null, |json| serde_json::from_slice(json).expect("case.json is JSON"))
}

/// A case in a folder of its own.
pub(crate) struct Case {
    root: TempDir,
    /// The folder it runs in.
    pub(crate) folder: PathBuf,
    files: Files,
    /// What is given before `config`, and after it.
    pub(crate) arguments: [Vec<String>; 2],
    pub(crate) environment: BTreeMap<String, String>,
}

impl Case {
    /// Lays out the input of the case `GROUP/CASE`.
    pub(crate) fn new(name: &str, files: &Files) -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        // Docker Compose shows paths without symbolic links, which the folder for temporary ones may be behind.
        let folder = root.path().canonicalize().expect("the folder is there").join(name);
        fs::create_dir_all(&folder).expect("folders can be made");
        for (path, bytes) in files.iter().filter(|(path, _)| *path != "case.json" && !RESULTS.contains(&path.as_str()))
        {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders can be made");
            fs::write(path, bytes).expect("a file can be written");
        }
        let settings = settings(files);
        let text = |value: &Json| value.as_str().expect("a string").to_owned();
        let list = |key: &str| settings[key].as_array().map(|list| list.iter().map(text).collect()).unwrap_or_default();
        let mut environment: BTreeMap<String, String> =
            [("HOME", "/nonexistent"), ("PATH", "/usr/bin")].map(|(name, value)| (name.into(), value.into())).into();
        let own = settings["env"].as_object().cloned().unwrap_or_default();
        environment.extend(own.into_iter().map(|(name, value)| (name, text(&value))));
        Self { root, folder, files: files.clone(), arguments: [list("args"), list("config_args")], environment }
    }

    /// The folder that results name as [`ROOT`].
    pub(crate) fn root(&self) -> String {
        let root = self.root.path().canonicalize().expect("the folder is there");
        root.into_os_string().into_string().expect("the path of temporary folders is text")
    }

    pub(crate) fn options(&self) -> LoadOptions {
        let mut options = LoadOptions::new(&self.folder);
        options.environment.clone_from(&self.environment);
        options.purpose = Purpose::Show;
        let [before, after] = &self.arguments;
        let mut arguments = before.iter().chain(after);
        while let Some(argument) = arguments.next() {
            let (flag, inline) = match argument.split_once('=') {
                Some((flag, value)) if flag.starts_with('-') => (flag, Some(value.to_owned())),
                _ => (argument.as_str(), None),
            };
            let mut value = || inline.clone().unwrap_or_else(|| arguments.next().expect("a value").clone());
            match flag {
                "-f" => options.files.push(value().into()),
                "-p" => options.project_name = Some(value()),
                "--project-directory" => options.project_directory = Some(value().into()),
                "--env-file" => options.env_files.push(value().into()),
                "--profile" => options.profiles.push(value()),
                "--no-interpolate" => options.interpolate = false,
                "--no-normalize" => options.normalize = false,
                "--no-path-resolution" => options.resolve_paths = false,
                "--no-consistency" => options.check_consistency = false,
                "--no-env-resolution" => options.resolve_environment = false,
                "--all-resources" => options.resources = Resources::All,
                service if !service.starts_with('-') && after.contains(argument) => {
                    options.services.push(service.to_owned());
                }
                other => panic!("a case uses `{other}`, which this test does not know"),
            }
        }
        options
    }

    /// What `config --format json` prints, and the hashes of the services.
    fn config(&self) -> Result<(Json, String), LoadFailure> {
        let options = self.options();
        if !options.interpolate {
            return load_model(&options).map(|loaded| (json_of(&loaded.model), String::new()));
        }
        let loaded = load(&options)?;
        let tree = canonical::double_dollars(canonical::project(&loaded.project, Form::Json));
        let json = parse(&tree.to_json_compact());
        let hashes = loaded.project.services.iter().map(|(name, service)| {
            let hash = service_hash(service, HashForm::V5);
            format!("{name} {hash}\n")
        });
        Ok((json, hashes.collect()))
    }

    /// A recorded result, with the folder of this run in its paths.
    fn result(&self, name: &str) -> Option<String> {
        let text = std::str::from_utf8(self.files.get(name)?).expect("results are text");
        Some(text.replace(ROOT, &self.root()))
    }

    /// Holds the case against what was recorded.
    ///
    /// # Errors
    ///
    /// How hoist differs.
    pub(crate) fn check(&self) -> Result<(), String> {
        match (self.config(), self.result("expected.json")) {
            (Ok((json, _)), Some(expected)) if !same(&json, &parse(&expected)) => {
                Err(format!("differs\nhoist: {json:#}\nrecorded: {expected}"))
            }
            // Paths in a model change its hashes; such cases have none recorded.
            (Ok((_, hashes)), Some(_)) => match self.result("hashes.txt") {
                Some(expected) if expected != sorted_lines(&hashes) => Err(format!("hashes\n{hashes}{expected}")),
                Some(_) | None => Ok(()),
            },
            (Err(failure), Some(_)) => Err(format!("refused: {}", failure.errors[0])),
            (Ok(_), None) => Err(match self.result("refused.txt") {
                Some(refusal) => format!("accepted\nrecorded: {refusal}"),
                None => "nothing is recorded: README.md of the packs tells how to do that".to_owned(),
            }),
            (Err(failure), None) if failure.errors.is_empty() => Err("no error".to_owned()),
            (Err(_), None) => Ok(()),
        }
    }
}

/// JSON by way of our own reader, since one case is nested deeper than `serde_json` goes.
pub(crate) fn parse(json: &str) -> Json {
    let mut sources = SourceMap::default();
    let file = sources.add("expected.json", json);
    let parsed = hoist::yaml::parse(&sources, file);
    assert_eq!(parsed.errors, [], "{json}");
    json_of(&parsed.documents[0])
}

fn json_of(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::from(*flag),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Timestamp(text) | Value::String(text) => Json::from(text.as_str()),
        Value::Sequence(items) => items.iter().map(json_of).collect(),
        Value::Mapping(entries) => entries.iter().map(|(key, node)| (key.name.clone(), json_of(node))).collect(),
    }
}

/// The lines of a text in alphabetical order.
pub(crate) fn sorted_lines(lines: &str) -> String {
    let mut lines: Vec<_> = lines.split_inclusive('\n').collect();
    lines.sort_unstable();
    lines.concat()
}

/// Equal as JSON; `1` and `1.0` are one number.
pub(crate) fn same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

/// What a person is told about a load in this folder.
pub(crate) fn report(errors: &[LoadError], warnings: &[LoadWarning], sources: &SourceMap, folder: &Path) -> String {
    let style = render::Style { current_dir: Some(folder.to_path_buf()), ..render::Style::default() };
    let errors = errors.iter().map(|error| (error as &dyn Explain, Level::Error));
    let warnings = warnings.iter().map(|warning| (warning as &dyn Explain, Level::Warning));
    let text = render::render_all(warnings.chain(errors), sources, &style);
    // A path without a place in a file is shown as it is.
    text.replace(folder.to_str().expect("the folder's path is text"), "/project")
}
