//! The project's name (compose-file.md §5.1).

use std::path::Path;

use crate::load::error::LoadError;
use crate::load::findings::Findings;
use crate::load::layer::Layer;
use crate::load::normalize::Environment;
use crate::load::template::{self, Report};
use crate::yaml::Node;

/// The variable that names the project, and holds its name once it is known.
pub(super) const VARIABLE: &str = "COMPOSE_PROJECT_NAME";

/// The name: of the flag, of the variable, of the last layer that has one, of the folder.
pub(super) fn project_name(
    flag: Option<&str>,
    environment: &Environment,
    layers: &[Layer],
    folder: &Path,
    interpolate: bool,
    findings: &mut Findings,
) -> String {
    if let Some(name) = flag.filter(|name| !name.is_empty()) {
        return checked(name, "--project-name", findings);
    }
    if let Some(name) = environment.get(VARIABLE).filter(|name| !name.is_empty()) {
        return checked(name, "the variable COMPOSE_PROJECT_NAME", findings);
    }
    let written = layers.iter().rev().filter_map(|layer| layer.node.get("name")).find_map(|node| {
        let name = expanded(node, environment, interpolate)?;
        (!name.is_empty()).then_some((name, node.span))
    });
    let (name, origin, span) = match written {
        Some((written, span)) => (normalized(&written), format!("`name: {written}`"), Some(span)),
        None => {
            let base = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            (normalized(&base), format!("the folder `{}`", folder.display()), None)
        }
    };
    if name.is_empty() {
        findings.error(LoadError::NoProjectName { origin, span });
    }
    name
}

/// The text of `name`; what is wrong with its variables is reported when the layer is expanded.
fn expanded(node: &Node, environment: &Environment, interpolate: bool) -> Option<String> {
    let text = node.as_str()?;
    if !interpolate {
        return Some(text.to_owned());
    }
    let lookup = |name: &str| environment.get(name).cloned();
    Some(template::expand(text, &lookup, &mut Report::default()))
}

fn checked(name: &str, origin: &'static str, findings: &mut Findings) -> String {
    let mut bytes = name.bytes();
    let starts = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let goes_on = bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte));
    if !starts || !goes_on {
        findings.error(LoadError::BadProjectName { name: name.to_owned(), origin });
    }
    name.to_owned()
}

/// Lower case, without what cannot be in a name, nor `_` and `-` at its start.
fn normalized(name: &str) -> String {
    let kept: String = name
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '_' | '-'))
        .collect();
    kept.trim_start_matches(['_', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn names_are_cut_down_to_what_can_be_in_them() {
        for (name, expected) in [("My.Proj", "myproj"), ("_-Foo", "foo"), ("a b-c_d", "ab-c_d"), ("...", "")] {
            assert_eq!(normalized(name), expected, "{name}");
        }
    }
}
