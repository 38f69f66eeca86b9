//! Facts in, bytes out: progress, logs, tables. Words, colours and rounding are decided here and nowhere else.

pub mod failure;
pub mod listing;
pub mod logs;
pub mod plan;
mod progress;
pub mod ps;
pub mod text;
pub mod volumes;
pub mod warning;

pub use progress::{Causes, Hidden, Progress, ProgressMode, Record, RecordState, Records, TerminalSize, TtySettings};
