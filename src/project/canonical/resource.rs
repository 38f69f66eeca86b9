//! Networks, volumes, secrets, configs and models.

use super::fields::Fields;
use super::form::Form;
use crate::project::{Config, FileSource, Ipam, IpamPool, Model, Network, Secret, Tree, Volume};

pub(super) fn network(network: &Network, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("name", Some(&network.name));
    fields.text("driver", network.driver.as_deref());
    fields.texts_by_name("driver_opts", &network.driver_opts);
    fields.block_or_empty("ipam", &network.ipam, network.ipam.is_empty(), ipam);
    fields.flag("external", network.external);
    fields.flag("internal", network.internal);
    fields.flag("attachable", network.attachable);
    fields.texts_by_name("labels", &network.labels);
    fields.some("enable_ipv4", network.enable_ipv4);
    fields.some("enable_ipv6", network.enable_ipv6);
    fields.end(&network.extensions)
}

fn ipam(ipam: &Ipam, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("driver", ipam.driver.as_deref());
    fields.list("config", &ipam.config, pool);
    fields.texts_by_name("options", &ipam.options);
    fields.end(&ipam.extensions)
}

fn pool(pool: &IpamPool, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("subnet", pool.subnet.as_deref());
    fields.text("gateway", pool.gateway.as_deref());
    fields.text("ip_range", pool.ip_range.as_deref());
    fields.texts_by_name("aux_addresses", &pool.aux_addresses);
    fields.end(&pool.extensions)
}

pub(super) fn volume(volume: &Volume, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("name", Some(&volume.name));
    fields.text("driver", volume.driver.as_deref());
    fields.texts_by_name("driver_opts", &volume.driver_opts);
    fields.flag("external", volume.external);
    fields.texts_by_name("labels", &volume.labels);
    fields.end(&volume.extensions)
}

pub(super) fn secret(secret: &Secret, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("name", Some(&secret.name));
    source(secret.source.as_ref(), &mut fields);
    fields.flag("external", secret.external);
    fields.texts_by_name("labels", &secret.labels);
    fields.text("driver", secret.driver.as_deref());
    fields.texts_by_name("driver_opts", &secret.driver_opts);
    fields.text("template_driver", secret.template_driver.as_deref());
    fields.end(&secret.extensions)
}

pub(super) fn config(config: &Config, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("name", Some(&config.name));
    source(config.source.as_ref(), &mut fields);
    fields.flag("external", config.external);
    fields.texts_by_name("labels", &config.labels);
    fields.text("template_driver", config.template_driver.as_deref());
    fields.end(&config.extensions)
}

/// Where the content comes from; the value of a variable is never shown.
fn source(source: Option<&FileSource>, fields: &mut Fields) {
    match source {
        Some(FileSource::File(path)) => fields.text("file", Some(path)),
        Some(FileSource::Environment { variable, .. }) => fields.text("environment", Some(variable)),
        Some(FileSource::Content(text)) => fields.text("content", Some(text)),
        None => {}
    }
}

pub(super) fn model(model: &Model, form: Form) -> Tree {
    let mut fields = Fields::new(form);
    fields.text("name", model.name.as_deref());
    fields.text("model", Some(&model.model));
    fields.number("context_size", model.context_size);
    fields.texts("runtime_flags", &model.runtime_flags);
    fields.end(&model.extensions)
}
