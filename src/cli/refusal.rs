//! Mistakes on the command line in, messages out: those of Docker Compose, followed by a hint.

use std::num::{IntErrorKind, ParseIntError};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use super::help::is_available;
use super::invocation::Form;
use super::planned::unknown_command;
use super::walk::{Mistake, Walk, is_switch, written};
use crate::diagnostic::suggest::closest;

/// The message for a mistake, with a hint if the cause is known.
pub(super) fn message(mistake: &Mistake, walk: &Walk, root: &Command, words: &[&str], form: Form) -> String {
    match mistake {
        Mistake::UnknownFlag(flag) => {
            format!("unknown flag: {flag}{}", unknown_flag_hint(flag, walk, root, words, form))
        }
        Mistake::UnknownShorthand { letter, cluster } => {
            let flag = format!("-{letter}");
            let hint = other_place(&flag, walk, root, words, form).unwrap_or_default();
            format!("unknown shorthand flag: '{letter}' in {cluster}{hint}")
        }
        Mistake::NeedsValue { flag, cluster: None } => format!("flag needs an argument: {}", written(flag)),
        Mistake::NeedsValue { cluster: Some(cluster), .. } => {
            let letter = cluster.chars().nth(1).unwrap_or_default();
            format!("flag needs an argument: '{letter}' in {cluster}")
        }
        Mistake::NotBoolean { flag, value } => {
            format!("invalid argument \"{value}\" for \"{}\" flag: not true or false", names(flag))
        }
        Mistake::BadSyntax(word) => format!("bad flag syntax: {word}"),
        Mistake::UnknownCommand(name) if walk.path().is_empty() => unknown(root, name, form),
        Mistake::UnknownCommand(name) => {
            let path = walk.path();
            let known = walk.command().get_subcommands().map(Command::get_name);
            format!("unknown command \"{name}\" for \"{} {path}\"{}", form.program(), meant(closest(name, known)))
        }
    }
}

/// The message for an unknown command, with the closest one.
pub(super) fn unknown(root: &Command, name: &str, form: Form) -> String {
    let known =
        root.get_subcommands().filter(|command| !command.is_hide_set() && is_available(command.get_name(), form));
    let names = known.flat_map(|command| std::iter::once(command.get_name()).chain(command.get_visible_aliases()));
    let message = unknown_command(name, closest(name, names).map(str::to_owned));
    message.replace("`hoist ", &format!("`{} ", form.program()))
}

fn meant(name: Option<&str>) -> String {
    name.map(|name| format!("\nhint: did you mean `{name}`?")).unwrap_or_default()
}

fn unknown_flag_hint(flag: &str, walk: &Walk, root: &Command, words: &[&str], form: Form) -> String {
    other_place(flag, walk, root, words, form).unwrap_or_else(|| {
        let longs = walk.flags().filter(|arg| !arg.is_hide_set()).filter_map(Arg::get_long);
        let meant_long = closest(flag.trim_start_matches('-'), longs).map(|long| format!("--{long}"));
        meant(meant_long.as_deref())
    })
}

/// How to write the command line correctly if a flag is on the wrong side of the command.
fn other_place(flag: &str, walk: &Walk, root: &Command, words: &[&str], form: Form) -> Option<String> {
    let program = form.program();
    let is_flag = |arg: &&Arg| match flag.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => arg.get_short().is_some_and(|short| flag.strip_prefix('-') == Some(short.to_string().as_str())),
    };
    let path = walk.path();
    if !path.is_empty() {
        let flag = with_value(root.get_arguments().find(|arg| is_flag(arg) && !arg.is_hide_set())?);
        return Some(format!("\nhint: put it before the command: `{program} {flag} {path}`"));
    }
    let called = words.iter().find_map(|word| root.find_subcommand(word))?;
    let mut built = called.clone();
    built.build();
    let flag = with_value(built.get_arguments().find(|arg| is_flag(arg) && !arg.is_hide_set())?);
    Some(format!("\nhint: put it after the command: `{program} {} {flag}`", called.get_name()))
}

fn with_value(flag: &Arg) -> String {
    let value = flag.get_value_names().filter(|_| !is_switch(flag)).and_then(|names| names.first());
    written(flag) + &value.map(|name| format!(" {name}")).unwrap_or_default()
}

/// A flag as Docker Compose's messages name it: with its letter.
fn names(flag: &Arg) -> String {
    match (flag.get_short(), flag.get_long()) {
        (Some(short), Some(long)) => format!("-{short}, --{long}"),
        _ => written(flag),
    }
}

/// The message for what clap rejects although every word is a known flag, value or argument.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library's enum is not exhaustive")]
pub(super) fn refused(error: &clap::Error, walk: &Walk, form: Form) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        Some(_) | None => None,
    };
    let argument = context(ContextKind::InvalidArg).unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument => format!("unexpected argument \"{argument}\""),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = context(ContextKind::InvalidValue).unwrap_or_default();
            let flag = argument.split([' ', '=']).next().unwrap_or_default();
            let cause = std::error::Error::source(error).map_or_else(|| accepted_values(error), refused_value);
            let known = flag.strip_prefix("--").and_then(|long| walk.long_flag(long)).map(names);
            match (known, flag.strip_prefix('<')) {
                (None, Some(name)) => {
                    format!("invalid argument \"{value}\" for {}{cause}", name.trim_end_matches(['.', '>']))
                }
                (known, _) => {
                    let flag = known.unwrap_or_else(|| flag.to_owned());
                    format!("invalid argument \"{value}\" for \"{flag}\" flag{cause}")
                }
            }
        }
        ErrorKind::MissingRequiredArgument => {
            format!("missing argument: {argument}\nhint: see `{} help {}`", form.program(), walk.path())
        }
        // Kinds whose wording no script depends on; the library's enum is non-exhaustive.
        _ => error.render().to_string().trim_end().to_owned(),
    }
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
        // A value that may be anything, unless it is empty.
        Some(ContextValue::Strings(values)) if values.is_empty() => ": it is empty".to_owned(),
        Some(ContextValue::Strings(values)) => format!(": expected one of {}", values.join(", ")),
        Some(_) | None => String::new(),
    }
}
