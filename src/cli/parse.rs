//! Arguments in, [`Cli`] out; errors keep the wording that scripts match on.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::error::ErrorKind;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::global::GlobalArgs;
use super::invocation::Form;
use super::planned::is_planned;
use super::walk::{Mistake, Walk};
use super::{command, counts, help, refusal};

/// Run applications of several containers from Compose files, and see what will change before it does
#[derive(Debug, Parser)]
#[command(
    name = "hoist",
    args_override_self = true,
    disable_help_subcommand = true,
    disable_version_flag = true,
    subcommand_value_name = "COMMAND"
)]
struct Root {
    #[command(flatten)]
    global: GlobalArgs,
}

/// A parsed command line.
#[derive(Debug)]
pub(super) struct Cli {
    /// The global flags.
    pub(super) global: GlobalArgs,
    /// The command; without one, the help is shown.
    pub(super) command: Option<command::Command>,
}

impl Cli {
    /// Takes what clap found.
    ///
    /// # Errors
    ///
    /// If a value is invalid.
    pub(super) fn of(mut matches: ArgMatches) -> Result<Self, clap::Error> {
        let Root { global } = Root::from_arg_matches_mut(&mut matches)?;
        let command = matches.subcommand_name().is_some();
        let command = command.then(|| command::Command::from_arg_matches_mut(&mut matches)).transpose()?;
        Ok(Self { global, command })
    }
}

/// The result of parsing the arguments.
#[derive(Debug)]
pub(super) enum Parsed {
    /// A command to run.
    Run(Box<Cli>),
    /// The user asked for help or gave no command: text for standard output.
    Help(String),
    /// The arguments are invalid: text for standard output, then for standard error.
    Refused {
        /// The help, if Docker Compose shows it too.
        help: Option<String>,
        /// The message.
        message: String,
        /// The exit status.
        status: u8,
    },
}

/// Commands whose service is followed by a program with arguments of its own, which clap alone does not tell apart.
const WITH_PROGRAMS: &[&str] = &["exec", "run"];

/// The definition of the whole command line.
pub(super) fn definition(form: Form) -> Command {
    command::Command::augment_subcommands(root(form))
}

fn root(form: Form) -> Command {
    Root::command().bin_name(form.program()).no_binary_name(true)
}

/// The definition of the global flags and of the command that `words` most likely call, if they call one: clap prepares
/// all that it knows of for every call. Where that is the wrong command, it rejects the words.
fn likely_definition(words: &[OsString], form: Form) -> Option<Command> {
    let commands = command::Command::augment_subcommands(Command::new(""));
    let called = words.iter().find_map(|word| commands.find_subcommand(word))?;
    Some(root(form).subcommand(called.clone()))
}

/// Parses the words after the program's name.
#[must_use]
pub(super) fn parse(words: &[OsString], form: Form) -> Parsed {
    if words.iter().any(|word| WITH_PROGRAMS.iter().any(|command| word == command)) {
        return parse_slowly(words, form);
    }
    let mut command = likely_definition(words, form).unwrap_or_else(|| definition(form));
    match command.try_get_matches_from_mut(words) {
        Ok(matches) => wrong_count(&matches, &command).map_or_else(|| accept(matches, form), refused),
        Err(_) => parse_slowly(words, form),
    }
}

/// Turns clap's matches into a command to run, unless there is none to run.
fn accept(matches: ArgMatches, form: Form) -> Parsed {
    let name = matches.subcommand_name().map(str::to_owned);
    let cli = match Cli::of(matches) {
        Ok(cli) => cli,
        Err(error) => return refused(error.render().to_string().trim_end().to_owned()),
    };
    match name.as_deref() {
        None if !cli.global.version => Parsed::Help(help::text(&definition(form), "", form)),
        Some(name) if !help::is_available(name, form) => unknown_command(name, form),
        Some(_) | None => Parsed::Run(Box::new(cli)),
    }
}

/// The error if there are more or fewer arguments than the command takes.
fn wrong_count(matches: &ArgMatches, command: &Command) -> Option<String> {
    let (name, matches) = matches.subcommand()?;
    if !counts::is_counted(name) {
        return None;
    }
    let positionals = command.find_subcommand(name)?.get_positionals();
    let given: Vec<_> = positionals.filter_map(|arg| matches.get_raw(arg.get_id().as_str())).flatten().collect();
    counts::problem(name, given.len(), given.first().and_then(|word| word.to_str()))
}

