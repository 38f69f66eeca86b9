//! The graph of a project: its services and what they depend on, with networks and volumes if asked for, in forms that
//! other programs draw. The form for terminals is `render/graph.rs`.

mod dot;
mod layout;
mod mermaid;
mod state;
mod svg;

use std::collections::BTreeMap;

use crate::project::value::MountKind;
use crate::project::{Condition, Dependency, Project, Service, ServiceName};

pub use dot::dot;
pub use mermaid::mermaid;
pub use state::{Live, Mood, NodeState};
pub use svg::svg;

/// A graph, in a fixed order: services, then networks, then volumes, each by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    /// The project's name.
    pub name: String,
    /// What is connected.
    pub nodes: Vec<Node>,
    /// What connects it, by the nodes they come from.
    pub edges: Vec<Edge>,
}

/// Something in the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its key in the files.
    pub name: String,
    /// More about it: the image of a service or the context it is built from, the driver of a network or volume that
    /// is not the default, `external`.
    pub detail: Option<String>,
    /// What the engine has of a service; `None` if nobody looked.
    pub live: Option<Live>,
}

/// The kinds of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeKind {
    /// A service.
    Service,
    /// A network.
    Network,
    /// A named volume.
    Volume,
}

/// What goes from one node to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Index of the node it comes from, always a service.
    pub from: usize,
    /// Index of the node it goes to.
    pub to: usize,
    /// What it means.
    pub kind: EdgeKind,
}

/// What an edge means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EdgeKind {
    /// The service depends on another.
    Dependency {
        /// What must hold before it starts.
        condition: Condition,
        /// Whether it starts without the other if that one is not there.
        required: bool,
    },
    /// The service is connected to the network.
    Network,
    /// The volume is mounted into the service.
    Volume {
        /// Where.
        target: String,
        /// Whether it is read-only there.
        read_only: bool,
    },
}

impl EdgeKind {
    /// It in a few words: `healthy`, `completed, optional`, `/var/lib/mysql (read-only)`; empty for networks.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Dependency { condition, required } => {
                let condition = match condition {
                    Condition::Started => "started",
                    Condition::Healthy => "healthy",
                    Condition::CompletedSuccessfully => "completed",
                };
                format!("{condition}{}", if *required { "" } else { ", optional" })
            }
            Self::Network => String::new(),
            Self::Volume { target, read_only } => format!("{target}{}", if *read_only { " (read-only)" } else { "" }),
        }
    }
}

/// Whether networks and volumes are part of a graph.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Resources {
    /// Only services.
    #[default]
    Hidden,
    /// Networks and named volumes that services use, too.
    Shown,
}

impl Graph {
    /// The graph of the enabled services of a project.
    #[must_use]
    pub fn new(project: &Project, resources: Resources) -> Self {
        let mut graph = Self { name: project.name.to_string(), ..Self::default() };
        graph.nodes.extend(
            project.services.values().map(|service| node(NodeKind::Service, &service.name, detail(project, service))),
        );
        if resources == Resources::Shown {
            graph.add_networks(project);
            graph.add_volumes(project);
        }
        let nodes = graph.nodes.iter().enumerate();
        let index: BTreeMap<(NodeKind, &str), usize> =
            nodes.map(|(index, node)| ((node.kind, node.name.as_str()), index)).collect();
        let to = |kind: NodeKind, name: &str| index.get(&(kind, name)).copied();
        let mut edges = Vec::new();
        for (from, service) in project.services.values().enumerate() {
            let dependencies = service
                .depends_on
                .iter()
                .filter_map(|(name, dependency)| Some((to(NodeKind::Service, name.as_str())?, depends(dependency))));
            let networks = service
                .networks
                .keys()
                .filter_map(|key| Some((to(NodeKind::Network, key.as_str())?, EdgeKind::Network)));
            let volumes = service.volumes.iter().filter(|mount| mount.kind == MountKind::Volume).filter_map(|mount| {
                let kind = EdgeKind::Volume { target: mount.target.clone(), read_only: mount.read_only };
                Some((to(NodeKind::Volume, mount.source.as_deref()?)?, kind))
            });
            edges.extend(dependencies.chain(networks).chain(volumes).map(|(to, kind)| Edge { from, to, kind }));
        }
        graph.edges = edges;
        graph
    }

    /// The same graph with what the engine has of each service.
    #[must_use]
    pub fn with_live(mut self, live: &BTreeMap<ServiceName, Live>) -> Self {
        for node in self.nodes.iter_mut().filter(|node| node.kind == NodeKind::Service) {
            node.live = live.get(node.name.as_str()).cloned();
        }
        self
    }

