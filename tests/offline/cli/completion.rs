//! What shells are offered: the protocol of Docker's plugins, and the scripts of `hoist completion`.

use std::io::Write;
use std::process::{Command, Stdio};

use super::Case;

const FILE: &str = "name: shop\nservices:\n  web: {image: busybox, profiles: [dev]}\n  db: {image: busybox}\n  webdb: \
                    {image: busybox}\njobs:\n  nightly: {image: busybox, triggers: {manual: true}}\n";

fn asked(arguments: &[&str]) -> (String, String) {
    let case = Case::new("__complete compose").by_docker().file("compose.yaml", FILE);
    let ran = arguments.iter().fold(case, |case, argument| case.argument(argument)).run();
    assert_eq!(ran.status, 0, "{arguments:?}");
    (ran.stdout, ran.stderr)
}

/// What Docker Compose 5.6.1 answers for the same files; services sorted, which it lists in any order.
#[test]
fn answers_are_those_of_docker_compose() {
    let no_files = "Completion ended with directive: ShellCompDirectiveNoFileComp\n";
    for (arguments, stdout, stderr) in [
        (&["up", ""][..], "db\nweb\nwebdb\n:4\n", no_files),
        (&["up", "w"], "web\nwebdb\n:4\n", no_files),
        (&["logs", "-f", "w"], "web\nwebdb\n:4\n", no_files),
        (&["--profile", ""], "dev\n:4\n", no_files),
        (&["--progress", ""], "auto\ntty\nplain\njson\nquiet\n:4\n", no_files),
        (&["--progress="], "auto\ntty\nplain\njson\nquiet\n:4\n", no_files),
        (&["-f", ""], "yaml\nyml\n:8\n", "Completion ended with directive: ShellCompDirectiveFilterFileExt\n"),
        (&["--project-directory", ""], ":16\n", "Completion ended with directive: ShellCompDirectiveFilterDirs\n"),
        (&["foo", ""], ":4\n", no_files),
        // There is no engine to ask.
        (&["-p", ""], ":4\n", no_files),
        (
            &["scale", "web="],
            ":6\n",
            "Completion ended with directive: ShellCompDirectiveNoSpace, \
                                      ShellCompDirectiveNoFileComp\n",
        ),
    ] {
        assert_eq!(asked(arguments), (stdout.to_owned(), stderr.to_owned()), "{arguments:?}");
    }
    assert_eq!(asked(&["run", ""]).0, "db\nnightly\nweb\nwebdb\n:4\n", "only `run` runs jobs");
    assert_eq!(asked(&["up", "--no-dep"]).0, "--no-deps\tDo not bring up dependencies of the given services\n:4\n");
    let ran = Case::new("__completeNoDesc compose u").by_docker().run();
    assert_eq!(ran.stdout, "unpause\nup\n:4\n");
}

#[test]
fn replicas_are_set_behind_the_service() {
    assert_eq!(asked(&["scale", ""]).0, "db=\nweb=\nwebdb=\n:6\n");
    assert_eq!(asked(&["up", "--scale", "w"]).0, "web=\nwebdb=\n:6\n");
    assert_eq!(asked(&["up", "--scale=w"]).0, "web=\nwebdb=\n:6\n");
    assert_eq!(asked(&["up", "--attach", "d"]).0, "db\n:4\n");
    // A service is not offered twice.
    assert_eq!(asked(&["up", "web", ""]).0, "db\nwebdb\n:4\n");
}

#[test]
fn errors_in_the_files_do_not_matter() {
    let services = |file: &str, arguments: &str| Case::new(arguments).argument("").file("compose.yaml", file).run();
    let required = services("services: {web: {image: \"${MISSING?}\"}}\n", "__complete up");
    assert_eq!((required.stdout.as_str(), required.status), ("web\n:4\n", 0));
    let undefined = services("services: {web: {image: i, depends_on: [other]}}\n", "__complete up");
    assert_eq!(undefined.stdout, "web\n:4\n");
    let no_env_file = services(FILE, "__complete --env-file nowhere.env up");
    assert_eq!(no_env_file.stdout, "db\nweb\nwebdb\n:4\n");
    assert_eq!(services("services: [", "__complete up").stdout, ":4\n");
    assert_eq!(services(FILE, "__complete -f - up").stdout, ":4\n");
    assert_eq!(services(FILE, "__complete -f other.yaml up").stdout, ":4\n");
}

/// Runs a script in a shell; `None` if the shell is not installed.
fn shell(program: &str, arguments: &[&str], script: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("compose.yaml"), FILE).expect("a file");
    std::fs::write(folder.path().join("other.yml"), "").expect("a file");
    std::fs::write(folder.path().join("notes.txt"), "").expect("a file");
    let binaries = std::path::Path::new(env!("CARGO_BIN_EXE_hoist")).parent().expect("a folder").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(binaries).chain(std::env::split_paths(&path))).expect("a path");
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder.path())
        .env("PATH", path)
        .env("HOME", folder.path())
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take().expect("piped").write_all(script.as_bytes()).expect("the shell reads its script");
    let output = child.wait_with_output().expect("it ends");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn bash_completes_services() {
    let script = r#"
source <(hoist completion bash)
ask() {
    COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
    compopt() { options+="$* "; }
    options=
    _hoist
    echo "$1:" $(printf '%s\n' "${COMPREPLY[@]}" | sort) $options
}
ask "hoist up w"
ask "hoist up "
ask "hoist --progress=p"
ask "hoist scale d"
ask "hoist -f "
complete -p hoist
"#;
    let out = shell("bash", &["--norc"], script).expect("bash is there");
    assert_eq!(
        out,
        "hoist up w: web webdb\nhoist up : db web webdb\nhoist --progress=p: plain\nhoist scale d: db= -o nospace\n\
         hoist -f : compose.yaml other.yml -o filenames\ncomplete -F _hoist hoist\n"
    );
}

/// Skipped if fish is not installed.
#[test]
fn fish_completes_services() {
    let script = "
hoist completion fish | source
for line in 'hoist up w' 'hoist --progress=p' 'hoist scale d' 'hoist -f ' 'hoist unp'
    echo \"$line:\" (complete -C $line | string replace \\t ' - ')
end
";
    let Some(out) = shell("fish", &["--no-config"], script) else { return };
    assert_eq!(
        out,
        "hoist up w: web webdb\nhoist --progress=p: --progress=plain\nhoist scale d: db=\nhoist -f : compose.yaml \
         other.yml\nhoist unp: unpause - Unpause containers\n"
    );
}

#[test]
fn zsh_takes_the_script() {
    let script = "autoload -U compinit; compinit -u -D\nsource <(hoist completion zsh)\nprint -r -- ${_comps[hoist]}\n";
    let Some(out) = shell("zsh", &["-f"], script) else { return };
    assert_eq!(out, "_hoist\n");
}
