//! The canonical form, which `config` prints and the configuration hash digests: a [`Project`] in, a [`Tree`] with
//! everything in its fixed place out.

mod blocks;
mod fields;
mod form;
mod part;
mod resource;
mod service;

pub use form::Form;

use super::{Network, Project, Service, Tree, Volume};
use fields::{Fields, extension};

/// The whole project: the selected services and what they use.
///
/// ```
/// use hoist::project::canonical::{Form, project};
/// use hoist::project::{Project, Service};
/// let mut shop = Project { name: "shop".into(), ..Project::default() };
/// shop.services.insert("web".into(), Service { image: Some("nginx".into()), ..Service::new("web") });
/// assert_eq!(
///     project(&shop, Form::Json).to_json_compact(),
///     r#"{"name":"shop","services":{"web":{"command":null,"entrypoint":null,"image":"nginx"}}}"#
/// );
/// ```
#[must_use]
pub fn project(project: &Project, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.put("name", project.name.as_str());
    let services = fields.entries(&project.services, service);
    fields.put("services", services);
    let jobs = fields.entries(&project.jobs, service::job);
    fields.filled("jobs", jobs);
    let networks = fields.entries(&project.networks, network);
    fields.filled("networks", networks);
    let volumes = fields.entries(&project.volumes, volume);
    fields.filled("volumes", volumes);
    let secrets = fields.entries(&project.secrets, resource::secret);
    fields.filled("secrets", secrets);
    let configs = fields.entries(&project.configs, resource::config);
    fields.filled("configs", configs);
    if form == Form::Yaml {
        let models = fields.entries(&project.models, resource::model);
        fields.filled("models", models);
        return fields.end(&project.extensions);
    }
    for (key, value) in &project.extensions {
        fields.put(key, extension(value, form));
    }
    fields.sorted()
}

/// One service as `config` prints it.
#[must_use]
pub fn service(service: &Service, form: Form) -> Tree {
    service::service(service, form)
}

/// One service as the configuration hash digests it.
pub(super) fn hashed_service(service: &Service, form: Form) -> Tree {
    service::hashed(service, form)
}

/// One network.
#[must_use]
pub fn network(network: &Network, form: Form) -> Tree {
    resource::network(network, form)
}

/// One volume.
#[must_use]
pub fn volume(volume: &Volume, form: Form) -> Tree {
    resource::volume(volume, form)
}

/// Doubles every `$`, in keys too, so that the printed form loads to the same project.
#[must_use]
pub fn double_dollars(mut tree: Tree) -> Tree {
    double_in_place(&mut tree);
    tree
}

fn double_in_place(tree: &mut Tree) {
    let double = |text: &mut String| {
        if text.contains('$') {
            *text = text.replace('$', "$$");
        }
    };
    match tree {
        Tree::String(text) => double(text),
        Tree::Sequence(items) => items.iter_mut().for_each(double_in_place),
        Tree::Mapping(entries) => {
            for (key, value) in entries {
                double(key);
                double_in_place(value);
            }
        }
        Tree::Null | Tree::Bool(_) | Tree::Int(_) | Tree::Float(_) | Tree::Float32(_) => {}
    }
}

#[cfg(test)]
mod tests;
