//! Questions to the user. No layer below the command line prompts.

use std::io::{self, BufRead, Write};

use super::context::Terminals;
use super::lenient::is_yes;
use crate::diagnostic::visible::{Colors, visible};
use crate::operation::{Ask, Question};

/// Asks the person at the terminal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    /// Which of the standard streams are terminals.
    pub terminals: Terminals,
}

impl Person {
    /// Says what would be asked, without waiting for an answer.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written to.
    pub(super) fn tell(question: &Question) -> io::Result<()> {
        let mut stdout = io::stdout();
        writeln!(stdout, "{}", visible(&words(question), Colors::Shown))?;
        stdout.flush()
    }
}

impl Ask for Person {
    fn confirm(&self, question: &Question) -> io::Result<bool> {
        confirm(&words(question), self.terminals)
    }
}

fn words(question: &Question) -> String {
    match question {
        Question::RecreateVolume { volume } => format!(
            "Volume \"{volume}\" exists but doesn't match configuration in compose file. Recreate (data will be lost)?"
        ),
        Question::RemoveContainers { containers } => format!("Going to remove {}", containers.join(", ")),
    }
}

/// Asks a yes/no question; the default is no. Without a terminal it reads one word as a lenient boolean; end of input
/// means no.
///
/// # Errors
///
/// If a stream fails.
fn confirm(question: &str, terminals: Terminals) -> io::Result<bool> {
    let mut stdout = io::stdout();
    let question = visible(question, Colors::Shown);
    if terminals.stdin {
        write!(stdout, "{question} [y/N] ")?;
    } else {
        write!(stdout, "{question}")?;
    }
    stdout.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let word = line.split_whitespace().next().unwrap_or_default();
    Ok(is_yes(word) || (terminals.stdin && word.eq_ignore_ascii_case("yes")))
}
