use std::os::unix::fs::symlink;

use super::super::files::Told;
use super::super::rule::tests::rule;
use super::*;
use crate::project::WatchAction;

struct Fixture {
    folder: tempfile::TempDir,
    told: Arc<Told>,
    tree: Tree,
}

impl Fixture {
    /// A tree that watches `path` in a folder with these files.
    fn new(path: &str, files: &[&str], ignore: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for file in files {
            write(&folder.path().join(file), "1");
        }
        let told = Arc::new(Told::default());
        let own = folder.path().join(path);
        let rules = vec![rule(WatchAction::Sync, &own.display().to_string(), &[], ignore, &[])];
        let tree = Tree::new(rules, told.clone());
        Self { folder, told, tree }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn all(&mut self) -> Vec<String> {
        shown(&self.tree.look(&Dirty::All))
    }

    fn looks(&mut self, paths: &[&str]) -> Vec<String> {
        let paths = paths.iter().map(|path| self.at(path)).collect();
        shown(&self.tree.look(&Dirty::Some(paths)))
    }

    fn listens_to(&self) -> Vec<String> {
        let folders = self.told.folders();
        folders
            .iter()
            .filter_map(|folder| Some(folder.strip_prefix(self.folder.path()).ok()?.display().to_string()))
            .collect()
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
    fs::write(path, text).expect("a file");
}

fn shown(seen: &Seen) -> Vec<String> {
    let changes = seen.changes.iter().map(|change| {
        let sign = if change.what == What::Written { '+' } else { '-' };
        let slash = if change.kind == Kind::Folder { "/" } else { "" };
        format!("{sign}{}{slash}", change.relative.display())
    });
    let troubles = seen.troubles.iter().map(|trouble| if trouble.reason.is_some() { "!" } else { "?" }.to_owned());
    changes.chain(troubles).collect()
}

#[test]
fn ignored_folders_are_neither_entered_nor_listened_to() {
    let mut f =
        Fixture::new("src", &["src/a", "src/node_modules/x/y", "src/sub/b", "src/.git/HEAD"], &["node_modules"]);
    assert_eq!(f.all(), ["+/", "+a", "+sub/", "+sub/b"]);
    assert_eq!(f.listens_to(), ["", "src", "src/sub"]);
    write(&f.at("src/node_modules/z"), "");
    assert!(f.looks(&["src/node_modules/z"]).is_empty());
    assert!(!f.tree.concerns(&f.at("src/node_modules")));
    assert!(f.tree.concerns(&f.at("src/sub/new")));
    assert!(!f.tree.concerns(&f.at("other")));
    assert!(f.all().is_empty());
}

/// Refuses to listen to folders of some name.
struct Refusing(&'static str);

impl Folders for Refusing {
    fn listen(&self, folder: &Path) -> Result<(), String> {
        if folder.ends_with(self.0) { Err("no".to_owned()) } else { Ok(()) }
    }
}

#[test]
fn each_folder_that_cannot_be_listened_to_is_told_once() {
    let f = Fixture::new("src", &["src/one/shut/a", "src/two/shut/b"], &[]);
    let rules = f.tree.rules().to_vec();
    let mut tree = Tree::new(rules, Arc::new(Refusing("shut")));
    let told = |seen: &Seen| seen.troubles.iter().map(|trouble| trouble.path.clone()).collect::<Vec<_>>();
    let seen = tree.look(&Dirty::All);
    assert_eq!(told(&seen), [f.at("src/one/shut"), f.at("src/two/shut")]);
    assert!(shown(&seen).contains(&"+two/shut/b".to_owned()), "what is there is looked at all the same");
    assert!(told(&tree.look(&Dirty::All)).is_empty());
    assert!(told(&tree.look(&Dirty::Some([f.at("src/one")].into()))).is_empty());
    fs::remove_dir_all(f.at("src/one/shut")).expect("removed");
    tree.look(&Dirty::Some([f.at("src/one/shut")].into()));
    write(&f.at("src/one/shut/a"), "");
    assert_eq!(told(&tree.look(&Dirty::Some([f.at("src/one/shut")].into()))), [f.at("src/one/shut")]);
}

#[test]
fn only_what_changed_is_a_change() {
    let mut f = Fixture::new("src", &["src/a", "src/sub/b", "src/sub/c"], &[]);
    f.all();
    assert!(f.looks(&["src/a", "src/sub"]).is_empty());
    write(&f.at("src/a"), "22");
    fs::remove_file(f.at("src/sub/b")).expect("removed");
    write(&f.at("src/new/deep/file"), "");
    assert_eq!(f.looks(&["src/a", "src/sub/b", "src/new"]), ["+a", "+new/", "+new/deep/", "+new/deep/file", "-sub/b"]);
    assert!(f.listens_to().contains(&"src/new/deep".to_owned()));
    fs::rename(f.at("src/sub"), f.at("elsewhere")).expect("renamed");
    assert_eq!(f.looks(&["src/sub"]), ["-sub/", "-sub/c"]);
    fs::remove_dir_all(f.at("src/new")).expect("removed");
    write(&f.at("src/new"), "a file");
    assert_eq!(f.looks(&["src/new", "src/new/deep"]), ["-new/", "-new/deep/", "-new/deep/file", "+new"]);
}

#[test]
fn links_are_files_and_are_not_followed() {
    let mut f = Fixture::new("src", &["src/a", "out/b"], &[]);
    symlink("../out", f.at("src/link")).expect("a link");
    assert_eq!(f.all(), ["+/", "+a", "+link"]);
    fs::remove_file(f.at("src/link")).expect("removed");
    symlink("../nowhere", f.at("src/link")).expect("a link");
    assert_eq!(f.looks(&["src/link"]), ["+link"]);
}

#[test]
fn a_path_that_is_a_link_is_followed_also_when_it_leads_elsewhere() {
    let mut f = Fixture::new("current", &["one/a", "one/b", "two/a"], &[]);
    symlink("one", f.at("current")).expect("a link");
    assert_eq!(f.all(), ["+/", "+a", "+b"]);
    assert_eq!(f.listens_to(), ["", "one"]);
    write(&f.at("one/c"), "");
    assert_eq!(f.looks(&["one/c"]), ["+c"]);
    symlink("two", f.at("next")).expect("a link");
    fs::rename(f.at("next"), f.at("current")).expect("renamed");
    assert_eq!(f.looks(&["current"]), ["-b", "-c", "+a"]);
    assert!(f.listens_to().contains(&"two".to_owned()));
}

#[test]
fn a_path_may_appear_later_go_and_be_replaced() {
    let mut f = Fixture::new("x/y/src", &["other"], &[]);
    assert_eq!(f.all(), ["?"]);
    assert_eq!(f.listens_to(), [""]);
    write(&f.at("x/y/src/a"), "");
    assert_eq!(f.looks(&["x"]), ["+/", "+a"]);
    assert_eq!(f.listens_to(), ["", "x/y", "x/y/src"]);
    fs::rename(f.at("x"), f.at("z")).expect("renamed");
    assert_eq!(f.looks(&["x"]), ["-/", "-a", "?"]);
    assert!(f.looks(&["x"]).is_empty(), "it is reported once");
    write(&f.at("x/y/src"), "a file now");
    assert_eq!(f.looks(&["x"]), ["+"]);
}

#[test]
fn a_file_can_be_watched() {
    let mut f = Fixture::new("conf/app.ini", &["conf/app.ini", "conf/other"], &[]);
    assert_eq!(f.all(), ["+"]);
    assert_eq!(f.listens_to(), ["conf"]);
    write(&f.at("conf/app.ini.new"), "222");
    fs::rename(f.at("conf/app.ini.new"), f.at("conf/app.ini")).expect("renamed");
    assert_eq!(f.looks(&["conf/app.ini.new", "conf/app.ini"]), ["+"]);
    assert!(!f.tree.concerns(&f.at("conf/other")));
}

#[test]
fn a_folder_that_is_not_ignored_any_more_is_found() {
    let mut f = Fixture::new("src", &["src/gen/a", "src/b"], &["gen"]);
    assert_eq!(f.all(), ["+/", "+b"]);
    let own = f.at("src").display().to_string();
    f.tree.set_rules(vec![rule(WatchAction::Sync, &own, &[], &["b"], &[])]);
    assert_eq!(f.all(), ["-b", "+gen/", "+gen/a"]);
}
