//! Parsed global flags in, the same flags as text for a command line out.

use std::path::Path;

use super::global::GlobalArgs;
use crate::diagnostic::redact;

/// The flags that select the engine, the files and the project name, each followed by a space.
pub(super) fn flags(global: &GlobalArgs) -> String {
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
    let flags = flags.into_iter().fold(String::new(), |text, (flag, value)| text + flag + " " + &quoted(&value) + " ");
    if global.show_values { flags } else { redact::text(&flags) }
}

/// A word, quoted for a shell if necessary.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_written_as_a_shell_reads_them() {
        let given = GlobalArgs {
            file: vec!["a.yaml".into(), "b c.yaml".into()],
            project_name: Some("shop".to_owned()),
            profile: vec!["*".to_owned()],
            project_directory: Some("/srv/it's".into()),
            env_file: vec!["x.env".into()],
            ..GlobalArgs::default()
        };
        let expected =
            r"--project-directory '/srv/it'\''s' --env-file x.env -f a.yaml -f 'b c.yaml' -p shop --profile '*' ";
        assert_eq!(flags(&given), expected);
        assert_eq!(flags(&GlobalArgs::default()), "");
    }
}
