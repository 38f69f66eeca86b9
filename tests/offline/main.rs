//! All tests that need no engine, in one binary so that the libraries are linked once.

mod attributes;
mod cli;
mod coming_back;
mod eager;
mod ending;
mod executing;
mod following;
mod layers;
mod loading;
mod planning;
mod properties;
mod refusals;
mod rendering;
mod rows;
