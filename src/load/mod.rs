//! Files in, a project out.

pub mod cast;
pub mod discover;
pub mod dotenv;
pub mod environment;
pub mod interpolate;
pub mod template;
