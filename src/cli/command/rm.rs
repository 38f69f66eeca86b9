//! `rm`: removes containers that have ended.

use std::io;

use clap::Args;

use crate::cli::confirm::Person;
use crate::cli::engine::with_engine;
use crate::cli::existing::Did;
use crate::cli::{Context, Failure, existing, output};
use crate::operation::ask::Always;
use crate::operation::{Ask, Question, Rm};
use crate::plan::{DownVolumes, RmOneOffs, RmOptions};

/// Arguments of `rm`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct RmArgs {
    /// Also remove finished containers of `run`
    #[arg(short, long)]
    pub(crate) all: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Stop containers that are running, and remove them too
    #[arg(short, long)]
    pub(crate) stop: bool,
    /// Remove the anonymous volumes of the containers and their data
    #[arg(short = 'v', long)]
    pub(crate) volumes: bool,
    /// Services whose containers are removed [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn rm(args: &RmArgs, context: &Context) -> Result<(), Failure> {
    let options = RmOptions {
        services: existing::names(&args.services),
        one_offs: if args.all { RmOneOffs::Remove } else { RmOneOffs::Keep },
        stop: args.stop,
        volumes: if args.volumes { DownVolumes::Remove } else { DownVolumes::Keep },
        ..RmOptions::default()
    };
    with_engine(
        context,
        || existing::find(&args.services, context),
        async |found, engine| {
            let mut rm = Rm::new(found.source, options);
            let asks = Asks { force: args.force, context };
            match existing::carry_out(&mut rm, found.sources, &asks, &engine, context).await? {
                Did::Nothing if !rm.was_declined() => output::status("No stopped containers", context),
                Did::Nothing | Did::Something => Ok(()),
            }
        },
    )
}

/// Who is asked: nobody for a dry run, which removes nothing, and with `--force`, which only tells what goes.
struct Asks<'a> {
    force: bool,
    context: &'a Context,
}

impl Ask for Asks<'_> {
    fn confirm(&self, question: &Question) -> io::Result<bool> {
        if self.context.global.dry_run {
            return Always::Yes.confirm(question);
        }
        let person = Person { terminals: self.context.terminals };
        if self.force { Person::tell(question).map(|()| true) } else { person.confirm(question) }
    }
}
