//! A hint that names a command of hoist's in, the same hint with the flags that reach the project at hand out.

use std::path::Path;

use super::args::GlobalArgs;
use super::context::Context;
use crate::diagnostic::conceal;

/// What follows `hoist` in hints that are about the project at hand.
const COMMANDS: [&str; 5] = ["up ", "up`", "down", "config ", "--profile "];

/// `text` with the flags of this run before each command in it, so that it acts on the same project when it is copied.
pub(super) fn for_this_project(text: &str, context: &Context) -> String {
    let mut flags = flags(&context.global);
    if flags.is_empty() || !text.contains("hoist ") {
        return text.to_owned();
    }
    if !context.global.show_values {
        flags = conceal::text(&flags);
    }
    let mut parts = text.split("hoist ");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_command = COMMANDS.iter().any(|command| part.starts_with(command));
        let stands_alone = shown.is_empty() || shown.ends_with(['`', ' ']);
        shown.push_str("hoist ");
        if is_command && stands_alone {
            shown.push_str(&flags);
        }
        shown.push_str(part);
    }
    shown
}

/// The flags that say where the engine is, which files are read and what the project is called, each with a blank
/// behind it.
fn flags(global: &GlobalArgs) -> String {
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let mut flags = Vec::new();
    let mut add = |flag: &'static str, value: String| flags.push((flag, value));
    global.host.iter().for_each(|host| add("-H", host.clone()));
    global.context.iter().for_each(|context| add("-c", context.clone()));
    global.project_directory.iter().chain(&global.workdir).for_each(|folder| add("--project-directory", path(folder)));
    global.env_file.iter().for_each(|file| add("--env-file", path(file)));
    global.file.iter().for_each(|file| add("-f", path(file)));
    global.project_name.iter().for_each(|name| add("-p", name.clone()));
    global.profile.iter().for_each(|name| add("--profile", name.clone()));
    flags.into_iter().fold(String::new(), |text, (flag, value)| text + flag + " " + &quoted(&value) + " ")
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::source::Reader;

    fn context(global: GlobalArgs) -> Context {
        Context {
            global,
            environment: BTreeMap::new(),
            working_directory: "/work".into(),
            terminals: crate::cli::context::Terminals::default(),
            ansi: None,
            reader: Reader::default(),
        }
    }

    #[test]
    fn commands_get_the_flags_that_reach_the_same_project() {
        let given = context(GlobalArgs {
            file: vec!["a.yaml".into(), "b c.yaml".into()],
            project_name: Some("shop".to_owned()),
            profile: vec!["*".to_owned()],
            project_directory: Some("/srv/it's".into()),
            env_file: vec!["x.env".into()],
            ..GlobalArgs::default()
        });
        let flags =
            r"--project-directory '/srv/it'\''s' --env-file x.env -f a.yaml -f 'b c.yaml' -p shop --profile '*'";
        for (text, expected) in [
            ("start it first: `hoist up -d db`, or not", format!("start it first: `hoist {flags} up -d db`, or not")),
            ("web/1 started: hoist up web", format!("web/1 started: hoist {flags} up web")),
            ("`hoist --profile x down` removes", format!("`hoist {flags} --profile x down` removes")),
            ("`hoist -p other down` removes it", "`hoist -p other down` removes it".to_owned()),
            ("a hoist of things", "a hoist of things".to_owned()),
        ] {
            assert_eq!(for_this_project(text, &given), expected);
        }
        let plain = context(GlobalArgs::default());
        assert_eq!(for_this_project("`hoist up -d db`", &plain), "`hoist up -d db`");
    }
}
