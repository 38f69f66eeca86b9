//! All tests that need no engine, in one binary so that the libraries are linked once; only the cases of `config.rs`, which
//! are named by files, are a binary of their own.

mod attributes;
mod case;
mod cli;
mod coming_back;
mod eager;
mod ending;
mod executing;
mod facts;
mod folder;
mod following;
mod layers;
mod loading;
mod menu;
mod operating;
mod order;
mod pack;
mod packing;
mod planning;
mod properties;
mod ready;
mod refusals;
mod rendering;
mod rows;
mod timeline;
