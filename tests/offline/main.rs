//! All tests that need no engine, in one binary so that the libraries are linked once.

mod executing;
mod cli;
mod layers;
mod planning;
