//! The project name in the files (Compose spec: `04-version-and-name.md`).

use crate::load::layer::Layer;
use crate::load::normalize::Environment;
use crate::load::template::{self, Report};
use crate::yaml::{Key, Node, Value};

/// The top-level `name` of the last layer that has one. Its variables are expanded before `COMPOSE_PROJECT_NAME` is
/// known; errors in them are reported with those of the layer.
pub(super) fn written(layers: &[Layer], environment: &Environment, interpolate: bool) -> Option<String> {
    let names = layers.iter().rev().filter_map(|layer| layer.node.get("name").and_then(Node::as_str));
    let mut expanded = names.map(|name| {
        if !interpolate {
            return name.to_owned();
        }
        let lookup = |name: &str| environment.get(name).cloned();
        template::expand(name, &lookup, &mut Report::default())
    });
    expanded.find(|name| !name.is_empty())
}

/// Sets the name in the model, for printing.
pub(super) fn set(model: &mut Node, name: &str) {
    let span = model.span.at_start();
    if let Some(model) = model.as_mapping_mut() {
        match model.get_mut("name") {
            Some(node) => node.value = Value::String(name.to_owned()),
            None => {
                model.insert(Key { name: "name".to_owned(), span }, Node::string(name, span));
            }
        }
    }
}
