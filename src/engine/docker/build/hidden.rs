//! Secrets of a build: its progress and its failure in, the same without their values out.

use std::sync::{Arc, PoisonError, RwLock};

use super::progress::{BuildProgress, StepStatus};
use crate::diagnostic::redact;
use crate::engine::EngineError;
use crate::plan::{BuildSpec, SecretValues};

/// Values that must not appear in what a build says: arguments whose names suggest a secret, passwords in URLs of
/// arguments and proxies, and the secrets that its steps mount. Clones share them. By default nothing is hidden.
#[derive(Clone, Default)]
pub(in crate::engine::docker) struct Hidden(Option<Arc<RwLock<Vec<String>>>>);

impl Hidden {
    /// Shorter values occur in too many words.
    const SHORTEST: usize = 3;

    /// Shorter lines of a longer secret occur in other texts too.
    const SHORTEST_LINE: usize = 8;

    /// Those of a build that are known before it begins: what its arguments say, and `secrets`. Files are read when a
    /// step asks for them. None if `shown` says so.
    pub(in crate::engine::docker) fn of<'a>(
        spec: &BuildSpec,
        secrets: impl Iterator<Item = &'a str>,
        shown: SecretValues,
    ) -> Self {
        if shown == SecretValues::Shown {
            return Self::default();
        }
        let hidden = Self(Some(Arc::default()));
        for (name, value) in &spec.args {
            let Some(value) = value else { continue };
            if redact::is_secret(name) {
                hidden.add(value);
            } else if let Some(password) = redact::password_in(value) {
                hidden.add(password);
            }
        }
        secrets.for_each(|value| hidden.add(value));
        hidden
    }

    /// Adds a secret.
    pub(super) fn add(&self, value: &str) {
        let Some(values) = &self.0 else { return };
        let mut lines = value.lines().map(str::trim).filter(|line| !line.is_empty());
        let (first, second) = (lines.next(), lines.next());
        let shortest = if second.is_some() { Self::SHORTEST_LINE } else { Self::SHORTEST };
        let lines = first.into_iter().chain(second).chain(lines);
        let mut values = values.write().unwrap_or_else(PoisonError::into_inner);
        for line in lines.filter(|line| line.chars().count() >= shortest) {
            if !values.iter().any(|known| known == line) {
                values.push(line.to_owned());
            }
        }
        // One may be part of another.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    }

    /// `text` without them.
    fn out_of(&self, text: String) -> String {
        let Some(values) = &self.0 else { return text };
        let values = values.read().unwrap_or_else(PoisonError::into_inner);
        values.iter().fold(text, |text, value| {
            if text.contains(value.as_str()) { text.replace(value.as_str(), redact::HIDDEN) } else { text }
        })
    }

    /// Progress without them.
    pub(in crate::engine::docker) fn out_of_progress(&self, progress: BuildProgress) -> BuildProgress {
        match progress {
            BuildProgress::Step { id, name, status, elapsed } => {
                let status = match status {
                    StepStatus::Failed(message) => StepStatus::Failed(self.out_of(message)),
                    status @ (StepStatus::Started | StepStatus::Done | StepStatus::Cached) => status,
                };
                BuildProgress::Step { id, name: self.out_of(name), status, elapsed }
            }
            BuildProgress::Log { id, line } => BuildProgress::Log { id, line: self.out_of(line) },
            BuildProgress::OpenLine { id, line } => BuildProgress::OpenLine { id, line: self.out_of(line) },
            BuildProgress::Warning { message } => BuildProgress::Warning { message: self.out_of(message) },
            other @ (BuildProgress::Transfer { .. } | BuildProgress::Done(_)) => other,
        }
    }

    /// A failure without them.
    pub(in crate::engine::docker) fn out_of_error(&self, error: EngineError) -> EngineError {
        let EngineError::Build(mut failure) = error else { return error };
        failure.message = self.out_of(failure.message);
        failure.step = failure.step.map(|step| self.out_of(step));
        failure.log = failure.log.into_iter().map(|line| self.out_of(line)).collect();
        EngineError::Build(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::BuildFailure;
    use crate::project::value::BuildContext;

    #[test]
    fn secrets_are_in_no_step_line_and_error() {
        let args = [
            ("DB_PASSWORD", "hunter2"),
            ("API_KEY", "hunter22"),
            ("USER", "worker"),
            ("TOKEN", "n"),
            ("http_proxy", "http://me:letmein@proxy:3128"),
        ];
        let args = args.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))).into();
        let spec = BuildSpec { args, ..BuildSpec::new("web", "app", BuildContext::Folder("/shop".into())) };
        let hidden = Hidden::of(&spec, std::iter::once("swordfish\n"), SecretValues::Hidden);
        hidden.add("-----BEGIN KEY-----\nMIIEow\nMIIEowIBAAKCAQEA\n");
        for (text, expected) in [
            ("COPY hunter2 hunter22 worker /", "COPY ••• ••• worker /"),
            ("via http://me:letmein@proxy:3128", "via http://me:•••@proxy:3128"),
            ("it is swordfish", "it is •••"),
            ("MIIEowIBAAKCAQEA MIIEow", "••• MIIEow"),
            ("no token", "no token"),
        ] {
            let line = |text: &str| BuildProgress::Log { id: "1".into(), line: text.into() };
            assert_eq!(hidden.out_of_progress(line(text)), line(expected));
            let step = |text: &str| BuildProgress::Step {
                id: "1".into(),
                name: text.into(),
                status: StepStatus::Failed(text.into()),
                elapsed: None,
            };
            assert_eq!(hidden.out_of_progress(step(text)), step(expected));
            let failure = |text: &str| {
                let (step, log) = (Some(text.to_owned()), vec![text.to_owned()]);
                EngineError::Build(Box::new(BuildFailure { message: text.to_owned(), place: None, step, log }))
            };
            assert_eq!(hidden.out_of_error(failure(text)), failure(expected));
        }
        let shown = Hidden::of(&spec, std::iter::empty(), SecretValues::Shown);
        shown.add("swordfish");
        assert_eq!(shown.out_of("hunter2 swordfish".to_owned()), "hunter2 swordfish");
    }
}
