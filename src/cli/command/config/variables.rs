//! `config --variables`: the variables that the files use.

use std::fmt::Write as _;

use super::args::ConfigArgs;
use crate::cli::{Context, Failure, output};
use crate::load::template::Variable;
use crate::load::{self, LoadOptions};
use crate::project::Tree;
use crate::yaml::emit;

/// Minimum width of a column; columns are three spaces apart.
const COLUMN: usize = 20;

pub(super) fn text(args: &ConfigArgs, options: &LoadOptions, context: &Context) -> Result<String, Failure> {
    if !args.names.is_empty() {
        output::warn("service names are ignored with --variables", context)?;
    }
    let mut variables = load::variables(options).map_err(|failure| output::load_failure(&failure, context))?;
    variables.sort_by(|a, b| a.name.cmp(&b.name));
    match args.format.as_deref().unwrap_or_default().to_lowercase().as_str() {
        "" | "table" | "pretty" => Ok(table(&variables)),
        "json" => Ok(format!(
            "{}\n\n",
            tree(&variables, ["Name", "DefaultValue", "PresenceValue", "Required"]).to_json_indented(4)
        )),
        "yaml" => Ok(emit(&tree(&variables, ["name", "defaultvalue", "presencevalue", "required"]), None)),
        other => Failure::usage(&format!("format value \"{other}\" could not be parsed: parsing failed")),
    }
}

fn tree(variables: &[Variable], members: [&str; 4]) -> Tree {
    let [name, default, presence, required] = members.map(str::to_owned);
    let entries = variables.iter().map(|variable| {
        let fields = vec![
            (name.clone(), Tree::String(variable.name.clone())),
            (default.clone(), Tree::String(variable.default.clone())),
            (presence.clone(), Tree::String(variable.alternate.clone())),
            (required.clone(), Tree::Bool(variable.required)),
        ];
        (variable.name.clone(), Tree::Mapping(fields))
    });
    Tree::Mapping(entries.collect())
}

fn table(variables: &[Variable]) -> String {
    let head = ["NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"].map(str::to_owned);
    let rows = variables.iter().map(|variable| {
        [variable.name.clone(), variable.required.to_string(), variable.default.clone(), variable.alternate.clone()]
    });
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    let widths = [0, 1, 2]
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default().max(COLUMN) + 3);
    rows.iter().fold(String::new(), |mut text, [name, required, default, alternate]| {
        let [first, second, third] = widths;
        let _ = writeln!(text, "{name:first$}{required:second$}{default:third$}{alternate}");
        text
    })
}
