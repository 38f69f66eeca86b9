//! An unknown key in, what was probably meant out.

use super::shape::{self, Extensions, Keys};
use super::table;
use crate::diagnostic::suggest;
use crate::load::node_path::NodePath;
use crate::yaml::{Key, Node};

/// What an unknown key at the top was probably meant to be.
pub(super) enum Meant {
    Nothing,
    Service,
    Section(&'static str),
}

pub(super) fn unknown_key_hint(
    key: &Key,
    node: &Node,
    keys: &'static Keys,
    node_path: NodePath<'_>,
) -> (Option<String>, Meant) {
    let name = key.name.as_str();
    let at_top = matches!(node_path, NodePath::Top);
    if at_top && looks_like_a_service(node) {
        return (Some(format!("`{name}` looks like a service: indent it under `services:`")), Meant::Service);
    }
    if keys.what == table::A_SERVICE
        && looks_like_a_service(node)
        && let Some((_, owner)) = node_path.resource()
    {
        let hint = match owner {
            "services" => format!("`services` is there twice: remove the one above `{name}`"),
            _ => format!("`{name}` looks like a service: indent it less, like `{owner}`"),
        };
        return (Some(hint), Meant::Service);
    }
    if keys.what == table::ATTACHED
        && table::NETWORK.get(name).is_some()
        && keys.get(name).is_none()
        && let Some(network) = node_path.last_key()
    {
        let hint =
            format!("`{name}` belongs to the network itself: write it at the top level, in `networks.{network}`");
        return (Some(hint), Meant::Nothing);
    }
    let own = table::RENAMED.iter().find(|(place, old, _)| *old == name && *place == Some(keys.what));
    if let Some((_, _, advice)) = own {
        return (Some((*advice).to_owned()), Meant::Nothing);
    }
    let closest = suggest::closest(name, keys.names());
    if let Some(meant) = closest.filter(|meant| keys.names().any(|known| known == *meant)) {
        let section = table::DOCUMENT.names().find(|known| at_top && *known == meant);
        return (Some(format!("did you mean `{meant}`?")), section.map_or(Meant::Nothing, Meant::Section));
    }
    let advice = table::RENAMED.iter().find(|(place, old, _)| *old == name && place.is_none());
    if let Some((_, _, advice)) = advice {
        return (Some((*advice).to_owned()), Meant::Nothing);
    }
    if matches!(node_path.resource(), Some(("jobs", _))) && table::SERVICE.get(name).is_some() {
        return (Some(format!("only services have `{name}`")), Meant::Nothing);
    }
    let in_service = matches!(node_path.resource(), Some(("services", _))) || at_top;
    let home =
        table::HOMES.iter().find(|(home, _)| in_service && !std::ptr::eq(*home, keys) && home.get(name).is_some());
    let is_hook = keys.what == table::A_HOOK || keys.what == table::A_PRE_START_HOOK;
    if let Some((_, home)) = home.filter(|(_, home)| is_hook && home.starts_with("`deploy")) {
        return (Some(format!("`{name}` belongs to {home} of a service; hooks have no `deploy`")), Meant::Nothing);
    }
    if let Some((_, home)) = home {
        return (Some(belongs(name, home, &node_path)), Meant::Nothing);
    }
    let hint = if keys.all().count() <= MOST_LISTED {
        let known: Vec<_> = keys.names().collect();
        format!("valid keys: {}", shape::listed(&known))
    } else if keys.extensions == Extensions::Allowed {
        "custom keys start with `x-`".to_owned()
    } else {
        return (None, Meant::Nothing);
    };
    (Some(hint), Meant::Nothing)
}

/// Whether a value is what services are made of.
pub(super) fn looks_like_a_service(node: &Node) -> bool {
    node.get("image").is_some() || node.get("build").is_some()
}

/// Maximum number of known keys that a hint lists.
const MOST_LISTED: usize = 12;

/// Where a key of `home` belongs that was found in another place.
fn belongs(name: &str, home: &str, node_path: &NodePath<'_>) -> String {
    match (home, node_path.resource()) {
        (table::SERVICE_ITSELF, Some(("services", service))) => {
            format!("`{name}` belongs to the service itself: indent it less, directly below `{service}:`")
        }
        (table::SERVICE_ITSELF, _) => {
            format!("`{name}` belongs to a service: indent it below its service, under `services:`")
        }
        (table::TOP_LEVEL, _) => format!("`{name}` belongs to the top level of the file: write it without indentation"),
        _ => format!("`{name}` belongs to {home}: indent it below that key"),
    }
}
