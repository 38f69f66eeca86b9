//! Healthchecks that hoist runs itself while something waits for them: an engine first looks after a whole interval.

use std::time::Duration;

use super::EagerTest;
use crate::project::Service;

/// How long a test may take where the healthcheck does not say, as in the engine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Whether the file asks for it: `x-hoist: {eager_health: true}` on the service that is waited for.
pub(super) fn is_asked(service: &Service) -> bool {
    let settings = service.extensions.get("x-hoist").and_then(|settings| settings.get("eager_health"));
    settings.and_then(serde_yaml::Value::as_bool).unwrap_or_default()
}

/// The test that the service's healthcheck has in the files; one that only its image has is left to the engine.
pub(super) fn test(service: &Service) -> Option<EagerTest> {
    let check = service.healthcheck.as_ref().filter(|check| !check.disable)?;
    let command = match check.test.split_first()? {
        (kind, words) if kind == "CMD" => words.to_vec(),
        (kind, [text]) if kind == "CMD-SHELL" => vec!["/bin/sh".to_owned(), "-c".to_owned(), text.clone()],
        _ => return None,
    };
    let timeout = check.timeout.and_then(|timeout| timeout.to_std()).filter(|timeout| !timeout.is_zero());
    (!command.is_empty()).then(|| EagerTest { command, timeout: timeout.unwrap_or(TIMEOUT) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Healthcheck;

    #[test]
    fn tests_of_the_files_are_run_as_the_engine_runs_them() {
        let words = |test: &[&str]| {
            let test = test.iter().map(ToString::to_string).collect();
            let healthcheck = Some(Healthcheck { test, ..Healthcheck::default() });
            super::test(&Service { healthcheck, ..Service::new("db") }).map(|test| test.command)
        };
        let owned = |words: &[&str]| Some(words.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(words(&["CMD", "pg_isready", "-q"]), owned(&["pg_isready", "-q"]));
        assert_eq!(words(&["CMD-SHELL", "test -e /x || exit 1"]), owned(&["/bin/sh", "-c", "test -e /x || exit 1"]));
        assert_eq!(words(&["NONE"]), None);
        assert_eq!(words(&[]), None);
    }
}
