//! The help for a command: clap's, with an example, and with the commands of the root in groups.

use std::fmt::Write as _;

use clap::Command;

use super::invocation::Form;

/// The groups in which the help lists the commands. Commands in no group come last.
const GROUPS: &[(&str, &[&str])] = &[
    ("Project Commands", &["up", "down", "plan", "create", "build", "pull", "watch"]),
    (
        "Container Commands",
        &[
            "start", "stop", "restart", "kill", "pause", "unpause", "rm", "scale", "wait", "run", "exec", "attach",
            "cp", "commit", "export",
        ],
    ),
    (
        "Information Commands",
        &[
            "ps", "logs", "config", "events", "graph", "images", "ls", "port", "stats", "timeline", "top", "viz",
            "volumes", "why",
        ],
    ),
    ("Sharing Commands", &["push", "publish", "bridge"]),
];

/// An example for each command.
const EXAMPLES: &[(&str, &str)] = &[
    ("alpha", "alpha viz"),
    ("alpha viz", "alpha viz --image"),
    ("attach", "attach web"),
    ("bridge", "bridge convert --output out"),
    ("build", "build --pull web"),
    ("commit", "commit web shop/web:debug"),
    ("completion", "completion bash > ~/.local/share/bash-completion/completions/hoist"),
    ("config", "config --services"),
    ("cp", "cp web:/var/log/app.log ."),
    ("create", "create --pull always"),
    ("down", "down --volumes"),
    ("events", "events --json"),
    ("exec", "exec web sh"),
    ("export", "export --output web.tar web"),
    ("graph", "graph --live --output shop.svg"),
    ("help", "help up"),
    ("images", "images --format json"),
    ("kill", "kill --signal SIGHUP web"),
    ("logs", "logs --follow --tail 100 web"),
    ("ls", "ls --all"),
    ("man", "man --dir /usr/local/share/man/man1"),
    ("pause", "pause web"),
    ("plan", "plan --pull always"),
    ("plugin", "plugin install"),
    ("plugin install", "plugin install --force"),
    ("plugin status", "plugin status"),
    ("plugin uninstall", "plugin uninstall"),
    ("port", "port web 80"),
    ("ps", "ps --all --format \"{{.Name}} {{.Status}}\""),
    ("publish", "publish registry.example.com/shop:1.0"),
    ("pull", "pull --ignore-buildable"),
    ("push", "push web"),
    ("restart", "restart --timeout 5 web"),
    ("rm", "rm --stop --force web"),
    ("run", "run --rm web sh"),
    ("scale", "scale web=3 worker=2"),
    ("start", "start --wait web"),
    ("stats", "stats --no-stream"),
    ("stop", "stop --timeout 5 web"),
    ("timeline", "timeline last"),
    ("timeline last", "timeline last --output up.svg"),
    ("top", "top web"),
    ("unpause", "unpause web"),
    ("up", "up --detach --wait"),
    ("version", "version --format json"),
    ("viz", "viz --networks > shop.dot"),
    ("volumes", "volumes --quiet"),
    ("wait", "wait migration"),
    ("watch", "watch web"),
    ("why", "why web"),
];

/// The arguments in the usage of commands that take others than any number of services.
const USAGES: &[(&str, &[&str])] = &[
    ("attach", &["SERVICE"]),
    ("commit", &["SERVICE [REPOSITORY[:TAG]]"]),
    ("cp", &["SERVICE:SRC_PATH DEST_PATH|-", "SRC_PATH|- SERVICE:DEST_PATH"]),
    ("exec", &["SERVICE COMMAND [ARGS...]"]),
    ("export", &["SERVICE"]),
    ("port", &["SERVICE [PRIVATE_PORT]"]),
    ("run", &["SERVICE [COMMAND] [ARGS...]"]),
    ("scale", &["SERVICE=REPLICAS..."]),
    ("stats", &["[SERVICE]"]),
    ("wait", &["SERVICE..."]),
];

/// Commands that exist only if hoist is called as `hoist`.
const OWN: &[&str] = &["man", "plugin"];

/// Whether a command exists in this form.
pub(super) fn is_available(command: &str, form: Form) -> bool {
    form == Form::Hoist || !OWN.contains(&command)
}

/// The example for a command, without the program's name.
pub(super) fn example(path: &str) -> Option<&'static str> {
    EXAMPLES.iter().find(|(command, _)| *command == path).map(|(_, example)| *example)
}

/// The help for the command at `path`, whose parts are separated by spaces; for the root if it is empty.
pub(super) fn text(root: &Command, path: &str, form: Form) -> String {
    let mut root = root.clone().bin_name(form.program());
    root.build();
    let mut command = &root;
    for name in path.split_whitespace() {
        command = command.find_subcommand(name).unwrap_or(command);
    }
    let with = if path.is_empty() { grouped(command.clone(), form) } else { with_example(command.clone(), path, form) };
    with.clone().render_help().to_string()
}

/// Adds the usage of a command to its help, and the example at the end.
pub(super) fn with_example(command: Command, path: &str, form: Form) -> Command {
    let command = match USAGES.iter().find(|(command, _)| *command == path) {
        Some((_, usages)) => {
            let lines = usages.iter().map(|usage| format!("{} {path} [OPTIONS] {usage}", form.program()));
            command.override_usage(lines.collect::<Vec<_>>().join("\n       "))
        }
        None => command,
    };
    let Some(example) = example(path) else { return command };
    let after = command.get_after_help().map(|text| format!("{text}\n\n")).unwrap_or_default();
    command.after_help(format!("{after}Example:\n  {} {example}", form.program()))
}

fn grouped(root: Command, form: Form) -> Command {
    let shown: Vec<&Command> = root
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && is_available(command.get_name(), form))
        .collect();
    let find = |name: &&str| shown.iter().copied().find(|command| command.get_name() == *name);
    let in_group = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
    let width = shown.iter().map(|command| command.get_name().len()).max().unwrap_or_default();
    let others = shown.iter().copied().filter(|command| !in_group(command.get_name())).collect();
    let groups = GROUPS.iter().map(|(heading, names)| (*heading, names.iter().filter_map(find).collect::<Vec<_>>()));
    let mut text = String::new();
    for (heading, commands) in groups.chain([("Other Commands", others)]).filter(|(_, commands)| !commands.is_empty()) {
        let _ = writeln!(text, "{heading}:");
        for command in commands {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {:width$}  {about}", command.get_name());
        }
        text.push('\n');
    }
    let after = format!("Run '{} COMMAND --help' for more information on a command.", form.program());
    root.help_template("{about}\n\n{usage-heading} {usage}\n\n{before-help}Options:\n{options}{after-help}")
        .before_help(text.trim_end().to_owned())
        .after_help(after)
}
