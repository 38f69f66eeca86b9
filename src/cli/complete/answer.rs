//! The answer to a shell: candidates, and how to use them.

use std::fmt::Write as _;

use clap::Command;

use crate::cli::help::is_available;
use crate::cli::invocation::Form;

/// How the shell uses the candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directive {
    /// Offer files if there are none.
    Default = 0,
    /// Offer no files.
    NoFiles = 4,
    /// Offer no files, and add no space after the candidate.
    NoSpace = 6,
    /// Offer files whose extension is one of the candidates.
    Extensions = 8,
    /// Offer folders.
    Folders = 16,
}

impl Directive {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Default => "ShellCompDirectiveDefault",
            Self::NoFiles => "ShellCompDirectiveNoFileComp",
            Self::NoSpace => "ShellCompDirectiveNoSpace, ShellCompDirectiveNoFileComp",
            Self::Extensions => "ShellCompDirectiveFilterFileExt",
            Self::Folders => "ShellCompDirectiveFilterDirs",
        }
    }
}

/// The answer to a shell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The candidates, each with its description or an empty one.
    pub(super) candidates: Vec<(String, String)>,
    pub(super) directive: Directive,
}

impl Answer {
    pub(super) fn nothing() -> Self {
        Self { candidates: Vec::new(), directive: Directive::NoFiles }
    }

    pub(super) fn of(directive: Directive, words: impl IntoIterator<Item = String>) -> Self {
        Self { candidates: words.into_iter().map(|word| (word, String::new())).collect(), directive }
    }

    pub(super) fn text(&self, descriptions: bool) -> String {
        let mut text = String::new();
        for (candidate, description) in &self.candidates {
            let line = match description.lines().next() {
                Some(description) if descriptions => format!("{candidate}\t{description}"),
                Some(_) | None => candidate.clone(),
            };
            let _ = writeln!(text, "{line}");
        }
        let _ = writeln!(text, ":{}", self.directive as i32);
        text
    }
}

/// The commands below a command.
pub(super) fn commands(command: &Command, form: Form) -> Answer {
    let shown = |command: &&Command| !command.is_hide_set() && is_available(command.get_name(), form);
    let about = |command: &Command| command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut candidates: Vec<_> = command
        .get_subcommands()
        .filter(shown)
        .map(|command| (command.get_name().to_owned(), about(command)))
        .collect();
    candidates.sort();
    Answer { candidates, directive: Directive::NoFiles }
}
