//! An in-memory engine for the tests of the executor.
