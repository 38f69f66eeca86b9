//! Settings of a service for hoist only, under `x-hoist`.

use super::Service;
use super::ready::Ready;

/// The key of these settings.
const KEY: &str = "x-hoist";

/// The `x-hoist` of a service. Docker Compose ignores it, and it is not part of the configuration hash. Loading refuses
/// unknown keys and values of other types.
///
/// ```
/// use hoist::project::{Service, XHoist};
/// let mut db = Service::new("db");
/// assert_eq!(db.x_hoist(), XHoist::default());
/// db.extensions.insert("x-hoist".to_owned(), serde_yaml::from_str("eager_health: true").unwrap());
/// assert!(db.x_hoist().eager_health);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XHoist {
    /// `eager_health`: waits for its health run its test immediately and then often; false by default.
    pub eager_health: bool,
    /// `job`: it is meant to end, so `--wait` waits for it to end with status 0; false by default.
    pub job: bool,
    /// `ready`: what shows that a container without a healthcheck is ready; nothing by default.
    pub ready: Option<Ready>,
    /// `rolling`: replaces its replicas in turn, according to its `deploy.update_config`; false by default.
    pub rolling: bool,
}

impl Service {
    /// Its `x-hoist`.
    #[must_use]
    pub fn x_hoist(&self) -> XHoist {
        let written = self.extensions.get(KEY);
        let flag = |key: &str| written.and_then(|written| written.get(key)?.as_bool()).unwrap_or_default();
        XHoist {
            eager_health: flag("eager_health"),
            job: flag("job"),
            ready: written.and_then(|written| Ready::read(written.get("ready")?)),
            rolling: flag("rolling"),
        }
    }

    /// Whether it has a healthcheck of its own that is not disabled; its image may have one too.
    #[must_use]
    pub fn has_healthcheck(&self) -> bool {
        self.healthcheck.as_ref().is_some_and(|check| !check.disable)
    }

    /// What shows that its containers are ready if their image has no healthcheck: `x-hoist.ready`, unless the service
    /// has a test too.
    #[must_use]
    pub fn ready(&self) -> Option<Ready> {
        let has_test = self.has_healthcheck()
            && self.healthcheck.as_ref().is_some_and(|check| check.test.first().is_some_and(|word| word != "NONE"));
        self.x_hoist().ready.filter(|_| !has_test)
    }
}
