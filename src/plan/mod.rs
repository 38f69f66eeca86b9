//! Project, observed state and options in, a plan out: decisions only, no I/O, no clock, no prompts.
//!
//! [`up`] makes the plan of `up` and `create`, [`down`] that of `down`. A plan contains everything that will be done,
//! each step with its reason and its predecessors; its `Display` is what `hoist plan` prints.

mod action;
mod arrange;
mod auto_removed;
mod build;
mod decide;
mod down;
mod error;
mod graph;
mod inputs;
mod kill;
mod labels;
mod options;
mod pause;
mod pull;
mod push;
mod repeat;
mod repeated;
mod restart;
mod rm;
mod start;
mod stop;
mod text;
mod unused;
mod up;
mod warning;

pub use action::*;
pub use auto_removed::auto_removed_candidates;
pub use build::{build, project_to_build, services_to_build};
pub use decide::change::redefined;
pub use decide::image::{place_of_image, wanted_images};
pub use decide::network::changed_networks;
pub use decide::shared::{NothingToShare, Shared, shared_services};
pub use decide::sharing::namespace_sharers;
pub use decide::volume::changed_volumes;
pub use down::{down, removable_images};
pub use error::{CopyObstacle, Exclusive, ImageMissingCause, NameOwner, NamedKind, PlanError};
pub use graph::{ActionId, Edge, Plan, PlanBuilder};
pub use kill::kill;
pub use labels::project_from_labels;
pub use options::*;
pub use pause::{pause, unpause};
pub use pull::{images_to_look_up, pull};
pub use push::push;
pub use repeated::Repeated;
pub use restart::restart;
pub use rm::{removed_containers, rm};
pub use start::start;
pub use stop::stop;
pub use up::up;
pub use warning::Warning;
