//! Files in, a project out.

pub mod cast;
pub mod interpolate;
pub mod template;
