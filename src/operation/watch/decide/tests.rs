use proptest::prelude::*;
use proptest::{collection, sample};

use super::super::rule::tests::rule;
use super::*;

fn places(paths: &[&str]) -> Vec<Place> {
    paths.iter().map(|path| Place { path: path.into(), real: path.into() }).collect()
}

fn change(place: usize, relative: &str, kind: Kind, what: What) -> Change {
    Change { place, relative: relative.into(), kind, what }
}

/// The actions in a form to compare.
fn shown(actions: &Actions) -> Vec<String> {
    let mut lines = Vec::new();
    if actions.rebuild {
        lines.push("rebuild".to_owned());
    }
    lines.extend(actions.sync.removed.iter().map(|(path, removal)| format!("{removal:?} {}", path.display())));
    lines.extend(actions.sync.written.iter().map(|(path, from)| format!("{} <- {}", path.display(), from.display())));
    if actions.restart {
        lines.push("restart".to_owned());
    }
    lines.extend(actions.commands.iter().map(|index| format!("exec {index}")));
    lines
}

#[test]
fn each_action_does_its_own() {
    use WatchAction::{Rebuild, Restart, Sync, SyncExec, SyncRestart};
    let of = |action| {
        let rules = [rule(action, "/p/r", &[], &["no"], &[])];
        let changes = [change(0, "no", Kind::File, What::Written), change(0, "a", Kind::File, What::Written)];
        shown(&decide(&rules, &places(&["/p/r"]), &changes))
    };
    assert_eq!(of(Sync), ["/app/a <- /p/r/a"]);
    assert_eq!(of(SyncRestart), ["/app/a <- /p/r/a", "restart"]);
    assert_eq!(of(SyncExec), ["/app/a <- /p/r/a", "exec 0"]);
    assert_eq!(of(Restart), ["restart"]);
    assert_eq!(of(Rebuild), ["rebuild"]);
}

#[test]
fn containers_that_are_replaced_are_not_restarted_too() {
    let rules = [rule(WatchAction::Restart, "/p", &[], &[], &[]), rule(WatchAction::Rebuild, "/p", &[], &[], &[])];
    assert_eq!(shown(&decide(&rules, &places(&["/p"]), &[change(0, "a", Kind::File, What::Written)])), ["rebuild"]);
}

#[test]
fn a_folder_goes_as_a_whole_only_if_nothing_in_it_is_somebody_elses() {
    let gone = [
        change(0, "d", Kind::Folder, What::Removed),
        change(0, "d/e", Kind::Folder, What::Removed),
        change(0, "d/e/f", Kind::File, What::Removed),
        change(0, "g", Kind::File, What::Removed),
    ];
    let of = |include: &[&str], ignore: &[&str], build: &[&str]| {
        let rules = [rule(WatchAction::Sync, "/p", include, ignore, build)];
        shown(&decide(&rules, &places(&["/p"]), &gone))
    };
    let whole = ["All /app/d", "File /app/g"];
    let parts = ["IfEmpty /app/d", "IfEmpty /app/d/e", "File /app/d/e/f", "File /app/g"];
    assert_eq!(of(&[], &[], &[]), whole);
    assert_eq!(of(&[], &["x"], &["y"]), whole);
    assert_eq!(of(&[], &["d/e/node_modules"], &[]), parts);
    assert_eq!(of(&[], &["**/*.log"], &[]), parts);
    assert_eq!(of(&[], &[], &["d/x"]), ["IfEmpty /app/d", "All /app/d/e", "File /app/g"]);
    assert_eq!(of(&["**/f"], &[], &[]), ["File /app/d/e/f"]);
}

#[test]
fn the_folder_that_is_copied_into_stays_but_a_file_goes() {
    let rules = [rule(WatchAction::Sync, "/p", &[], &[], &[])];
    let of = |kind| shown(&decide(&rules, &places(&["/p"]), &[change(0, "", kind, What::Removed)]));
    assert!(of(Kind::Folder).is_empty());
    assert_eq!(of(Kind::File), ["File /app"]);
}

#[test]
fn what_could_not_be_done_is_done_with_the_next() {
    let sync = |removed: &[(&str, Removal)], written: &[&str]| Sync {
        removed: removed.iter().map(|(path, removal)| (path.into(), *removal)).collect(),
        written: written.iter().map(|path| (path.into(), format!("/p{path}").into())).collect(),
    };
    let all = sync(&[("/a", Removal::All)], &["/x/y", "/z", "/f"])
        .followed_by(sync(&[("/x", Removal::All), ("/f", Removal::File)], &["/a"]));
    let expected = sync(&[("/a", Removal::All), ("/x", Removal::All), ("/f", Removal::File)], &["/a", "/z"]);
    assert_eq!(all, expected);
    assert_eq!(all.len(), 4);
}

