//! `graph`: the services and what they need, as a tree, a picture, or text for programs that draw.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::engine::with_engine;
use crate::cli::output::Remarks;
use crate::cli::{Context, Failure, bring_up, output, service_names};
use crate::export::graph::{self, Graph, Live, Resources};
use crate::load::Loaded;
use crate::observed::Container;
use crate::operation::{ListedServices, ListedStates, Ps};
use crate::project::{Project, ServiceName};
use crate::render;

/// Arguments of `graph`.
#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// Output format: tree, svg, mermaid or dot [default: tree, or the one that the file's name ends with]
    #[arg(long, value_name = "FORMAT", value_enum, hide_possible_values = true)]
    pub(crate) format: Option<GraphFormat>,
    /// Show the state of each service's containers
    #[arg(long)]
    pub(crate) live: bool,
    /// Write to a file instead of standard output; .svg, .mmd, .dot or .txt chooses the format
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Also show networks and named volumes
    #[arg(long)]
    pub(crate) resources: bool,
    /// Services to show, with what they need [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

/// The output formats of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// For terminals.
    Tree,
    /// A picture.
    Svg,
    /// A Mermaid flowchart.
    Mermaid,
    /// For Graphviz.
    Dot,
}

impl GraphFormat {
    /// The format that the ending of a file's name asks for.
    fn of_file(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "svg" => Some(Self::Svg),
            "mmd" | "mermaid" => Some(Self::Mermaid),
            "dot" | "gv" => Some(Self::Dot),
            "txt" => Some(Self::Tree),
            _ => None,
        }
    }
}

pub(super) fn graph(args: &GraphArgs, context: &Context) -> Result<(), Failure> {
    let format = format(args)?;
    let load = || {
        let options = context.load_options(&args.services);
        output::load_services(&options, Remarks::NotOnSchedules, context, service_names::only_services)
    };
    let graph = if args.live {
        with_engine(context, load, async |loaded, engine| {
            let project = loaded.project.name.clone();
            let ps = Ps { project, states: ListedStates::All, services: ListedServices::defined_by(&loaded.project) };
            let containers = ps.list(&engine).await.map_err(Failure::without_files)?;
            Ok(drawn(args, &loaded)?.with_live(&live(&loaded.project, &containers)))
        })?
    } else {
        drawn(args, &load()?)?
    };
    let text = match format {
        GraphFormat::Svg => graph::svg(&graph),
        GraphFormat::Mermaid => graph::mermaid(&graph),
        GraphFormat::Dot => graph::dot(&graph),
        GraphFormat::Tree if args.output.is_some() => render::graph::tree(&graph, render::plan::PlanStyle::default()),
        GraphFormat::Tree => render::graph::tree(&graph, output::plan_style(context)),
    };
    output::write(text, args.output.as_deref(), context)
}

/// The format: the flag's, else the one that the file's name asks for, else a tree.
fn format(args: &GraphArgs) -> Result<GraphFormat, Failure> {
    match (args.format, &args.output) {
        (Some(format), _) => Ok(format),
        (None, None) => Ok(GraphFormat::Tree),
        (None, Some(path)) => GraphFormat::of_file(path).map_or_else(
            || {
                let path = path.display();
                Failure::usage(&format!(
                    "cannot tell the format from the name `{path}`\n\
                     hint: end it with .svg, .mmd, .dot or .txt, or add --format svg, mermaid, dot or tree"
                ))
            },
            Ok,
        ),
    }
}

/// The graph of the loaded services.
fn drawn(args: &GraphArgs, loaded: &Loaded) -> Result<Graph, Failure> {
    if loaded.project.services.is_empty() {
        return bring_up::no_service_selected(&loaded.project);
    }
    Ok(Graph::new(&loaded.project, if args.resources { Resources::Shown } else { Resources::Hidden }))
}

/// What the engine has of each service. One-offs are not the service's.
fn live(project: &Project, containers: &[Container]) -> BTreeMap<ServiceName, Live> {
    let of = |name: &ServiceName| -> Vec<&Container> {
        containers.iter().filter(|container| !container.one_off && container.service.as_ref() == Some(name)).collect()
    };
    let services = project.services.iter();
    services.map(|(name, service)| (name.clone(), Live::new(&of(name), service.replicas()))).collect()
}
