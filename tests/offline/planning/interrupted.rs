//! What an interrupted run leaves, and what happens to anonymous volumes.

use std::sync::Arc;

use hoist::observed::Observed;
use hoist::plan::{Action, AnonymousVolumePolicy, Recreate, UpOptions};
use hoist::project::Project;
use hoist::project::value::{Mount, MountKind};
use indoc::indoc;

use super::files::{mounts, one_web};
use super::state::{Engine, anonymous, exited, in_sync, stale, with_successor};
use super::{Case, check, plan};

#[test]
fn an_interrupted_swap_is_finished_or_undone() {
    let project = one_web().load();
    let state = || in_sync(&project);
    let only_new = |state: Engine| state.without("shop-web-1");
    check(
        &project,
        [
            Case::new(
                "the old one is obsolete and runs",
                with_successor(state(), |_| {}).with("shop-web-1", stale),
                indoc! {"
                    #1 stop container web/1: left by an interrupted run
                    #2 remove container web/1: left by an interrupted run, after #1
                    #3 rename container web/1 to shop-web-1: left by an interrupted run, after #2
                    #4 start container web/1: replaces the old container, after #3
                "},
            ),
            Case::new(
                "the old one is obsolete and was stopped",
                with_successor(state(), |_| {}).with("shop-web-1", stale).with("shop-web-1", exited(0)),
                indoc! {"
                    #1 remove container web/1: left by an interrupted run
                    #2 rename container web/1 to shop-web-1: left by an interrupted run, after #1
                    #3 start container web/1: replaces the old container, after #2
                "},
            ),
            Case::new(
                "the old one is gone",
                only_new(with_successor(state(), |_| {})),
                indoc! {"
                    #1 rename container web/1 to shop-web-1: left by an interrupted run
                    #2 start container web/1: not running, after #1
                "},
            ),
            Case::new(
                "the old one is gone and the files changed since",
                only_new(with_successor(state(), stale)),
                indoc! {"
                    #1 create container web/1: definition changed
                    #2 remove container web/1: replaced, after #1
                    #3 start container web/1: replaces the old container, after #2
                "},
            ),
            Case::new(
                "both are obsolete",
                with_successor(state(), stale).with("shop-web-1", stale),
                indoc! {"
                    #1 remove container web/1: left by an interrupted run
                    #2 create container web/1 as 7765622f3100_shop-web-1: definition changed, after #1
                    #3 stop container web/1: replaced, after #2
                    #4 remove container web/1: replaced, after #3
                    #5 rename container web/1 to shop-web-1: replaces the old container, after #4
                    #6 start container web/1: replaces the old container, after #5
                "},
            ),
            Case::new(
                "the old one is what the files ask for again",
                with_successor(state(), stale),
                indoc! {"
                    #1 remove container web/1: left by an interrupted run
                "},
            ),
            Case::new(
                "both are what the files ask for",
                with_successor(state(), |_| {}),
                indoc! {"
                    #1 remove container web/1: left by an interrupted run
                "},
            ),
            Case::new(
                "recreation is asked for",
                with_successor(state(), |_| {}),
                indoc! {"
                    #1 remove container web/1: left by an interrupted run
                    #2 create container web/1 as 7765622f3100_shop-web-1: recreation requested, after #1
                    #3 stop container web/1: replaced, after #2
                    #4 remove container web/1: replaced, after #3
                    #5 rename container web/1 to shop-web-1: replaces the old container, after #4
                    #6 start container web/1: replaces the old container, after #5
                "},
            )
            .with(UpOptions { recreate: Recreate::Always, ..UpOptions::default() }),
        ],
    );
    let none = one_web().change("web", |web| web.scale = Some(0)).load();
    check(
        &none,
        [Case::new(
            "the replica is not asked for any more",
            with_successor(in_sync(&project), |_| {}).with("shop-web-1", stale),
            indoc! {"
                #1 stop container web/1: scaled down
                #2 remove container web/1: scaled down, after #1
                #3 remove container web/1: scaled down
            "},
        )],
    );
}

/// What becomes of anonymous volumes: those the new container mounts again, those that are left without a container, and
/// those that are removed.
fn carried(project: &Arc<Project>, state: Engine, options: &UpOptions) -> (Vec<String>, Vec<String>, usize) {
    let observed: Observed = state.into();
    let plan = plan(project, &observed, options);
    let (mut inherited, mut left) = (Vec::new(), Vec::new());
    for (_, step) in plan.steps() {
        if let Action::CreateContainer(spec) = &step.action {
            let replaces = spec.replaces.iter().flat_map(|replaced| &replaced.inherited);
            inherited.extend(replaces.map(|volume| volume.target.clone()));
        }
        left.extend(step.volumes_left().iter().map(|volume| format!("{} of {}", volume.target, volume.container)));
    }
    (inherited, left, plan.destructive().count())
}

#[test]
fn anonymous_volumes_are_carried_over_or_left_with_their_data() {
    let project = one_web().volume("data", |_| {}).change("web", |web| mounts(web, "data", "/data")).load();
    let shadowed = one_web()
        .volume("data", |_| {})
        .change("web", |web| {
            mounts(web, "data", "/data");
            web.volumes.push(Mount {
                kind: MountKind::Bind,
                source: Some("/srv".into()),
                target: "/cache".into(),
                ..Mount::default()
            });
        })
        .load();
    let state = || in_sync(&project).with("shop-web-1", anonymous("/cache"));
    let replaced = || {
        state().with("shop-web-1", |web| {
            web.labels.insert("hoist.inherited".into(), "a".repeat(12));
        })
    };
    let plain = UpOptions::default();
    let renew = UpOptions { anonymous_volumes: AnonymousVolumePolicy::Renew, ..UpOptions::default() };
    let none = UpOptions { scale: [("web".into(), 0)].into(), ..UpOptions::default() };
    let cache = || vec!["/cache".to_owned()];
    let left = || vec!["/cache of web/1".to_owned()];
    let obsolete = state().with("shop-web-1", stale);
    assert_eq!(carried(&project, obsolete, &plain), (cache(), vec![], 0), "named volumes are not carried over");
    assert_eq!(carried(&shadowed, state(), &plain), (vec![], left(), 0), "something else is mounted there now");
    assert_eq!(carried(&project, state(), &renew), (vec![], left(), 0), "-V");
    assert_eq!(carried(&project, replaced(), &renew), (vec![], left(), 0), "-V after a replacement");
    assert_eq!(carried(&project, state(), &none), (vec![], left(), 0), "scaled down");
    assert_eq!(carried(&project, replaced(), &none), (vec![], left(), 0), "scaled down after a replacement");
    let unfinished = with_successor(state(), |_| {}).with("shop-web-1", stale);
    assert_eq!(carried(&project, unfinished, &plain), (vec![], vec![], 0), "the successor has them already");
    let shared = state().running("web", 2).with("shop-web-2", anonymous("/cache"));
    assert_eq!(carried(&project, shared, &plain), (vec![], vec![], 0), "another container mounts it");
}

#[test]
fn a_named_volume_that_left_the_files_is_left_with_its_data() {
    let old = one_web().volume("data", |_| {}).change("web", |web| mounts(web, "data", "/data")).load();
    let new = one_web().load();
    let left = vec!["/data of web/1".to_owned()];
    assert_eq!(carried(&new, in_sync(&old), &UpOptions::default()), (vec![], left, 0));
    let with_batch = one_web().service("batch", "batch:1", |batch| mounts(batch, "data", "/data"));
    let disabled = with_batch.disabled("batch").load();
    let state = in_sync(&old).edit(|observed| observed.images.extend(Observed::from(in_sync(&disabled)).images));
    assert_eq!(carried(&disabled, state, &UpOptions::default()), (vec![], vec![], 0), "a profile has a use for it");
}
