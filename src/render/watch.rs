//! What `watch` does, in words; those that Docker Compose has are the same, since scripts match on them.

use crate::event::{Redefined, WatchFailure, WatchNote};
use crate::render::failure;
use crate::render::plan::{self, PlanStyle};

/// The text of a note, which may have several lines.
#[must_use]
pub fn message(note: &WatchNote) -> String {
    match note {
        WatchNote::Enabled => "Watch enabled".to_owned(),
        WatchNote::Rule { service, path, action, target } => {
            let target = target.as_ref().map(|target| format!(" -> {target}")).unwrap_or_default();
            format!("Watching {}{target} ({service}: {action})", path.display())
        }
        WatchNote::Disabled => "Watch disabled".to_owned(),
        WatchNote::Syncing { service, changes } => {
            format!("Syncing service \"{service}\" after {changes} changes were detected")
        }
        WatchNote::SyncFailed { service, cause } => {
            format!("Syncing service \"{service}\" failed, and is tried again with the next change: {}", why(cause))
        }
        WatchNote::Rebuilding { service } => {
            format!("Rebuilding service(s) [\"{service}\"] after changes were detected...")
        }
        WatchNote::BuildCancelled { service } => {
            format!("Build of service \"{service}\" cancelled: newer changes were detected")
        }
        WatchNote::Built { service } => format!("service(s) [\"{service}\"] successfully built"),
        WatchNote::BuildFailed { cause, .. } => format!("Build failed. Error: {}", why(cause)),
        WatchNote::Restarted { service } => format!("service(s) [\"{service}\"] restarted"),
        WatchNote::Failed { service, cause } => format!("service \"{service}\": {}", why(cause)),
        WatchNote::CommandFailed { service, exit_code } => {
            format!("service \"{service}\": the command of its watch rule ended with status {exit_code}")
        }
        WatchNote::Missing { service, path } => {
            format!("service \"{service}\": {} does not exist; it is watched once it does", path.display())
        }
        WatchNote::Unwatched { service, path, reason } => {
            format!("service \"{service}\": cannot watch {}: {reason}", path.display())
        }
        WatchNote::Mounted { path } => {
            format!("path '{}' also declared by a bind mount volume, this path won't be monitored!", path.display())
        }
        WatchNote::Left { services } => {
            let names: Vec<_> = services.iter().map(|name| format!("\"{name}\"")).collect();
            format!(
                "No longer in the Compose files: {}; their containers go with `hoist up -d --remove-orphans`",
                names.join(", ")
            )
        }
        WatchNote::NoFiles { reason } => format!("cannot watch files: {reason}"),
        WatchNote::NotApplied { cause } => format!("The changed Compose files could not be applied: {}", why(cause)),
        WatchNote::Redefined(redefined) => of_files(redefined),
    }
}

fn of_files(redefined: &Redefined) -> String {
    match redefined {
        Redefined::Invalid(message) => {
            format!(
                "The Compose files changed, and have mistakes now; what runs stays as it is:\n{}",
                message.trim_end()
            )
        }
        Redefined::Nothing => "The Compose files changed; that changes no container".to_owned(),
        Redefined::Changes(plan) => {
            let mut text = Vec::new();
            plan::write(plan, 0, PlanStyle::default(), &mut text).expect("memory can be written to");
            let text = String::from_utf8_lossy(&text);
            format!("The Compose files changed; r in the menu, or another `up -d`, does this:\n{}", text.trim_end())
        }
        Redefined::Applying => "Applying the changed Compose files...".to_owned(),
        Redefined::Applied => "The changed Compose files are applied".to_owned(),
    }
}

fn why(cause: &WatchFailure) -> String {
    match cause {
        WatchFailure::Step(error) => failure::message(error),
        WatchFailure::Engine(error) => error.to_string(),
        WatchFailure::FolderInTheWay { path } => format!(
            "{} is a folder with files of the container in it, so no file can take its place until the container is recreated",
            path.display()
        ),
        WatchFailure::Other(text) => text.clone(),
    }
}

/// Whether it is about something that went wrong.
#[must_use]
pub fn is_trouble(note: &WatchNote) -> bool {
    match note {
        WatchNote::SyncFailed { .. }
        | WatchNote::BuildFailed { .. }
        | WatchNote::Failed { .. }
        | WatchNote::CommandFailed { .. }
        | WatchNote::Missing { .. }
        | WatchNote::Unwatched { .. }
        | WatchNote::Mounted { .. }
        | WatchNote::NoFiles { .. }
        | WatchNote::Left { .. }
        | WatchNote::NotApplied { .. }
        | WatchNote::Redefined(Redefined::Invalid(_)) => true,
        WatchNote::Enabled
        | WatchNote::Rule { .. }
        | WatchNote::Disabled
        | WatchNote::Syncing { .. }
        | WatchNote::Rebuilding { .. }
        | WatchNote::BuildCancelled { .. }
        | WatchNote::Built { .. }
        | WatchNote::Restarted { .. }
        | WatchNote::Redefined(Redefined::Nothing | Redefined::Changes(_) | Redefined::Applying | Redefined::Applied) => {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EngineError;
    use crate::project::WatchAction;

    #[test]
    fn the_words_are_those_of_docker_compose() {
        let service = || "web".into();
        let cause = || WatchFailure::Engine(EngineError::Failed("no".to_owned()));
        for (note, text) in [
            (WatchNote::Enabled, "Watch enabled"),
            (WatchNote::Disabled, "Watch disabled"),
            (
                WatchNote::Syncing { service: service(), changes: 2 },
                "Syncing service \"web\" after 2 changes were detected",
            ),
            (
                WatchNote::Rebuilding { service: service() },
                "Rebuilding service(s) [\"web\"] after changes were detected...",
            ),
            (WatchNote::Built { service: service() }, "service(s) [\"web\"] successfully built"),
            (WatchNote::Restarted { service: service() }, "service(s) [\"web\"] restarted"),
            (WatchNote::BuildFailed { service: service(), cause: cause() }, "Build failed. Error: no"),
            (
                WatchNote::Left { services: vec![service(), "db".into()] },
                "No longer in the Compose files: \"web\", \"db\"; their containers go with `hoist up -d --remove-orphans`",
            ),
            (
                WatchNote::SyncFailed {
                    service: service(),
                    cause: WatchFailure::FolderInTheWay { path: "/app/a".into() },
                },
                "Syncing service \"web\" failed, and is tried again with the next change: /app/a is a folder with files of \
                 the container in it, so no file can take its place until the container is recreated",
            ),
            (
                WatchNote::Mounted { path: "/p/src".into() },
                "path '/p/src' also declared by a bind mount volume, this path won't be monitored!",
            ),
            (
                WatchNote::Rule {
                    service: service(),
                    path: "src".into(),
                    action: WatchAction::SyncRestart,
                    target: Some("/app".to_owned()),
                },
                "Watching src -> /app (web: sync+restart)",
            ),
        ] {
            assert_eq!(message(&note), text);
        }
    }
}
