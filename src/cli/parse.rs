//! Arguments in, [`Cli`] out; errors keep the wording that scripts match on.

use std::ffi::OsString;
use std::io::{self, Write};
use std::num::{IntErrorKind, ParseIntError};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory, FromArgMatches, Parser};

use super::command;
use super::global::GlobalArgs;
use super::planned::{is_planned, unknown_command};

/// Brings Compose projects up and down, and says what it will do before it does it.
#[derive(Debug, Parser)]
#[command(
    name = "hoist",
    args_override_self = true,
    disable_help_subcommand = true,
    disable_version_flag = true,
    subcommand_value_name = "COMMAND",
    after_help = "Run 'hoist COMMAND --help' for more information on a command."
)]
pub(super) struct Cli {
    /// The global flags.
    #[command(flatten)]
    pub(super) global: GlobalArgs,
    /// The command; without one, the help is shown.
    #[command(subcommand)]
    pub(super) command: Option<command::Command>,
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
    },
}

/// Parses the arguments of the process, the program's name first.
#[must_use]
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Parsed {
    let mut command = Cli::command();
    let arguments = as_the_parser_takes_them(&command, arguments.into_iter().collect());
    match command.try_get_matches_from_mut(&arguments).and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) if cli.command.is_none() && !cli.global.version => Parsed::Help(help_of(Cli::command())),
        Ok(cli) => Parsed::Run(Box::new(cli)),
        Err(error) => refuse(Cli::command(), &error, &arguments),
    }
}

fn help_of(mut command: Command) -> String {
    command.render_help().to_string()
}

/// The commands whose service is followed by a program with arguments of its own.
const WITH_PROGRAMS: &[&str] = &["exec", "run"];

/// `--flag=true` becomes `--flag` and `--flag=false` nothing, for flags without a value. Behind a service whose program has
/// arguments of its own, `--` is put.
fn as_the_parser_takes_them(root: &Command, arguments: Vec<OsString>) -> Vec<OsString> {
    let is_odd = |text: &str| text.contains('=') || WITH_PROGRAMS.contains(&text);
    if !arguments.iter().any(|argument| argument.to_str().is_some_and(is_odd)) {
        return arguments;
    }
    let mut known = root.clone();
    let mut kept = Vec::with_capacity(arguments.len());
    let (mut flags_ended, mut is_value) = (false, false);
    for argument in arguments {
        let text = argument.to_str().unwrap_or_default();
        flags_ended |= text == "--" && !is_value;
        if WITH_PROGRAMS.contains(&known.get_name()) {
            // The first word that is neither a flag nor the value of one.
            if !flags_ended && !is_value && !text.starts_with('-') {
                flags_ended = true;
                kept.extend([argument, "--".into()]);
                continue;
            }
            is_value = !is_value && takes_next(&known, text);
        }
        if !flags_ended && let Some(on) = boolean_value(root, &known, text) {
            if on {
                kept.push(text.split('=').next().unwrap_or_default().into());
            }
            continue;
        }
        if !flags_ended && let Some(command) = root.find_subcommand(text) {
            known = command.clone();
            known.build();
        }
        kept.push(argument);
    }
    kept
}

/// Whether the next argument is the value of a flag, or of the last one in a cluster of short ones.
fn takes_next(command: &Command, argument: &str) -> bool {
    let takes = |arg: &Arg| arg.get_action().takes_values() && !arg.is_require_equals_set();
    if let Some(long) = argument.strip_prefix("--") {
        return command.get_arguments().any(|arg| arg.get_long() == Some(long) && takes(arg));
    }
    let Some(cluster) = argument.strip_prefix('-') else { return false };
    let arg = |letter| command.get_arguments().find(|arg| arg.get_short() == Some(letter));
    // What follows a letter that takes a value is that value.
    let first = cluster.char_indices().find(|(_, letter)| arg(*letter).is_some_and(takes));
    first.is_some_and(|(at, letter)| at + letter.len_utf8() == cluster.len())
}

/// The value of `--flag=VALUE` or `-f=VALUE` if the flag takes none and VALUE is a boolean.
fn boolean_value(root: &Command, command: &Command, argument: &str) -> Option<bool> {
    let (flag, value) = argument.split_once('=')?;
    let on = match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => true,
        "0" | "f" | "F" | "false" | "FALSE" | "False" => false,
        _ => return None,
    };
    let is_switch = |arg: &&Arg| matches!(arg.get_action(), clap::ArgAction::SetTrue);
    let named = |arg: &&Arg| match flag.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => arg.get_short().is_some_and(|short| flag.strip_prefix('-') == Some(short.to_string().as_str())),
    };
    command.get_arguments().chain(root.get_arguments()).filter(is_switch).find(named).map(|_| on)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library's enum is not exhaustive")]
