//! The words of a command line in; the command, its flags and arguments, and the first mistake out. Follows the rules of
//! Go's flag parser, which Docker Compose uses.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::{Arg, ArgAction, Command, Id};

/// Parses the value of a switch as Go does.
#[must_use]
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// The first mistake in the words.
#[derive(Debug, Clone)]
pub(super) enum Mistake {
    /// A long flag that the command does not have, with its dashes.
    UnknownFlag(String),
    /// An unknown letter, and the rest of its cluster from there on.
    UnknownShorthand { letter: char, cluster: String },
    /// The value of the last flag is missing. `cluster` is set if the flag was written as a letter.
    NeedsValue { flag: Box<Arg>, cluster: Option<String> },
    /// The value of a switch is neither true nor false.
    NotBoolean { flag: Box<Arg>, value: String },
    /// `---x` or `--=x`.
    BadSyntax(String),
    /// A command that does not exist.
    UnknownCommand(String),
}

/// A parsed command line.
#[derive(Debug)]
pub(super) struct Walk {
    /// The parents of `command`, the root first.
    above: Vec<Command>,
    /// The command, or the root if there is none.
    command: Command,
    /// The names of the commands, without that of the root.
    path: Vec<String>,
    pieces: Vec<Piece>,
    /// The positional arguments.
    pub(super) positionals: Vec<OsString>,
    /// Whether the following words are positional even if they begin with a dash.
    pub(super) flags_ended: bool,
    /// The mistake at which the walk ended.
    pub(super) mistake: Option<Mistake>,
}

/// A word in canonical form.
#[derive(Debug)]
struct Piece {
    /// The flag, if it is one.
    flag: Option<Id>,
    /// The depth of the command it belongs to; 0 for the root.
    depth: usize,
    word: OsString,
}

impl Walk {
    /// Parses `words`, without the program's name, as a command line of `root`.
    pub(super) fn new(root: &Command, words: &[OsString]) -> Self {
        let mut walk = Self {
            above: Vec::new(),
            command: root.clone(),
            path: Vec::new(),
            pieces: Vec::new(),
            positionals: Vec::new(),
            flags_ended: false,
            mistake: None,
        };
        let mut words = words.iter();
        while walk.mistake.is_none()
            && let Some(word) = words.next()
        {
            let step = match word.as_bytes() {
                _ if walk.flags_ended => walk.argument(word),
                b"--" => {
                    walk.end_flags();
                    Ok(())
                }
                [b'-', b'-', long @ ..] => walk.long(long, &mut words),
                [b'-', letters @ ..] if !letters.is_empty() => walk.cluster(letters, &mut words),
                _ => walk.argument(word),
            };
            walk.mistake = step.err();
        }
        walk
    }

    /// The command with all its arguments, or the root if there is no command.
    pub(super) fn command(&self) -> &Command {
        &self.command
    }

    /// The names of the command and its parents, separated by spaces.
    pub(super) fn path(&self) -> String {
        self.path.join(" ")
    }

    /// The same words in canonical form: long names, values after `=`, and only the switches that are on.
    pub(super) fn canonical(&self) -> Vec<OsString> {
        self.pieces.iter().map(|piece| piece.word.clone()).collect()
    }

    /// The canonical words before the command.
    pub(super) fn canonical_root(&self) -> Vec<OsString> {
        self.pieces.iter().filter(|piece| piece.depth == 0).map(|piece| piece.word.clone()).collect()
    }

    /// Whether a flag was given.
    pub(super) fn has(&self, flag: &Arg) -> bool {
        self.pieces.iter().any(|piece| piece.flag.as_ref() == Some(flag.get_id()))
    }

    /// The flags allowed here: those of the command and the global ones of its parents.
    pub(super) fn flags(&self) -> impl Iterator<Item = &Arg> {
        let above = self.above.iter().flat_map(Command::get_arguments).filter(|arg| arg.is_global_set());
        let own = self.command.get_arguments().filter(|arg| !arg.is_positional());
        let is_repeated = |arg: &&Arg| self.command.get_arguments().any(|own| own.get_id() == arg.get_id());
        own.chain(above.filter(move |arg| !is_repeated(arg)))
    }

    /// The flag with this long name.
    pub(super) fn long_flag(&self, name: &str) -> Option<&Arg> {
        self.flags().find(|arg| {
            arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
        })
    }

    /// The flag with this letter.
    pub(super) fn short_flag(&self, letter: char) -> Option<&Arg> {
        self.flags().find(|arg| {
            arg.get_short() == Some(letter) || arg.get_all_short_aliases().is_some_and(|all| all.contains(&letter))
        })
    }

    fn end_flags(&mut self) {
        self.flags_ended = true;
        self.push(None, "--".into());
    }

    fn push(&mut self, flag: Option<Id>, word: OsString) {
        self.pieces.push(Piece { flag, depth: self.path.len(), word });
    }