/// Parses words that clap rejects as they are: they ask for help, are wrong, or are written in a way that only Go's
/// parser accepts, such as `--flag=false`.
fn parse_slowly(words: &[OsString], form: Form) -> Parsed {
    let root = definition(form);
    let walk = Walk::new(&root, words);
    if let Some(Mistake::UnknownCommand(name)) = walk.mistake.as_ref().filter(|_| walk.path().is_empty()) {
        return unknown_command(name, form);
    }
    if let Some(mistake) = &walk.mistake {
        let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
        return refused(refusal::message(mistake, &walk, &root, &words, form));
    }
    let path = walk.path();
    let words = walk.canonical();
    let likely = likely_definition(&words, form).and_then(|likely| likely.try_get_matches_from(&words).ok());
    let parsed = likely.map_or_else(|| definition(form).try_get_matches_from(&words), Ok);
    if parsed.as_ref().is_err_and(asks_for_help) {
        return Parsed::Help(help::text(&root, &path, form));
    }
    let first = walk.positionals.first().and_then(|word| word.to_str());
    match (counts::problem(&path, walk.positionals.len(), first), parsed) {
        (Some(message), _) => refused(message),
        (None, Ok(matches)) => accept(matches, form),
        (None, Err(error)) => refused(refusal::refused(&error, &walk, form)),
    }
}

fn asks_for_help(error: &clap::Error) -> bool {
    matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)
}

fn refused(message: String) -> Parsed {
    Parsed::Refused { help: None, message, status: 1 }
}

/// The answer to an unknown command: with the help, unless the command is planned.
fn unknown_command(name: &str, form: Form) -> Parsed {
    let root = definition(form);
    let help = (!is_planned(name)).then(|| help::text(&root, "", form));
    Parsed::Refused { help, message: refusal::unknown(&root, name, form), status: 1 }
}

