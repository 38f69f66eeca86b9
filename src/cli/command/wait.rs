//! `wait`: until containers have ended.

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, existing, output, progress};
use crate::operation::ask::Always;
use crate::operation::{Down, Ended, Interruption, Wait};
use crate::plan::{DownOptions, Orphans};

/// Arguments of `wait`.
#[derive(Debug, Args)]
pub(crate) struct WaitArgs {
    /// Take the project down once the containers have ended
    #[arg(long)]
    pub(crate) down_project: bool,
    /// Services whose containers are waited for
    #[arg(value_name = "SERVICE", required = true)]
    pub(crate) services: Vec<String>,
}

pub(super) fn wait(args: &WaitArgs, context: &Context) -> Result<(), Failure> {
    with_engine(
        context,
        || existing::find_any(context),
        async |found, engine| {
            let wait = Wait { project: found.source.known().name.clone(), services: existing::names(&args.services) };
            let interruption = Interruption::default();
            let mut printed = Ok(());
            let tell = |ended: &Ended| {
                let line = format!("container \"{}\" exited with status code {}\n", ended.id, ended.exit_code);
                if printed.is_ok() {
                    printed = output::print(line);
                }
            };
            let waiting = Box::pin(wait.run(&engine, &interruption, tell));
            let status = progress::with_signals(&interruption, waiting).await?.map_err(Failure::without_files)?;
            printed?;
            if args.down_project {
                let options = DownOptions { orphans: Orphans::Remove, ..DownOptions::default() };
                let mut down = Down::new(found.source, options);
                existing::carry_out(&mut down, found.sources, &Always::No, &engine, context).await?;
            }
            match u8::try_from(status).unwrap_or(1) {
                0 => Ok(()),
                status => Err(Failure::Status(status)),
            }
        },
    )
}
