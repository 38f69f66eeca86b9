//! Docker Compose's loader has tests of its own; each of their matters is a row here, and hoist is held to all of them.

use std::collections::BTreeMap;
use std::path::Path;

use hoist::load::{LoadFailure, LoadOptions, Loaded, load};
use hoist::project::canonical::{self, Form};
use hoist::project::hash::{HashForm, service_hash};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::case::{Case, RECORDED, packs, parse};

/// How a row is checked; `config/rows.yaml` tells the keys.
#[derive(Deserialize)]
#[serde(untagged)]
enum Check {
    Recorded(String),
    Own(Box<Own>),
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Own {
    file: Option<String>,
    files: BTreeMap<String, String>,
    large: bool,
    #[serde(rename = "use")]
    given: Vec<String>,
    env: BTreeMap<String, String>,
    profiles: Vec<String>,
    services: Vec<String>,
    fails: Option<String>,
    warns: Option<Warns>,
    has: BTreeMap<String, Json>,
    same_hash: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Warns {
    Of(String),
    Nothing([(); 0]),
}

#[test]
fn every_row_holds() {
    let text = std::fs::read_to_string(packs().join("rows.yaml")).expect("the rows");
    let rows: BTreeMap<String, Vec<Check>> = serde_yaml::from_str(&text).expect("rows are well-formed");
    let mut wrong = Vec::new();
    for (row, checks) in &rows {
        assert!(!checks.is_empty(), "{row}: no check");
        for check in checks {
            let result = match check {
                Check::Recorded(name) => check_recorded(name),
                Check::Own(own) => own.check(),
            };
            wrong.extend(result.err().map(|problem| format!("{row}: {problem}")));
        }
    }
    assert!(wrong.is_empty(), "{} checks fail:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(rows.len(), ROWS);
}

/// Holds the case `GROUP/CASE` against what was recorded.
fn check_recorded(name: &str) -> Result<(), String> {
    let files = name.split_once('/').and_then(|(group, case)| RECORDED.get(group)?.cases.get(case));
    let files = files.ok_or_else(|| format!("{name}: there is no such case"))?;
    Case::new(name, files).check().map_err(|problem| format!("{name}: {problem}"))
}

/// How many rows there are: none is lost without a word.
const ROWS: usize = 167;

impl Own {
    fn check(&self) -> Result<(), String> {
        if !self.same_hash.is_empty() {
            return self.check_hashes();
        }
        let folder = tempfile::tempdir().expect("a folder");
        let shown = self.file.as_deref().unwrap_or_default();
        match (self.load(folder.path(), shown), &self.fails) {
            (Ok(loaded), None) => self.check_project(&loaded).map_err(|problem| format!("{problem}\n  {shown}")),
            (Ok(_), Some(_)) => Err(format!("accepted: {shown}")),
            (Err(failure), None) => Err(format!("refused: {}\n  {shown}", failure.errors[0])),
            (Err(failure), Some(words)) => {
                let told: Vec<_> = failure.errors.iter().map(ToString::to_string).collect();
                let found = told.iter().any(|message| message.contains(words.as_str()));
                found.then_some(()).ok_or_else(|| format!("`{words}` is not in {told:?}"))
            }
        }
    }

    fn load(&self, folder: &Path, file: &str) -> Result<Loaded, LoadFailure> {
        let written = match file {
            _ if self.large => vec![("compose.yaml".to_owned(), large())],
            "" => self.files.clone().into_iter().collect(),
            text => vec![("compose.yaml".to_owned(), text.to_owned())],
        };
        for (name, text) in written {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
            std::fs::write(path, text).expect("a file");
        }
        let mut options = LoadOptions::new(folder);
        options.project_name = Some("rows".to_owned());
        options.files = self.given.iter().map(Into::into).collect();
        options.environment.clone_from(&self.env);
        options.profiles.clone_from(&self.profiles);
        options.services.clone_from(&self.services);
        load(&options)
    }

    fn check_project(&self, loaded: &Loaded) -> Result<(), String> {
        let tree = canonical::double_dollars(canonical::project(&loaded.project, Form::Json));
        let json = parse(&tree.to_json_compact());
        for (pointer, expected) in &self.has {
            let found = json.pointer(pointer).unwrap_or(&Json::Null);
            if found != expected {
                return Err(format!("{pointer} is {found}, not {expected}"));
            }
        }
        let told: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
        match &self.warns {
            Some(Warns::Of(words)) if !told.iter().any(|message| message.contains(words.as_str())) => {
                Err(format!("no warning has `{words}`: {told:?}"))
            }
            Some(Warns::Nothing(_)) if !told.is_empty() => Err(format!("warned: {told:?}")),
            Some(_) | None => Ok(()),
        }
    }

    fn check_hashes(&self) -> Result<(), String> {
        let hashes: Vec<Vec<String>> = self
            .same_hash
            .iter()
            .map(|file| {
                let folder = tempfile::tempdir().expect("a folder");
                let loaded = self.load(folder.path(), file).map_err(|failure| failure.errors[0].to_string())?;
                Ok(loaded.project.services.values().map(|service| service_hash(service, HashForm::V5)).collect())
            })
            .collect::<Result<_, String>>()?;
        let same = hashes.windows(2).all(|two| two[0] == two[1]);
        same.then_some(()).ok_or_else(|| format!("hashes differ: {hashes:?}"))
    }
}

/// 400 services with 122 variables each: many nodes, and nothing wrong with it.
fn large() -> String {
    use std::fmt::Write;
    let mut text = String::from("services:\n");
    for service in 0..400 {
        let _ = writeln!(text, "  s{service}:\n    image: a\n    environment:");
        for variable in 0..122 {
            let _ = writeln!(text, "      V{variable}: x");
        }
    }
    text
}