#[test]
fn the_first_copy_is_that_of_the_rules_that_ask_for_it() {
    let mut rules =
        [rule(WatchAction::Sync, "/p", &["a"], &[], &[]), rule(WatchAction::SyncRestart, "/p", &["b"], &[], &[])];
    rules[1].initial_sync = true;
    let present = [change(0, "a", Kind::File, What::Written), change(0, "b", Kind::File, What::Written)];
    let sync = initial(&rules, &places(&["/p"]), &present);
    assert_eq!(sync.written.into_keys().collect::<Vec<_>>(), [Path::new("/app/b")]);
}

const NAMES: [&str; 6] = ["a", "b", "c.js", "d.log", ".git", "e~"];
const PATTERNS: [&str; 8] = ["a", "b/c.js", "*.log", "**/*.js", "**/b", "!a/b", "a/*", "*"];
const PLACES: [&str; 3] = ["/p", "/p/a", "/q"];

fn pattern_list() -> impl Strategy<Value = Vec<&'static str>> {
    collection::vec(sample::select(&PATTERNS[..]), 0..3)
}

fn a_rule() -> impl Strategy<Value = Rule> {
    use WatchAction::{Rebuild, Restart, Sync, SyncExec, SyncRestart};
    let actions = sample::select(vec![Sync, Sync, SyncRestart, SyncExec, Restart, Rebuild]);
    (actions, sample::select(&PLACES[..]), pattern_list(), pattern_list(), pattern_list()).prop_map(
        |(action, path, include, ignore, build)| Rule {
            target: Some(format!("/target{path}")),
            ..rule(action, path, &include, &ignore, &build)
        },
    )
}

/// A tree as the paths of its files.
fn tree() -> impl Strategy<Value = BTreeSet<PathBuf>> {
    let path = collection::vec(sample::select(&NAMES[..]), 1..4).prop_map(|names| names.iter().collect::<PathBuf>());
    collection::btree_set(path, 0..8).prop_map(|mut files: BTreeSet<PathBuf>| {
        // No file is the folder of another.
        let all = files.clone();
        files.retain(|file| !all.iter().any(|other| other != file && other.starts_with(file)));
        files
    })
}

/// All paths of a tree, with what they are.
fn entries(files: &BTreeSet<PathBuf>) -> BTreeMap<PathBuf, Kind> {
    let mut entries = BTreeMap::new();
    for file in files {
        entries.extend(file.ancestors().skip(1).map(|folder| (folder.to_owned(), Kind::Folder)));
        entries.insert(file.clone(), Kind::File);
    }
    entries
}

/// What one tree has that another has not, and what is written in both.
fn burst(
    place: usize,
    before: &BTreeSet<PathBuf>,
    after: &BTreeSet<PathBuf>,
    touched: &BTreeSet<PathBuf>,
) -> Vec<Change> {
    let (old, new) = (entries(before), entries(after));
    let removed = old.iter().filter(|(path, kind)| new.get(*path) != Some(kind));
    let mut changes: Vec<_> = removed
        .map(|(path, kind)| Change { place, relative: path.clone(), kind: *kind, what: What::Removed })
        .collect();
    let written = new.iter().filter(|(path, kind)| old.get(*path) != Some(kind) || touched.contains(*path));
    changes.extend(written.map(|(path, kind)| Change {
        place,
        relative: path.clone(),
        kind: *kind,
        what: What::Written,
    }));
    changes
}

