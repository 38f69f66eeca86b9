//! Scenarios on a real engine: a step, then what the engine shows.
//!
//! They need an engine at DOCKER_HOST (or the default socket) and the images `busybox:latest`, `mysql:8` and
//! `wordpress:latest`; `tests/bed/bed test` gets both where they are not there.

mod support;

mod bring_up;
