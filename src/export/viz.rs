//! The services and their dependencies as `viz` prints them: in the language of Graphviz, as Docker Compose does.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::project::value::Port;
use crate::project::{Project, Service};

/// How to write a graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VizOptions {
    /// What each line in the braces begins with.
    pub indentation: String,
    /// What to show of each service besides its name.
    pub details: BTreeSet<Detail>,
}

/// Something to show of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// The networks it is connected to.
    Networks,
    /// The ports it publishes.
    Ports,
    /// Its image.
    Image,
}

/// The graph in Graphviz's language: a node per enabled service, and an edge to each of its dependencies, sorted.
#[must_use]
pub fn graphviz(project: &Project, options: &VizOptions) -> String {
    let indentation = &options.indentation;
    let mut text = format!("digraph \"{}\" {{\n{indentation}layout=dot;\n", project.name);
    let nodes = project.services.values().map(|service| {
        let details: String = options.details.iter().map(|detail| describe(*detail, project, service)).collect();
        let name = &service.name;
        format!("\"{name}\" [style=\"filled\" label=<<font point-size=\"15\">{name}</font>{details}>]")
    });
    let edges = project.services.values().flat_map(|service| {
        let enabled = service.depends_on.keys().filter(|name| project.services.contains_key(*name));
        enabled.map(|dependency| format!("\"{}\" -> \"{dependency}\"", service.name))
    });
    let line = |text: &mut String, line: &str| {
        writeln!(text, "{indentation}{line};").expect("memory can be written to");
    };
    nodes.for_each(|node| line(&mut text, &node));
    text.push('\n');
    edges.for_each(|edge| line(&mut text, &edge));
    text + "}\n"
}

fn describe(detail: Detail, project: &Project, service: &Service) -> String {
    match detail {
        Detail::Networks => list("Networks", &networks(service)),
        Detail::Ports => list("Ports", &service.ports.iter().map(port).collect::<Vec<_>>()),
        Detail::Image => list("Image", &[project.image_name(service)]),
    }
}

/// The networks by priority, then by name.
fn networks(service: &Service) -> Vec<String> {
    let mut networks: Vec<_> = service.networks.iter().collect();
    networks.sort_by_key(|(_, network)| std::cmp::Reverse(network.as_ref().map_or(0, |network| network.priority)));
    networks.into_iter().map(|(key, _)| key.to_string()).collect()
}

fn port(port: &Port) -> String {
    let host = port.host_ip.as_ref().filter(|ip| !ip.is_empty()).map(|ip| format!("{ip}:")).unwrap_or_default();
    let published = port.published.as_deref().unwrap_or_default();
    let (protocol, mode) = (port.protocol.as_deref().unwrap_or("tcp"), port.mode.as_deref().unwrap_or("ingress"));
    format!("{host}{published}:{} ({protocol}, {mode})", port.target)
}

fn list(heading: &str, items: &[String]) -> String {
    if items.is_empty() {
        return String::new();
    }
    format!("<font point-size=\"10\"><br/><br/><b>{heading}:</b><br/>{}</font>", items.join("<br/>"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Dependency;

    fn demo() -> Project {
        let mut web = Service::new("web");
        web.depends_on.insert("db".into(), Dependency::default());
        web.depends_on.insert("off".into(), Dependency::default());
        web.image = Some("busybox:latest".to_owned());
        let port =
            |host_ip: Option<&str>, target| Port { host_ip: host_ip.map(str::to_owned), target, ..Port::default() };
        web.ports = vec![port(Some("127.0.0.1"), 80), port(None, 9000)];
        let services = [("db".into(), Service::new("db")), ("web".into(), web)].into();
        Project { name: "demo".into(), services, ..Project::default() }
    }

    #[test]
    fn services_and_their_dependencies() {
        let options = VizOptions { indentation: "\t".to_owned(), ..VizOptions::default() };
        let expected = "digraph \"demo\" {\n\tlayout=dot;\n\
                        \t\"db\" [style=\"filled\" label=<<font point-size=\"15\">db</font>>];\n\
                        \t\"web\" [style=\"filled\" label=<<font point-size=\"15\">web</font>>];\n\
                        \n\t\"web\" -> \"db\";\n}\n";
        assert_eq!(graphviz(&demo(), &options), expected);
    }

    #[test]
    fn details_have_the_order_of_the_peer() {
        let details = [Detail::Image, Detail::Ports, Detail::Networks].into();
        let text = graphviz(&demo(), &VizOptions { details, ..VizOptions::default() });
        let web = "<font point-size=\"15\">web</font><font point-size=\"10\"><br/><br/><b>Ports:</b><br/>\
                   127.0.0.1::80 (tcp, ingress)<br/>:9000 (tcp, ingress)</font>\
                   <font point-size=\"10\"><br/><br/><b>Image:</b><br/>busybox:latest</font>>];";
        assert!(text.contains(web), "{text}");
    }
}