    /// The edges that come from this node.
    pub fn edges_from(&self, node: usize) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.from == node)
    }

    /// The nodes that nothing goes to: where a drawing begins. Services only, since nothing comes from resources.
    pub fn roots(&self) -> impl Iterator<Item = usize> {
        let is_needed = |index: usize| self.edges.iter().any(|edge| edge.to == index);
        (0..self.nodes.len()).filter(move |index| !is_needed(*index))
    }

    fn add_networks(&mut self, project: &Project) {
        let used = project
            .networks
            .iter()
            .filter(|(key, _)| project.services.values().any(|service| service.networks.contains_key(key.as_str())));
        self.nodes.extend(used.map(|(key, network)| {
            let detail = if network.external { Some("external".to_owned()) } else { network.driver.clone() };
            node(NodeKind::Network, key, detail)
        }));
    }

    fn add_volumes(&mut self, project: &Project) {
        let is_used = |key: &str| {
            let mut mounts = project.services.values().flat_map(|service| &service.volumes);
            mounts.any(|mount| mount.kind == MountKind::Volume && mount.source.as_deref() == Some(key))
        };
        let used = project.volumes.iter().filter(|(key, _)| is_used(key.as_str()));
        self.nodes.extend(used.map(|(key, volume)| {
            let detail = if volume.external { Some("external".to_owned()) } else { volume.driver.clone() };
            node(NodeKind::Volume, key, detail)
        }));
    }
}

fn node(kind: NodeKind, name: &impl ToString, detail: Option<String>) -> Node {
    Node { kind, name: name.to_string(), detail, live: None }
}

/// The image of a service, or `build PATH` for one without.
fn detail(project: &Project, service: &Service) -> Option<String> {
    match (&service.image, &service.build) {
        (Some(image), _) => Some(image.clone()),
        (None, Some(build)) => Some(format!("build {}", shortened(project, build.context.as_deref().unwrap_or(".")))),
        (None, None) => None,
    }
}

/// A path relative to the project's folder if it lies in it, as people write it.
fn shortened(project: &Project, path: &str) -> String {
    match std::path::Path::new(path).strip_prefix(&project.working_directory) {
        Ok(inside) if inside.as_os_str().is_empty() => ".".to_owned(),
        Ok(inside) => format!("./{}", inside.display()),
        Err(_) => path.to_owned(),
    }
}

fn depends(dependency: &Dependency) -> EdgeKind {
    EdgeKind::Dependency { condition: dependency.condition, required: dependency.required }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::project::value::Mount;
    use crate::project::{Network, Volume};

    /// `web` needs `api` and, if it is there, `cache`; `api` needs a healthy `db` and a completed `migrate`, which needs
    /// `db` too. `db` keeps its data in a volume.
    pub(crate) fn shop() -> Project {
        let mut project = Project { name: "shop".into(), working_directory: "/shop".into(), ..Project::default() };
        let mut add = |name: &str, image: Option<&str>, needs: &[(&str, Condition, bool)]| {
            let mut service = Service::new(name);
            service.image = image.map(str::to_owned);
            service.networks.insert("default".into(), None);
            for (dependency, condition, required) in needs {
                let entry = Dependency { condition: *condition, required: *required, ..Dependency::default() };
                service.depends_on.insert((*dependency).into(), entry);
            }
            project.services.insert(name.into(), service);
        };
        add("web", Some("nginx:1.27"), &[("api", Condition::Started, true), ("cache", Condition::Started, false)]);
        let needs = [("db", Condition::Healthy, true), ("migrate", Condition::CompletedSuccessfully, true)];
        add("api", Some("shop/api"), &needs);
        add("migrate", Some("shop/api"), &[("db", Condition::Healthy, true)]);
        add("db", Some("mysql:8.4"), &[]);
        add("cache", Some("redis:7"), &[]);
        let mount = Mount { source: Some("data".to_owned()), target: "/var/lib/mysql".to_owned(), ..Mount::default() };
        project.services.get_mut("db").expect("it was added").volumes.push(mount);
        project.networks.insert("default".into(), Network::default());
        project.volumes.insert("data".into(), Volume::default());
        project.volumes.insert("unused".into(), Volume::default());
        project
    }

    #[test]
    fn services_come_first_and_edges_follow_the_files() {
        let graph = Graph::new(&shop(), Resources::Shown);
        let names: Vec<&str> = graph.nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["api", "cache", "db", "migrate", "web", "default", "data"]);
        let of_api: Vec<String> =
            graph.edges_from(0).map(|edge| format!("{} {}", names[edge.to], edge.kind.label())).collect();
        assert_eq!(of_api, ["db healthy", "migrate completed", "default "]);
        assert_eq!(graph.roots().collect::<Vec<_>>(), [4]);
    }

    #[test]
    fn resources_are_left_out_unless_asked_for() {
        let graph = Graph::new(&shop(), Resources::Hidden);
        assert!(graph.nodes.iter().all(|node| node.kind == NodeKind::Service));
        assert_eq!(graph.edges.len(), 5);
    }

    #[test]
    fn a_context_is_shown_from_the_folder_of_the_project() {
        let project = shop();
        assert_eq!(shortened(&project, "/shop"), ".");
        assert_eq!(shortened(&project, "/shop/api"), "./api");
        assert_eq!(shortened(&project, "/elsewhere"), "/elsewhere");
    }
}
