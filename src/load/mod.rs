//! Files in, a project out.

pub mod cast;
pub mod dotenv;
pub mod interpolate;
pub mod template;
