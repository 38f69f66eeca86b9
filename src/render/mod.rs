//! Facts in, bytes out: progress, logs, tables. Only this module decides about words, colours and rounding.

pub mod failure;
pub mod listing;
pub mod logs;
pub mod plan;
mod progress;
pub mod ps;
pub mod text;
pub mod volume_data;
pub mod warning;

pub use progress::{Causes, Hidden, Progress, ProgressMode, Record, RecordState, Records, TerminalSize, TtySettings};
