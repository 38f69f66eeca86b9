//! Scenarios on a real engine: a step, then what the engine shows.
//!
//! They need an engine at `DOCKER_HOST` (or the default socket) and the images of the examples; `tests/bed/bed test` gets
//! both where they are not there.

mod support;

mod attached;
mod bring_up;
mod build_command;
mod builders;
mod building;
mod calls;
mod change;
mod conditions;
mod copying;
mod dockerfiles;
mod endings;
mod examples;
mod exec;
mod existing;
mod facts;
mod files;
mod hooks;
mod identity;
mod ignoring;
mod interruption;
mod jobs;
mod listing;
mod menu;
mod mistakes;
mod models;
mod networks;
mod one_off;
mod pairs;
mod peer;
mod pulling;
mod readiness;
mod remote;
mod removal;
mod replicas;
mod rolling;
mod security;
mod sharing;
mod takeover;
mod timeline;
mod transferring;
mod volumes;
mod waiting;
mod watching;
mod why;
