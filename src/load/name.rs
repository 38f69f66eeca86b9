//! The project's name in its files (Compose spec: `04-version-and-name.md`).

use crate::load::layer::Layer;
use crate::load::normalize::Environment;
use crate::load::template::{self, Report};
use crate::yaml::{Key, Node, Value};

/// The top-level `name` of the last layer that has one. Its variables are expanded before `COMPOSE_PROJECT_NAME` is
/// known; what is wrong with them is reported when the layer is.
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

/// Writes the name into the model, where it is looked for by whoever prints it.
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
