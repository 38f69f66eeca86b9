//! Networks, volumes, secrets, configs and models (Compose spec: `06-networks.md` to `09-secrets.md`).

use super::decoder::{Decoder, Entry};
use crate::project::{Config, FileSource, Ipam, IpamPool, Model, Network, Secret, Volume};
use crate::yaml::{Mapping, Node};

pub(super) fn network(d: &mut Decoder<'_>, network: &mut Network, entry: Entry) {
    match entry.0.name.as_str() {
        "name" => network.name = d.text(entry).unwrap_or_default(),
        "driver" => network.driver = d.text(entry),
        "driver_opts" => network.driver_opts = d.texts_by_name(entry),
        "ipam" => network.ipam = d.block(entry, ipam).unwrap_or_default(),
        "external" => network.external = d.flag(entry),
        "internal" => network.internal = d.flag(entry),
        "attachable" => network.attachable = d.flag(entry),
        "labels" => network.labels = d.texts_by_name(entry),
        "enable_ipv4" => network.enable_ipv4 = d.choice(entry),
        "enable_ipv6" => network.enable_ipv6 = d.choice(entry),
        _ => d.extension(&mut network.extensions, entry),
    }
}

fn ipam(d: &mut Decoder<'_>, ipam: &mut Ipam, entry: Entry) {
    match entry.0.name.as_str() {
        "driver" => ipam.driver = d.text(entry),
        "config" => ipam.config = d.blocks(entry, pool),
        "options" => ipam.options = d.texts_by_name(entry),
        _ => d.extension(&mut ipam.extensions, entry),
    }
}

fn pool(d: &mut Decoder<'_>, pool: &mut IpamPool, entry: Entry) {
    match entry.0.name.as_str() {
        "subnet" => pool.subnet = d.text(entry),
        "gateway" => pool.gateway = d.text(entry),
        "ip_range" => pool.ip_range = d.text(entry),
        "aux_addresses" => pool.aux_addresses = d.texts_by_name(entry),
        _ => d.extension(&mut pool.extensions, entry),
    }
}

pub(super) fn volume(d: &mut Decoder<'_>, volume: &mut Volume, entry: Entry) {
    match entry.0.name.as_str() {
        "name" => volume.name = d.text(entry).unwrap_or_default(),
        "driver" => volume.driver = d.text(entry),
        "driver_opts" => volume.driver_opts = d.texts_by_name(entry),
        "external" => volume.external = d.flag(entry),
        "labels" => volume.labels = d.texts_by_name(entry),
        _ => d.extension(&mut volume.extensions, entry),
    }
}

/// The value of a variable is next to its name, as `content`.
pub(super) fn secret(d: &mut Decoder<'_>, mut node: Node) -> Secret {
    let source = source(d, node.as_mapping_mut());
    Secret { source, ..d.fill(node, secret_field) }
}

fn secret_field(d: &mut Decoder<'_>, secret: &mut Secret, entry: Entry) {
    match entry.0.name.as_str() {
        "name" => secret.name = d.text(entry).unwrap_or_default(),
        "external" => secret.external = d.flag(entry),
        "labels" => secret.labels = d.texts_by_name(entry),
        "driver" => secret.driver = d.text(entry),
        "driver_opts" => secret.driver_opts = d.texts_by_name(entry),
        "template_driver" => secret.template_driver = d.text(entry),
        _ => d.extension(&mut secret.extensions, entry),
    }
}

/// As [`secret`].
pub(super) fn config(d: &mut Decoder<'_>, mut node: Node) -> Config {
    let source = source(d, node.as_mapping_mut());
    Config { source, ..d.fill(node, config_field) }
}

fn config_field(d: &mut Decoder<'_>, config: &mut Config, entry: Entry) {
    match entry.0.name.as_str() {
        "name" => config.name = d.text(entry).unwrap_or_default(),
        "external" => config.external = d.flag(entry),
        "labels" => config.labels = d.texts_by_name(entry),
        "template_driver" => config.template_driver = d.text(entry),
        _ => d.extension(&mut config.extensions, entry),
    }
}

fn source(d: &mut Decoder<'_>, mapping: Option<&mut Mapping>) -> Option<FileSource> {
    let mapping = mapping?;
    let mut take = |key: &str| mapping.remove(key).and_then(|node| d.text_of(node));
    let (file, variable, content) = (take("file"), take("environment"), take("content"));
    if let Some(path) = file.filter(|path| !path.is_empty()) {
        Some(FileSource::File(path))
    } else if let Some(variable) = variable.filter(|variable| !variable.is_empty()) {
        Some(FileSource::Environment { variable, value: content })
    } else {
        content.map(FileSource::Content)
    }
}

pub(super) fn model(d: &mut Decoder<'_>, model: &mut Model, entry: Entry) {
    match entry.0.name.as_str() {
        "name" => model.name = d.text(entry),
        "model" => model.model = d.text(entry).unwrap_or_default(),
        "context_size" => model.context_size = d.number(entry),
        "runtime_flags" => model.runtime_flags = d.texts(entry),
        _ => d.extension(&mut model.extensions, entry),
    }
}
