//! Facts in, bytes out: progress, logs, tables. Only this module decides about words, colours and rounding.

pub mod events;
pub mod failure;
pub mod graph;
pub mod images;
pub mod listing;
pub mod logs;
pub mod ls;
pub mod menu;
pub mod plan;
pub mod port;
mod progress;
pub mod ps;
pub mod stats;
pub mod text;
pub mod timeline;
pub mod top;
pub mod volume_data;
pub mod volumes;
pub mod warning;
pub mod watch;
pub mod why;

pub use progress::{Causes, Hidden, Progress, ProgressMode, Record, RecordState, Records, TerminalSize, TtySettings};
