//! Files in, a project out.
