//! `.dockerignore` as Docker's own builder reads it: generated folders and rules, built by hoist and by buildx.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::support::{Scenario, buildx, scenario};

/// Number of builds by each builder, and of folders with an ignore file of their own in each build.
const BUILDS: usize = 4;
const FOLDERS: usize = 50;

const NAMES: [&str; 12] = ["a", "b", "A", "sub", "x y", ".git", "a.md", "b.md", "#c", "!n", "é", "ab"];

const RULES: [&str; 36] = [
    "a", "b", "A", "sub", "*", "**", "**/b", "sub/*", "*.md", "**/*.md", "a/", "/a", "./sub", "a/../b", "a ", " b\t",
    "x y", "# a", "#c", "\\#c", "[ab]", "?", "a.m?", "**/a/**", "sub/**", "*/*", "\\!n", "[^a]", "é", "a/**/b",
    "**/sub/a", ".git", "a*", "*/a", "", "..//a",
];

/// Numbers that look random, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// Makes a folder with some files, links and folders in it.
fn make_tree(folder: &Path, numbers: &mut Numbers) {
    fs::create_dir_all(folder).expect("a folder");
    for _ in 0..4 + numbers.below(10) {
        let depth = 1 + numbers.below(3);
        let names: Vec<_> = (0..depth).map(|_| numbers.one(&NAMES)).collect();
        let path = folder.join(names.join("/"));
        // What is there already keeps its kind.
        let parent = path.parent().expect("it is in a folder");
        if path.symlink_metadata().is_ok() || parent.is_symlink() || fs::create_dir_all(parent).is_err() {
            continue;
        }
        match numbers.below(8) {
            0 => symlink(numbers.one(&NAMES), &path).expect("a link"),
            1 => fs::create_dir(&path).expect("a folder"),
            _ => fs::write(&path, names.join("/")).expect("a file"),
        }
    }
}

fn rules(numbers: &mut Numbers) -> String {
    let end = numbers.one(&["\n", "\n", "\r\n"]);
    let mut text = String::from(numbers.one(&["", "", "", "\u{feff}"]));
    for _ in 0..=numbers.below(6) {
        let sign = numbers.one(&["", "", "!"]);
        let rule = numbers.one(&RULES);
        // A lone exclamation mark is an error.
        let sign = if rule.trim().is_empty() { "" } else { sign };
        write!(text, "{sign}{rule}{end}").expect("room");
    }
    text
}

fn names() -> impl Iterator<Item = String> {
    (0..FOLDERS).map(|number| format!("c{number:02}"))
}

async fn list(s: &Scenario, service: &str) -> Vec<String> {
    let id = s.only(service).await.id;
    s.exec(&id, &["cat", "/list"]).await.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn the_same_files_arrive_as_with_dockers_own_builder() {
    let mounts: String =
        names().fold(String::new(), |text, name| text + &format!(" --mount=type=bind,from={name},target=/in/{name}"));
    let contexts: String = names().fold(String::new(), |text, name| text + &format!("{name}: ./{name}, "));
    let dockerfile = format!("FROM busybox\nRUN{mounts} cd /in && find . | sort > /list\n");
    let theirs = "hoist-test-ignoring-theirs";
    let file = format!(
        "services:\n  app: {{build: {{context: ., additional_contexts: {{{contexts}}}}}, command: [sleep, '600'], stop_grace_period: 0s}}\n  \
         theirs: {{image: {theirs}, pull_policy: never, command: [sleep, '600'], stop_grace_period: 0s}}\n"
    );
    let files = [("compose.yaml", file.as_str()), ("Dockerfile", &dockerfile), (".dockerignore", "c*\n")];
    scenario("ignoring", &files, |s| async move {
        let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
        for _ in 0..BUILDS {
            for name in names() {
                let folder = s.folder().join(&name);
                let _ = fs::remove_dir_all(&folder);
                make_tree(&folder, &mut numbers);
                fs::write(folder.join(".dockerignore"), rules(&mut numbers)).expect("a file");
            }
            let mut build = Command::new(buildx());
            build.args(["build", "-q", "--provenance=false", "-t", theirs]);
            build.args(names().flat_map(|name| ["--build-context".to_owned(), format!("{name}={name}")]));
            build.arg(".");
            s.surround(&mut build);
            s.run(build).await.ok();
            s.up(&["--build", "--force-recreate"]).await;
            let (ours, expected) = (list(&s, "app").await, list(&s, "theirs").await);
            assert!(expected.len() > FOLDERS, "something arrives");
            for name in names() {
                let of = |list: &[String]| {
                    let inside = format!("./{name}/");
                    list.iter().filter(|path| path.starts_with(&inside)).cloned().collect::<Vec<_>>()
                };
                let rules = fs::read_to_string(s.folder().join(&name).join(".dockerignore")).expect("it is there");
                assert_eq!(of(&ours), of(&expected), "with {rules:?}");
            }
        }
        s.docker
            .remove_image(
                theirs,
                Some(bollard::query_parameters::RemoveImageOptionsBuilder::default().force(true).build()),
                None,
            )
            .await
            .expect("it was built");
    })
    .await;
}
