//! Arguments that are defined only when they are needed.

use clap::{ArgMatches, Args, FromArgMatches};

/// Arguments of a command, defined only when that command is called: defining those of all commands takes longer than
/// most commands.
#[derive(Debug)]
pub(crate) struct Lazy<T>(pub(crate) T);

impl<T: Args> Args for Lazy<T> {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.defer(define::<T>)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command.defer(T::augment_args_for_update)
    }
}

/// Adds the arguments; the description stays that of the command's variant.
fn define<T: Args>(command: clap::Command) -> clap::Command {
    let about = command.get_about().cloned();
    T::augment_args(command).about(about.unwrap_or_default()).long_about(None)
}

impl<T: FromArgMatches> FromArgMatches for Lazy<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches_mut(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}
