//! Candidates for the values of flags and arguments: fixed words, services and profiles from the files, projects from the
//! engine. Nothing here fails: what cannot be determined is not offered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use clap::Arg;

use super::answer::{Answer, Directive, commands};
use crate::cli::context::Context;
use crate::cli::docker_flags::DockerFlags;
use crate::cli::engine::connect;
use crate::cli::invocation::Form;
use crate::cli::parse::{Cli, definition};
use crate::cli::runtime::runtime;
use crate::cli::walk::Walk;
use crate::load;
use crate::yaml::Node;

/// The fixed words of flags: command (any if empty), flag, words. The first match counts.
const WORDS: &[(&str, &str, &[&str])] = &[
    ("", "ansi", &["auto", "never", "always"]),
    ("", "progress", &["auto", "tty", "plain", "json", "quiet"]),
    ("pull", "policy", &["always", "missing"]),
    ("", "pull", &["always", "missing", "never", "build"]),
    ("", "status", &["created", "dead", "exited", "paused", "removing", "restarting", "running"]),
    ("", "rmi", &["all", "local"]),
    ("", "signal", &["SIGHUP", "SIGINT", "SIGKILL", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"]),
    ("config", "format", &["yaml", "json"]),
    ("version", "format", &["pretty", "json"]),
    ("", "format", &["table", "json"]),
];

/// How long to wait for the engine.
const PATIENCE: Duration = Duration::from_secs(2);

/// Finds candidates for the last word of a command line.
pub(super) struct Values<'a> {
    walk: &'a Walk,
    form: Form,
    docker: DockerFlags,
}

/// The services of the files, with their profiles.
type Services = BTreeMap<String, Vec<String>>;

impl<'a> Values<'a> {
    pub(super) fn new(walk: &'a Walk, form: Form, docker: DockerFlags) -> Self {
        Self { walk, form, docker }
    }

    /// The values of a flag.
    pub(super) fn of_flag(&self, flag: &Arg) -> Answer {
        let long = flag.get_long().unwrap_or_default();
        let path = self.walk.path();
        match long {
            "file" if path.is_empty() => {
                return Answer::of(Directive::Extensions, ["yaml", "yml"].map(str::to_owned));
            }
            "project-name" if path.is_empty() => return Answer::of(Directive::NoFiles, self.projects()),
            "profile" if path.is_empty() => {
                let profiles: BTreeSet<_> = self.services().into_values().flatten().collect();
                return Answer::of(Directive::NoFiles, profiles);
            }
            _ => {}
        }
        if let Some(answer) = possible_values(flag) {
            return answer;
        }
        let is_this = |(command, name, _): &&(&str, &str, _)| *name == long && (command.is_empty() || *command == path);
        match WORDS.iter().find(is_this) {
            Some((.., words)) => Answer::of(Directive::NoFiles, words.iter().map(|word| (*word).to_owned())),
            None => self.named(flag),
        }
    }

    /// The values of the next argument.
    pub(super) fn of_argument(&self) -> Answer {
        let command = self.walk.command();
        let given = self.walk.positionals.len();
        let takes = |arg: &&Arg| {
            let many = arg.get_num_args().is_some_and(|count| count.max_values() > 1)
                || matches!(arg.get_action(), clap::ArgAction::Append);
            many || arg.get_index().is_some_and(|index| index == given + 1)
        };
        let mut arguments = command.get_positionals();
        match arguments.find(takes) {
            Some(argument) => possible_values(argument).unwrap_or_else(|| self.named(argument)),
            None => Answer::nothing(),
        }
    }

    /// Candidates by the name of the value in the help.
    fn named(&self, argument: &Arg) -> Answer {
        let name = argument.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
        match name {
            "SERVICE" | "SERVICES" => {
                let given = &self.walk.positionals;
                let is_new = |name: &String| !argument.is_positional() || !given.iter().any(|word| **word == **name);
                let mut names = self.services();
                if self.walk.path() == "run" {
                    names.extend(self.section("jobs"));
                }
                Answer::of(Directive::NoFiles, names.into_keys().filter(is_new))
            }
            _ if name.starts_with("SERVICE=") => {
                Answer::of(Directive::NoSpace, self.services().into_keys().map(|name| name + "="))
            }
            "COMMAND" if argument.is_positional() && self.walk.path() == "help" => {
                commands(&definition(self.form), self.form)
            }
            "FILE" => Answer::of(Directive::Default, []),
            "FOLDER" => Answer::of(Directive::Folders, []),
            _ => Answer::nothing(),
        }
    }

    /// The context that the global flags describe.
    fn context(&self) -> Option<Context> {
        let matches = definition(self.form).try_get_matches_from(self.walk.canonical_root().into_iter().take_while(
            // Up to the name of the command.
            |word| word.as_encoded_bytes().starts_with(b"-"),
        ));
        let cli = Cli::of(matches.ok()?).ok()?;
        Context::of_process(&cli.global, self.docker.clone(), self.form).ok()
    }

    fn services(&self) -> Services {
        self.section("services")
    }

    /// All services or jobs, including those of inactive profiles. Ignores missing env files and, as far as possible,
    /// errors in the files.
    fn section(&self, section: &str) -> Services {
        let Some(context) = self.context() else { return Services::new() };
        let mut options = context.load_options(&[]);
        // Standard input is the terminal of the person who is typing.
        if options.files.iter().any(|file| file == Path::new("-")) {
            return Services::new();
        }
        let folder = options.working_directory.clone();
        options.env_files.retain(|file| folder.join(file).exists());
        options.check_consistency = false;
        options.resolve_environment = false;
        options.normalize = false;
        let loaded = load::load_model(&options).or_else(|_| {
            options.interpolate = false;
            load::load_model(&options)
        });
        let Ok(loaded) = loaded else { return Services::new() };
        let Some(services) = loaded.model.get(section).and_then(Node::as_mapping) else { return Services::new() };
        services.iter().map(|(name, service)| (name.name.clone(), profiles(service))).collect()
    }

    /// The projects that have containers.
    fn projects(&self) -> Vec<String> {
        let Some(context) = self.context() else { return Vec::new() };
        let Ok(engine) = connect(&context) else { return Vec::new() };
        let Ok(runtime) = runtime() else { return Vec::new() };
        let asked = runtime.block_on(async { tokio::time::timeout(PATIENCE, engine.project_names()).await });
        runtime.shutdown_background();
        asked.ok().and_then(Result::ok).map(|names| names.into_iter().collect()).unwrap_or_default()
    }
}

fn profiles(service: &Node) -> Vec<String> {
    let profiles = service.get("profiles").and_then(Node::as_sequence).unwrap_or_default();
    profiles.iter().filter_map(|profile| profile.as_str().map(str::to_owned)).collect()
}

fn possible_values(argument: &Arg) -> Option<Answer> {
    let values: Vec<_> = argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    (!values.is_empty()).then(|| Answer::of(Directive::NoFiles, values))
}
