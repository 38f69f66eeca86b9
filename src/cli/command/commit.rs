//! `commit`: an image of what a container has changed.

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, output, progress};
use crate::operation::{Commit, OneContainer};

/// Arguments of `commit`.
#[derive(Debug, Args)]
pub(crate) struct CommitArgs {
    /// Author of the image
    #[arg(short, long, value_name = "AUTHOR", default_value = "", hide_default_value = true)]
    pub(crate) author: String,
    /// Dockerfile instruction to apply to the image
    #[arg(short, long, value_name = "INSTRUCTION")]
    pub(crate) change: Vec<String>,
    /// Commit the replica with this number
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) index: i64,
    /// Commit message
    #[arg(short, long, value_name = "MESSAGE", default_value = "", hide_default_value = true)]
    pub(crate) message: String,
    /// Pause the container during the commit
    #[arg(
        short,
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_value = "true",
        default_missing_value = "true"
    )]
    pub(crate) pause: String,
    /// Service whose container is committed
    #[arg(value_name = "SERVICE")]
    pub(crate) service: String,
    /// Name of the image
    #[arg(value_name = "REPOSITORY[:TAG]")]
    pub(crate) image: Option<String>,
}

pub(super) fn commit(args: CommitArgs, context: &Context) -> Result<(), Failure> {
    let pause = boolean(&args.pause)?;
    let load = || {
        Ok(Commit {
            container: OneContainer {
                project: output::named(context)?.name().clone(),
                service: args.service.as_str().into(),
                number: u32::try_from(args.index).ok().filter(|number| *number > 0),
            },
            image: args.image,
            author: args.author,
            message: args.message,
            changes: args.change,
            pause,
            dry_run: context.global.dry_run,
        })
    };
    with_engine(context, load, async |commit, engine| {
        progress::perform(context, async |events, interruption| commit.run(&engine, &events, &interruption).await).await
    })
}

/// The words that Docker's flags take for yes and no.
fn boolean(text: &str) -> Result<bool, Failure> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        other => Failure::usage(&format!("invalid argument \"{other}\" for \"-p, --pause\" flag: give true or false")),
    }
}
