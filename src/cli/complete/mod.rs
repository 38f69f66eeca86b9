//! Completion: the words of a command line in, candidates for the last one out. Speaks the `__complete` protocol of
//! Docker's plugins, so that Docker's own completion scripts work, and so do those of `hoist completion`.

mod answer;
pub(super) mod script;
mod values;

use std::ffi::OsString;
use std::io::{self, Write as _};

use clap::Arg;

use super::docker_flags::DockerFlags;
use super::invocation::Form;
use super::parse::definition;
use super::walk::{Mistake, Walk, is_switch};
use super::{Failure, output};
use answer::{Answer, Directive, commands};
use values::Values;

/// Prints the candidates for the last of `words`, which follow the program's name.
pub(super) fn complete(words: &[OsString], descriptions: bool, form: Form, docker: DockerFlags) -> Result<(), Failure> {
    let answer = answer(words, form, docker);
    output::print(answer.text(descriptions))?;
    // For people who debug completion: what the number means.
    Ok(writeln!(io::stderr(), "Completion ended with directive: {}", answer.directive.name())?)
}

fn answer(words: &[OsString], form: Form, docker: DockerFlags) -> Answer {
    let (last, before) = match words.split_last() {
        Some((last, before)) => (last.to_string_lossy(), before),
        None => ("".into(), words),
    };
    let root = definition(form);
    let walk = Walk::new(&root, before);
    let values = || Values::new(&walk, form, docker);
    match &walk.mistake {
        Some(Mistake::NeedsValue { flag, .. }) => return starting_with(&last, values().of_flag(flag)),
        Some(Mistake::UnknownCommand(_)) => return Answer::nothing(),
        Some(_) => return Answer::of(Directive::Default, []),
        None => {}
    }
    if let Some((flag, value)) = last.strip_prefix("--").and_then(|flag| flag.split_once('='))
        && !walk.flags_ended
    {
        return match walk.long_flag(flag).filter(|flag| !is_switch(flag)) {
            Some(flag) => starting_with(value, values().of_flag(flag)),
            None => Answer::nothing(),
        };
    }
    if last.starts_with('-') && !walk.flags_ended {
        return starting_with(&last, flags(&walk, &last));
    }
    if walk.command().has_subcommands() {
        return starting_with(&last, commands(walk.command(), form));
    }
    starting_with(&last, values().of_argument())
}

/// Keeps the candidates that begin with `word`. File extensions are all kept.
fn starting_with(word: &str, mut answer: Answer) -> Answer {
    if answer.directive != Directive::Extensions {
        // `NAME=` itself is complete: a number follows.
        let is_begun = |candidate: &str| answer.directive == Directive::NoSpace && candidate == word;
        answer.candidates.retain(|(candidate, _)| candidate.starts_with(word) && !is_begun(candidate));
    }
    answer
}

/// The flags that can still be given; with letters unless the word begins with two dashes.
fn flags(walk: &Walk, word: &str) -> Answer {
    let mut candidates = Vec::new();
    let is_repeatable = |flag: &Arg| matches!(flag.get_action(), clap::ArgAction::Append);
    for flag in walk.flags().filter(|flag| !flag.is_hide_set() && (is_repeatable(flag) || !walk.has(flag))) {
        let about = flag.get_help().map(ToString::to_string).unwrap_or_default();
        candidates.extend(flag.get_long().map(|long| (format!("--{long}"), about.clone())));
        let short = flag.get_short().filter(|_| !word.starts_with("--"));
        candidates.extend(short.map(|short| (format!("-{short}"), about)));
    }
    candidates.retain(|(flag, _)| !matches!(flag.as_str(), "--help" | "-h"));
    candidates.sort();
    Answer { candidates, directive: Directive::NoFiles }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Answer {
        let words: Vec<OsString> = line.split(' ').map(|word| if word == "''" { "" } else { word }.into()).collect();
        answer(&words, Form::Plugin, DockerFlags::default())
    }

    fn words(answer: &Answer) -> Vec<&str> {
        answer.candidates.iter().map(|(word, _)| word.as_str()).collect()
    }

    #[test]
    fn commands_are_those_of_the_form() {
        assert_eq!(words(&asked("u")), ["unpause", "up"]);
        assert_eq!(words(&asked("pl")), ["plan"]);
        assert_eq!(asked("foo ''"), Answer::nothing());
        let own = answer(&["pl".into()], Form::Hoist, DockerFlags::default());
        assert_eq!(words(&own), ["plan", "plugin"]);
    }

    #[test]
    fn flags_are_offered_once_unless_they_can_be_repeated() {
        assert_eq!(words(&asked("up --det")), ["--detach"]);
        assert!(words(&asked("up -d --det")).is_empty());
        assert_eq!(words(&asked("up --scale a=1 --sca")), ["--scale"]);
        assert_eq!(words(&asked("--pro")), ["--profile", "--progress", "--project-directory", "--project-name"]);
        assert_eq!(asked("up --zzz ''").directive, Directive::Default);
        assert_eq!(words(&asked("up --dry")), ["--dry-run"]);
    }

    #[test]
    fn values_are_those_of_the_flag() {
        assert_eq!(words(&asked("--progress ''")), ["auto", "tty", "plain", "json", "quiet"]);
        assert_eq!(words(&asked("--progress=p")), ["plain"]);
        assert_eq!(asked("-f ''"), Answer::of(Directive::Extensions, ["yaml".to_owned(), "yml".to_owned()]));
        assert_eq!(asked("--project-directory ''"), Answer::of(Directive::Folders, []));
        assert_eq!(asked("--env-file ''"), Answer::of(Directive::Default, []));
        assert_eq!(asked("up -t ''"), Answer::nothing());
        assert_eq!(words(&asked("completion ''")), ["bash", "elvish", "fish", "powershell", "zsh"]);
        assert_eq!(words(&asked("help pl")), ["plan"]);
    }

    #[test]
    fn the_answer_is_that_of_the_protocol() {
        let text = asked("u").text(true);
        assert_eq!(text, "unpause\tUnpause containers\nup\tCreate and start containers\n:4\n");
        assert_eq!(asked("u").text(false), "unpause\nup\n:4\n");
    }
}
