//! (Project, Observed, Options) in, a plan out: decisions only, no I/O, no clock, no prompt.
//!
//! [`up`] makes the plan of `up` and `create`, [`down`] that of `down`. A plan holds everything that will be done, each
//! step with its reason and with what must come before it; its `Display` is what `hoist plan` prints.

mod action;
mod address;
mod auto_removed;
mod bind;
mod change;
mod clash;
mod container;
mod content;
mod cover;
mod definition;
mod down;
mod error;
mod exclusive;
mod graph;
mod image;
mod json;
mod labels;
mod model;
mod named;
mod network;
mod options;
mod order;
mod orphan;
mod ready;
mod reconnect;
mod repeat;
mod replace;
mod rolling;
mod secret;
mod shared;
mod sharing;
mod steps;
mod stop;
mod summary;
mod text;
mod unused;
mod up;
mod volume;
mod warning;
mod when;

pub use action::*;
pub use auto_removed::auto_removed_candidates;
pub use change::redefined;
pub use down::{down, removable_images};
pub use error::{CopyObstacle, Exclusive, ImageMissingCause, NameOwner, NamedKind, PlanError};
pub use graph::{ActionId, Edge, Plan, PlanBuilder};
pub use image::{place_of_image, wanted_images};
pub use labels::project_from_labels;
pub use network::changed_networks;
pub use options::*;
pub use shared::{NothingToShare, Shared, shared_services};
pub use sharing::namespace_sharers;
pub use stop::stop;
pub use summary::{Counts, Repeated, Summary};
pub use up::up;
pub use volume::changed_volumes;
pub use warning::Warning;
