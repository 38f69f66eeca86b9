//! `config --variables`: the variables that the files use.

use super::args::ConfigArgs;
use crate::cli::{Context, Failure, output};
use crate::load::template::Variable;
use crate::load::{self, LoadOptions};
use crate::project::Tree;
use crate::render::listing::{Column, Field, Format, JsonForm, Listing};
use crate::yaml::emit;

/// The columns and fields of variables.
static VARIABLES: Listing<Variable, ()> = Listing {
    fields: &[
        Field::new("Name", "NAME", |variable, ()| variable.name.clone().into()),
        Field::new("DefaultValue", "DEFAULT VALUE", |variable, ()| variable.default.clone().into()),
        Field::new("PresenceValue", "ALTERNATE VALUE", |variable, ()| variable.alternate.clone().into()),
        Field::new("Required", "REQUIRED", |variable, ()| variable.required.into()),
    ],
    columns: &[Column::of("Name"), Column::of("Required"), Column::of("DefaultValue"), Column::of("PresenceValue")],
    id: |variable, ()| variable.name.clone(),
    raw: &[],
    json: JsonForm::ById,
    narrowest: 20,
};

pub(super) fn text(args: &ConfigArgs, options: &LoadOptions, context: &Context) -> Result<Vec<u8>, Failure> {
    if !args.names.is_empty() {
        output::warn("service names are ignored with --variables", context)?;
    }
    let mut variables = load::variables(options).map_err(|failure| output::load_failure(&failure, context))?;
    variables.sort_by(|a, b| a.name.cmp(&b.name));
    let format = args.format.as_deref().unwrap_or_default();
    if format.eq_ignore_ascii_case("yaml") {
        return Ok(emit(&tree(&variables), None).into_bytes());
    }
    let format = Format::parse_word(format).map_err(|error| Failure::Usage(error.to_string()))?;
    let rows: Vec<&Variable> = variables.iter().collect();
    let mut text = Vec::new();
    VARIABLES.write(&rows, &format, &(), &mut text)?;
    Ok(text)
}

/// As YAML, Docker Compose prints its internal structures, with lower-case names, instead of a list.
fn tree(variables: &[Variable]) -> Tree {
    let entries = variables.iter().map(|variable| {
        let fields = vec![
            ("name".to_owned(), variable.name.clone().into()),
            ("defaultvalue".to_owned(), variable.default.clone().into()),
            ("presencevalue".to_owned(), variable.alternate.clone().into()),
            ("required".to_owned(), Tree::Bool(variable.required)),
        ];
        (variable.name.clone(), Tree::Mapping(fields))
    });
    Tree::Mapping(entries.collect())
}