/// Carries a sync out on a container, as paths of what it has.
fn carry_out(container: &mut BTreeMap<PathBuf, Kind>, sync: &Sync, kinds: &BTreeMap<PathBuf, Kind>) {
    for (path, removal) in sync.removed.iter().rev() {
        match removal {
            Removal::All => container.retain(|other, _| !other.starts_with(path)),
            Removal::IfEmpty if container.keys().any(|other| other != path && other.starts_with(path)) => {}
            Removal::File | Removal::IfEmpty => drop(container.remove(path)),
        }
    }
    for (path, from) in &sync.written {
        container.insert(path.clone(), kinds[from]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn what_may_never_happen(
        rules in collection::vec(a_rule(), 1..4),
        (before, after) in (collection::vec(tree(), 3), collection::vec(tree(), 3)),
        touched in tree(),
        changed in 0..4usize,
    ) {
        let places = places(&PLACES);
        let changes: Vec<_> =
            (0..3).flat_map(|place| burst(place, &before[place], &after[place], &touched)).collect();
        let actions = decide(&rules, &places, &changes);

        // Only what a rule is about is copied, from where it is to where it belongs.
        for (inside, from) in &actions.sync.written {
            let is_asked = |rule: &Rule| {
                let relative = from.strip_prefix(&rule.path).ok()?;
                let known = changes.iter().any(|change| {
                    change.relative == relative && change.what == What::Written
                        && places[change.place].path == rule.path
                });
                let taken = rule.judge(&rule.path, relative) == Verdict::Takes && rule.action.syncs();
                (known && taken && rule.in_container(relative) == *inside).then_some(())
            };
            prop_assert!(rules.iter().any(|rule| is_asked(rule).is_some()), "{}", from.display());
            prop_assert!(!from.iter().any(|name| name == ".git" || name == "e~"));
            prop_assert!(!["/p/Dockerfile", "/p/compose.yaml"].iter().any(|file| from.ends_with(file)));
        }

        // A rule's patterns change nothing for what the others do.
        if let Some(other) = rules.get(changed) {
            let mut without = rules.clone();
            without[changed] = Rule { ignore: rule(other.action, "/p", &[], &["**"], &[]).ignore, ..other.clone() };
            let alone = |kept: &[Rule]| {
                let others: Vec<_> =
                    kept.iter().enumerate().filter(|(at, _)| *at != changed).map(|(_, rule)| rule.clone()).collect();
                decide(&others, &places, &changes)
            };
            prop_assert_eq!(alone(&rules), alone(&without));
            for written in &alone(&rules).sync.written {
                prop_assert!(decide(&without, &places, &changes).sync.written.contains_key(written.0));
            }
        }

        // The container of a single rule has in the end what the rule is about, and nothing that is gone; what it does
        // not copy stays.
        let rule = &rules[0];
        let at = PLACES.iter().position(|place| rule.path == Path::new(place)).expect("it is one of them");
        let kinds = |files: &BTreeSet<PathBuf>| -> BTreeMap<PathBuf, Kind> {
            entries(files).into_iter().map(|(path, kind)| (rule.path.join(path), kind)).collect()
        };
        let wanted = |files: &BTreeSet<PathBuf>| -> BTreeSet<PathBuf> {
            let taken = files.iter().filter(|file| {
                rule.judge(&rule.path, file) == Verdict::Takes && rule.copies(&rule.path, file)
            });
            taken.map(|file| rule.in_container(file)).collect()
        };
        let first = decide(std::slice::from_ref(rule), &places, &burst(at, &BTreeSet::new(), &before[at], &touched));
        let second = decide(std::slice::from_ref(rule), &places, &burst(at, &before[at], &after[at], &touched));
        let mut container = BTreeMap::new();
        carry_out(&mut container, &first.sync, &kinds(&before[at]));
        let files = |container: &BTreeMap<PathBuf, Kind>| -> BTreeSet<PathBuf> {
            container.iter().filter(|(_, kind)| **kind == Kind::File).map(|(path, _)| path.clone()).collect()
        };
        prop_assert_eq!(files(&container), wanted(&before[at]));
        // Something that the container has of its own, where the rule copies nothing.
        let own: Vec<PathBuf> = NAMES.iter().flat_map(|name| NAMES.iter().map(move |inner| Path::new(name).join(inner)))
            .filter(|path| rule.judge(&rule.path, path) == Verdict::Ignores && !before[at].contains(path))
            .filter(|path| !entries(&before[at]).contains_key(path) && !after[at].iter().any(|file| path.starts_with(file)))
            .filter(|path| !path.iter().any(|name| name == ".git" || name == "e~"))
            .filter(|path| !before[at].iter().any(|file| path.starts_with(file)))
            .map(|path| rule.in_container(&path)).collect();
        container.extend(own.iter().map(|path| (path.clone(), Kind::File)));
        carry_out(&mut container, &second.sync, &kinds(&after[at]));
        let mut expected = wanted(&after[at]);
        if rule.action.syncs() {
            expected.extend(own);
            prop_assert_eq!(files(&container), expected);
        }
    }
}