/// Writes the text of `parsed`; returns the exit status if there is nothing to run.
///
/// # Errors
///
/// If writing to one of the streams fails.
pub(super) fn answer(parsed: &Parsed, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Option<u8>> {
    match parsed {
        Parsed::Run(_) => Ok(None),
        Parsed::Help(text) => {
            write!(out, "{text}")?;
            Ok(Some(0))
        }
        Parsed::Refused { help, message, status } => {
            if let Some(help) = help {
                writeln!(out, "{help}")?;
            }
            writeln!(err, "{message}")?;
            Ok(Some(*status))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::lazy::Lazy;

    fn parsed(arguments: &[&str]) -> Parsed {
        parse(&arguments.iter().map(OsString::from).collect::<Vec<_>>(), Form::Hoist)
    }

    fn refusal(arguments: &[&str]) -> String {
        match parsed(arguments) {
            Parsed::Refused { message, .. } => message,
            other @ (Parsed::Run(_) | Parsed::Help(_)) => panic!("{arguments:?}: {other:?}"),
        }
    }

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        definition(Form::Hoist).debug_assert();
    }

    #[test]
    fn flags_that_make_no_sense_are_refused_in_the_words_scripts_know() {
        let table = [
            (
                &["up", "-f", "x"][..],
                "unknown shorthand flag: 'f' in -f\nhint: put it before the command: `hoist --file FILE up`",
            ),
            (
                &["up", "--all-resources"],
                "unknown flag: --all-resources\nhint: put it before the command: `hoist --all-resources up`",
            ),
            (&["up", "--zzz"], "unknown flag: --zzz"),
            (&["up", "--no-dep"], "unknown flag: --no-dep\nhint: did you mean `--no-deps`?"),
            (&["-p"], "flag needs an argument: 'p' in -p"),
            (&["--file"], "flag needs an argument: --file"),
            (&["--parallel", "many", "up"], "invalid argument \"many\" for \"--parallel\" flag: not a whole number"),
            (&["completion"], "missing argument: <SHELL>\nhint: see `hoist help completion`"),
            (
                &["completion", "x"],
                "invalid argument \"x\" for SHELL: expected one of bash, elvish, fish, powershell, zsh",
            ),
            (&["bridge", "--rm", "web"], "`bridge` is not supported yet"),
            (&["upp"], "unknown docker command: \"compose upp\"\nhint: did you mean `up`?"),
        ];
        for (arguments, message) in table {
            assert_eq!(refusal(arguments), message, "{arguments:?}");
        }
    }

    #[test]
    fn switches_take_true_and_false() {
        let Parsed::Run(cli) = parsed(&["up", "--detach=true", "--build=false", "-dV"]) else {
            panic!("a command to run");
        };
        let Some(command::Command::Up(Lazy(up))) = cli.command else { panic!("`up`") };
        assert!(up.detach && up.plan.renew_anon_volumes && !up.plan.converge.build);
    }

    #[test]
    fn the_last_word_about_a_switch_counts() {
        let up = |arguments: &[&str]| match parsed(arguments) {
            Parsed::Run(cli) => match cli.command {
                Some(command::Command::Up(Lazy(up))) => (up.detach, up.plan.timeout, up.plan.services),
                other => panic!("{other:?}"),
            },
            other @ (Parsed::Help(_) | Parsed::Refused { .. }) => panic!("{other:?}"),
        };
        for (arguments, detach, timeout, services) in [
            (&["up", "-d", "--detach=false"][..], false, None, &[][..]),
            (&["up", "--detach=F", "-d=1"], true, None, &[]),
            (&["up", "-dt", "5", "web"], true, Some(5), &["web"]),
            (&["up", "web", "-t=5", "-d=false", "db"], false, Some(5), &["web", "db"]),
            (&["up", "-dt-1"], true, Some(-1), &[]),
            (&["up", "--menu=0", "--", "-d"], false, None, &["-d"]),
        ] {
            let services = services.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(up(arguments), (detach, timeout, services), "{arguments:?}");
        }
    }

    #[test]
    fn a_flag_takes_the_next_word_whatever_it_is() {
        let Parsed::Run(cli) = parsed(&["-p", "--verbose", "up"]) else { panic!("a command to run") };
        assert_eq!(cli.global.project_name.as_deref(), Some("--verbose"));
    }

    #[test]
    fn every_command_has_an_example() {
        fn check(command: &Command, path: &str) {
            for below in command.get_subcommands().filter(|below| below.get_name() != "help" || path.is_empty()) {
                let path = format!("{path} {}", below.get_name()).trim().to_owned();
                let example = help::example(&path).unwrap_or_else(|| panic!("`{path}` has no example"));
                let words: Vec<_> = example.split(" > ").next().expect("a command").split(' ').collect();
                let words: Vec<OsString> = words.into_iter().map(|word| word.replace('"', "").into()).collect();
                assert!(matches!(parse(&words, Form::Hoist), Parsed::Run(_)), "{example}");
                check(below, &path);
            }
        }
        let mut root = definition(Form::Hoist);
        root.build();
        check(&root, "");
    }

    #[test]
    fn what_follows_the_service_of_exec_belongs_to_the_program() {
        let command = |words: &str| {
            let words: Vec<_> = ["exec"].into_iter().chain(words.split(' ')).collect();
            let Parsed::Run(cli) = parsed(&words) else { panic!("{words:?}: a command to run") };
            let Some(command::Command::Exec(Lazy(exec))) = cli.command else { panic!("{words:?}: `exec`") };
            exec
        };
        for flags in [
            "",
            "-T ",
            "-itT ",
            "-T=true -d=false -i=false ",
            "-w / ",
            "-w=/ ",
            "-Tw / -uroot -e A=1 ",
            "--no-TTY --index=1 ",
            "-- ",
        ] {
            let exec = command(&format!("{flags}web ps -d=true -T --help -- -q"));
            assert_eq!(exec.service, "web", "{flags}");
            assert_eq!(exec.command, ["ps", "-d=true", "-T", "--help", "--", "-q"], "{flags}");
            assert!(!exec.detach, "{flags}");
            assert_eq!(exec.interactive, !flags.contains("-i=false"), "{flags}");
            assert_eq!(exec.no_tty.is_some(), flags.contains('T'), "{flags}");
        }
        assert_eq!(refusal(&["exec", "-x", "web", "true"]), "unknown shorthand flag: 'x' in -x");
    }

    #[test]
    fn without_a_command_there_is_help() {
        assert!(matches!(parsed(&[]), Parsed::Help(text) if text.contains("Commands:")));
        assert!(matches!(parsed(&["up", "--help"]), Parsed::Help(text) if text.contains("--force-recreate")));
    }
}
