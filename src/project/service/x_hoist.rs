//! What a service says to hoist alone, under `x-hoist`.

use super::Service;

/// The key it stands under.
const KEY: &str = "x-hoist";

/// The `x-hoist` of a service. Docker Compose ignores it, and it is no part of the configuration hash. Loading refuses
/// keys that are not here and values of other types.
///
/// ```
/// use hoist::project::{Service, XHoist};
/// let mut db = Service::new("db");
/// assert_eq!(db.x_hoist(), XHoist::default());
/// db.extensions.insert("x-hoist".to_owned(), serde_yaml::from_str("eager_health: true").unwrap());
/// assert!(db.x_hoist().eager_health);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct XHoist {
    /// `eager_health`: whoever waits for its health has its test run right away and often; false by default.
    pub eager_health: bool,
    /// `rolling`: its replicas are replaced in turn, as its `deploy.update_config` says; false by default.
    pub rolling: bool,
}

impl Service {
    /// Its `x-hoist`.
    #[must_use]
    pub fn x_hoist(&self) -> XHoist {
        let written = self.extensions.get(KEY);
        let flag = |key: &str| written.and_then(|written| written.get(key)?.as_bool()).unwrap_or_default();
        XHoist { eager_health: flag("eager_health"), rolling: flag("rolling") }
    }
}