fn refuse(command: Command, error: &clap::Error, arguments: &[OsString]) -> Parsed {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        Some(_) | None => None,
    };
    let argument = context(ContextKind::InvalidArg).unwrap_or_default();
    let hint =
        |suggested: Option<String>| suggested.map_or_else(String::new, |s| format!("\nhint: did you mean `{s}`?"));
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Parsed::Help(error.render().to_string())
        }
        ErrorKind::InvalidSubcommand => {
            let name = context(ContextKind::InvalidSubcommand).unwrap_or_default();
            let message = unknown_command(&name, context(ContextKind::SuggestedSubcommand));
            let help = (!is_planned(&name)).then(|| help_of(command));
            Parsed::Refused { help, message }
        }
        ErrorKind::UnknownArgument => {
            let message = unknown_argument(&argument, arguments);
            let hint = before_the_command(&command, &argument, arguments)
                .unwrap_or_else(|| hint(context(ContextKind::SuggestedArg)));
            Parsed::Refused { help: None, message: format!("{message}{hint}") }
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = context(ContextKind::InvalidValue).unwrap_or_default();
            let flag = argument.split([' ', '=']).next().unwrap_or_default();
            let message = if value.is_empty() {
                missing_value(flag, arguments)
            } else {
                let cause = std::error::Error::source(error).map_or_else(|| accepted_values(error), refused_value);
                match flag.strip_prefix('<') {
                    Some(name) => {
                        format!("invalid argument \"{value}\" for {}{cause}", name.trim_end_matches(['.', '>']))
                    }
                    None => format!("invalid argument \"{value}\" for \"{flag}\" flag{cause}"),
                }
            };
            Parsed::Refused { help: None, message }
        }
        ErrorKind::MissingRequiredArgument => {
            let path = command_path(&command, arguments);
            let message = format!("missing argument: {argument}\nhint: see `hoist help {path}`");
            Parsed::Refused { help: None, message }
        }
        // Kinds whose wording no script depends on; the library's enum is non-exhaustive.
        _ => Parsed::Refused { help: None, message: error.render().to_string().trim_end().to_owned() },
    }
}

/// How to write the command line correctly if a global flag stands after the command.
fn before_the_command(root: &Command, argument: &str, arguments: &[OsString]) -> Option<String> {
    let flag = root.get_arguments().find(|arg| match argument.strip_prefix("--") {
        Some(long) => arg.get_long() == long.split('=').next(),
        None => {
            arg.get_short().is_some() && arg.get_short() == argument.strip_prefix('-').and_then(|a| a.chars().next())
        }
    })?;
    let written = flag.get_long().map(|long| format!("--{long}"))?;
    let value = flag.get_value_names().filter(|_| flag.get_action().takes_values()).and_then(|names| names.first());
    let value = value.map(|name| format!(" {name}")).unwrap_or_default();
    let path = command_path(root, arguments);
    Some(format!("\nhint: put it before the command: `hoist {written}{value} {path}`"))
}

/// The command named by the arguments, with its parents.
fn command_path<'a>(root: &'a Command, arguments: &'a [OsString]) -> &'a str {
    let mut words = arguments.iter().skip(1).filter_map(|word| word.to_str());
    words.find(|word| root.find_subcommand(word).is_some()).unwrap_or("COMMAND")
}

/// Why a value is invalid.
fn refused_value(cause: &(dyn std::error::Error + 'static)) -> String {
    match cause.downcast_ref::<ParseIntError>().map(ParseIntError::kind) {
        Some(IntErrorKind::PosOverflow | IntErrorKind::NegOverflow) => ": the number is too large".to_owned(),
        Some(_) => ": not a whole number".to_owned(),
        None => format!(": {cause}"),
    }
}

fn accepted_values(error: &clap::Error) -> String {
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) => format!(": expected one of {}", values.join(", ")),
        Some(_) | None => String::new(),
    }
}

/// The error for a surplus positional argument, an unknown long flag, or an unknown letter in a group of short flags.
fn unknown_argument(argument: &str, arguments: &[OsString]) -> String {
    if argument.starts_with("--") {
        return format!("unknown flag: {}", argument.split('=').next().unwrap_or_default());
    }
    let Some(letter) = argument.strip_prefix('-').and_then(|rest| rest.chars().next()) else {
        return format!("unexpected argument \"{argument}\"");
    };
    let written = arguments
        .iter()
        .filter_map(|written| written.to_str())
        .find(|written| written.starts_with('-') && !written.starts_with("--") && written.contains(letter));
    format!("unknown shorthand flag: '{letter}' in {}", written.unwrap_or(argument))
}

fn missing_value(flag: &str, arguments: &[OsString]) -> String {
    let short = arguments
        .iter()
        .filter_map(|written| written.to_str())
        .rfind(|written| written.starts_with('-') && !written.starts_with("--") && written.len() > 1);
    match short {
        Some(cluster) if !arguments.iter().any(|written| written == flag) => {
            let letter = cluster.chars().next_back().unwrap_or_default();
            format!("flag needs an argument: '{letter}' in {cluster}")
        }
        _ => format!("flag needs an argument: {flag}"),
    }
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
        Parsed::Refused { help, message } => {
            if let Some(help) = help {
                writeln!(out, "{help}")?;
            }
            writeln!(err, "{message}")?;
            Ok(Some(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::lazy::Lazy;

    fn parsed(arguments: &[&str]) -> Parsed {
        parse(std::iter::once("hoist").chain(arguments.iter().copied()).map(OsString::from))
    }

    fn refusal(arguments: &[&str]) -> String {
        match parsed(arguments) {
            Parsed::Refused { message, .. } => message,
            other @ (Parsed::Run(_) | Parsed::Help(_)) => panic!("{arguments:?}: {other:?}"),
        }
    }

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
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
            (
                &["push", "-q", "web"],
                "`push` is not supported yet\nhint: use `docker push`; `hoist config --images` lists the images",
            ),
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
            assert_eq!(exec.service.as_deref(), Some("web"), "{flags}");
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