    /// Takes a word that is not a flag: a command if there are any, else a positional argument.
    fn argument(&mut self, word: &OsStr) -> Result<(), Mistake> {
        if self.command.has_subcommands() && !self.flags_ended {
            let name = word.to_string_lossy().into_owned();
            let Some(found) = self.command.find_subcommand(&name) else { return Err(Mistake::UnknownCommand(name)) };
            let mut found = found.clone();
            found.build();
            let above = std::mem::replace(&mut self.command, found);
            self.path.push(self.command.get_name().to_owned());
            self.above.push(above);
            self.push(None, name.into());
            return Ok(());
        }
        if !self.flags_ended && self.command.get_positionals().any(Arg::is_trailing_var_arg_set) {
            self.end_flags();
        }
        self.positionals.push(word.to_owned());
        self.push(None, word.to_owned());
        Ok(())
    }

    fn long<'a>(&mut self, word: &[u8], next: &mut impl Iterator<Item = &'a OsString>) -> Result<(), Mistake> {
        let equals = word.iter().position(|byte| *byte == b'=');
        let name = String::from_utf8_lossy(&word[..equals.unwrap_or(word.len())]).into_owned();
        if name.is_empty() || name.starts_with('-') {
            return Err(Mistake::BadSyntax(format!("--{}", String::from_utf8_lossy(word))));
        }
        let Some(flag) = self.long_flag(&name).cloned() else {
            if name == "help" {
                self.help();
                return Ok(());
            }
            return Err(Mistake::UnknownFlag(format!("--{name}")));
        };
        let value = equals.map(|equals| &word[equals + 1..]);
        if is_switch(&flag) {
            return self.switch(&flag, value);
        }
        match value.or_else(|| next.next().map(|next| next.as_bytes())) {
            Some(value) => {
                self.value(&flag, value);
                Ok(())
            }
            None => Err(Mistake::NeedsValue { flag: Box::new(flag), cluster: None }),
        }
    }

    fn cluster<'a>(&mut self, letters: &[u8], next: &mut impl Iterator<Item = &'a OsString>) -> Result<(), Mistake> {
        let mut rest = letters;
        while let [first, after @ ..] = rest {
            let shown = String::from_utf8_lossy(rest);
            let letter = if first.is_ascii() { char::from(*first) } else { shown.chars().next().unwrap_or_default() };
            let cluster = format!("-{shown}");
            rest = after;
            let Some(flag) = self.short_flag(letter).cloned() else {
                if letter == 'h' {
                    self.help();
                    continue;
                }
                return Err(Mistake::UnknownShorthand { letter, cluster });
            };
            let given = rest.strip_prefix(b"=").filter(|value| !value.is_empty());
            if is_switch(&flag) {
                self.switch(&flag, given)?;
                if given.is_some() {
                    return Ok(());
                }
                continue;
            }
            let glued = given.or((!rest.is_empty()).then_some(rest));
            return match glued.or_else(|| next.next().map(|next| next.as_bytes())) {
                Some(value) => {
                    self.value(&flag, value);
                    Ok(())
                }
                None => Err(Mistake::NeedsValue { flag: Box::new(flag), cluster: Some(cluster) }),
            };
        }
        Ok(())
    }

    /// `--help`, which clap adds only when it builds a command.
    fn help(&mut self) {
        self.push(None, "--help".into());
    }

    fn switch(&mut self, flag: &Arg, value: Option<&[u8]>) -> Result<(), Mistake> {
        let text = value.map(|value| String::from_utf8_lossy(value).into_owned());
        let on = match &text {
            None => true,
            Some(text) => match boolean(text) {
                Some(on) => on,
                None => return Err(Mistake::NotBoolean { flag: Box::new(flag.clone()), value: text.clone() }),
            },
        };
        // The last value counts.
        self.pieces.retain(|piece| piece.flag.as_ref() != Some(flag.get_id()));
        if takes_boolean(flag) {
            self.push(Some(flag.get_id().clone()), format!("{}={on}", written(flag)).into());
        } else if on {
            self.push(Some(flag.get_id().clone()), written(flag).into());
        }
        Ok(())
    }

    fn value(&mut self, flag: &Arg, value: &[u8]) {
        let mut word = format!("{}=", written(flag)).into_bytes();
        word.extend_from_slice(value);
        self.push(Some(flag.get_id().clone()), OsString::from_vec(word));
    }
}

/// Whether a flag is a switch: it takes no value except `=true` and `=false`.
pub(super) fn is_switch(flag: &Arg) -> bool {
    matches!(flag.get_action(), ArgAction::SetTrue | ArgAction::Help) || takes_boolean(flag)
}

/// Whether clap expects a boolean after this switch: it can be on by default.
fn takes_boolean(flag: &Arg) -> bool {
    flag.get_action().takes_values()
        && flag.is_require_equals_set()
        && flag.get_num_args().is_some_and(|n| n.min_values() == 0)
}

/// The flag with its dashes: by its long name, else its letter.
pub(super) fn written(flag: &Arg) -> String {
    match (flag.get_long(), flag.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => String::new(),
    }
}
