//! All tests that need no engine, in one binary so that the libraries are linked once.

mod cli;
mod executing;
mod layers;
mod loading;
mod planning;
