//! Volumes and mounts.

use crate::support::{Scenario, project, scenario};

/// Where a service's container has what mounted: `target=volume`, sorted.
async fn mounts(s: &Scenario, service: &str) -> Vec<String> {
    let mounts = s.inspect(service).await.mounts.unwrap_or_default();
    let mut mounts: Vec<_> = mounts
        .into_iter()
        .map(|mount| format!("{}={}", mount.destination.unwrap_or_default(), mount.name.unwrap_or_default()))
        .collect();
    mounts.sort();
    mounts
}

#[tokio::test]
async fn a_volume_is_made_as_declared() {
    let file = r#"
services: {db: {<<: *idle, volumes: ["data:/data"]}}
volumes: {data: {labels: {kept: "yes"}, driver_opts: {type: tmpfs, device: tmpfs, o: "size=1m"}}}
"#;
    project("vol-made", file, |s| async move {
        s.up(&[]).await;
        let volume = s.volume(&s.named("data")).await;
        assert_eq!(volume.driver, "local");
        assert_eq!(volume.labels["kept"], "yes");
        assert_eq!(volume.labels["com.docker.compose.volume"], "data");
        assert_eq!(volume.labels["com.docker.compose.project"], s.project);
        assert_eq!(volume.labels["com.docker.compose.config-hash"].len(), 64);
        assert_eq!(volume.options["o"], "size=1m");
        s.is_settled().await;
    })
    .await;
}

#[tokio::test]
async fn an_external_volume_is_used_and_never_removed() {
    let file = "services: {db: {<<: *idle, volumes: ['data:/data']}}\nvolumes: {data: {external: true, name: hoist-test-ext-vol}}\n";
    project("vol-external", file, |s| async move {
        s.foreign_volume("hoist-test-ext-vol", &[]).await;
        s.up(&[]).await.does_not_say("hoist-test-ext-vol");
        assert_eq!(mounts(&s, "db").await, ["/data=hoist-test-ext-vol"]);
        s.is_settled().await;
        s.hoist(&["down", "--volumes"]).await.ok();
        s.volume("hoist-test-ext-vol").await;
    })
    .await;
}

#[tokio::test]
async fn a_missing_external_volume_is_named_before_anything_is_made() {
    let file = "services: {db: {<<: *idle, volumes: ['data:/data']}}\nvolumes: {data: {external: true, name: hoist-test-no-vol}}\n";
    project("vol-missing", file, |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1).says("external volume \"hoist-test-no-vol\" not found");
        assert!(s.is_gone().await);
    })
    .await;
}

#[tokio::test]
async fn an_unmanaged_volume_of_the_right_name_is_used_with_a_warning() {
    project(
        "vol-unmanaged",
        "services: {db: {<<: *idle, volumes: ['data:/data']}}\nvolumes: {data: {}}\n",
        |s| async move {
            let name = s.named("data");
            s.foreign_volume(&name, &[]).await;
            s.up(&[]).await.says(&format!("volume \"{name}\" already exists but was not created by Docker Compose"));
            assert_eq!(mounts(&s, "db").await, [format!("/data={name}")]);
        },
    )
    .await;
}

#[tokio::test]
async fn a_volume_of_another_project_is_used_with_a_warning_and_outlives_down() {
    project(
        "vol-of-other",
        "services: {db: {<<: *idle, volumes: ['data:/data']}}\nvolumes: {data: {}}\n",
        |s| async move {
            let name = s.named("data");
            s.foreign_volume(&name, &[("com.docker.compose.project", "other"), ("com.docker.compose.volume", "data")])
                .await;
            s.up(&[]).await.says(&format!("created for project \"other\" (expected \"{}\")", s.project));
            s.hoist(&["down", "--volumes"]).await.ok();
            s.volume(&name).await;
        },
    )
    .await;
}

const CHANGED: &str = r#"
services:
  db: {<<: *idle, volumes: ["data:/data", /anonymous]}
  reader: {<<: *idle, volumes_from: [db]}
  web: {<<: *idle}
volumes: {data: {labels: {round: "1"}}}
"#;

async fn up_with_changed_volume(s: &Scenario, arguments: &[&str], input: &str) {
    s.up(&[]).await;
    let db = s.only("db").await.id;
    s.exec(&db, &["sh", "-c", "echo kept > /data/file"]).await;
    s.compose(&CHANGED.replace("\"1\"", "\"2\""));
    let command = s.command(&[&["up", "-d"], arguments].concat());
    s.run_with_input(command, input).await.ok();
}

#[tokio::test]
async fn a_changed_volume_is_kept_unless_the_user_says_yes() {
    project("vol-kept", CHANGED, |s| async move {
        up_with_changed_volume(&s, &[], "n\n").await;
        let db = s.only("db").await.id;
        assert_eq!(s.exec(&db, &["cat", "/data/file"]).await, "kept\n");
        assert_eq!(s.volume(&s.named("data")).await.labels["round"], "1");
        let asked = s.hoist(&["up", "-d"]).await.ok();
        assert!(asked.stdout.contains("exists but doesn't match configuration"), "asked again: {}", asked.stdout);
    })
    .await;
}

#[tokio::test]
async fn a_changed_volume_is_recreated_with_all_that_mounts_it_after_a_yes() {
    for (name, arguments, input) in [("vol-yes", &["-y"][..], ""), ("vol-answer", &[][..], "y\n")] {
        project(name, CHANGED, |s| async move {
            let web = {
                s.up(&["web"]).await;
                s.only("web").await.id
            };
            up_with_changed_volume(&s, arguments, input).await;
            assert_eq!(s.volume(&s.named("data")).await.labels["round"], "2");
            assert_eq!(s.states().await, ["db/1 running", "reader/1 running", "web/1 running"]);
            let (db, reader) = (s.only("db").await.id, s.only("reader").await.id);
            assert_eq!(s.exec(&db, &["ls", "/data"]).await, "", "the data is gone");
            assert_eq!(s.exec(&reader, &["ls", "/data"]).await, "");
            assert_eq!(s.only("web").await.id, web, "who does not mount it is left alone");
            s.is_settled().await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_changed_volume_that_another_project_mounts_is_refused_before_anything_is_touched() {
    project("vol-changed-used", CHANGED, |s| async move {
        s.up(&[]).await;
        let before = s.ids().await;
        s.foreign_mounting("hoist-test-vol-lodger", &s.named("data"), &[("com.docker.compose.project", "other")]).await;
        s.compose(&CHANGED.replace("\"1\"", "\"2\""));
        s.hoist(&["up", "-d", "-y"]).await.ends_with(1).says("hoist-test-vol-lodger").says("compose.yaml:");
        assert_eq!(s.ids().await, before);
        assert_eq!(s.states().await, ["db/1 running", "reader/1 running", "web/1 running"]);
        assert_eq!(s.volume(&s.named("data")).await.labels["round"], "1");
    })
    .await;
}

#[tokio::test]
async fn a_renamed_volume_is_made_anew_and_the_old_one_kept() {
    let file = |name: &str| {
        format!(
            "services: {{db: {{<<: *idle, volumes: ['data:/data']}}}}\nvolumes: {{data: {{name: hoist-test-{name}}}}}\n"
        )
    };
    project("vol-renamed", &file("vol-one"), |s| async move {
        s.up(&[]).await;
        s.compose(&file("vol-two"));
        s.up(&[]).await;
        assert_eq!(s.volumes().await, ["hoist-test-vol-one", "hoist-test-vol-two"]);
        assert_eq!(mounts(&s, "db").await, ["/data=hoist-test-vol-two"]);
        s.is_settled().await;
    })
    .await;
}

#[tokio::test]
async fn mounts_reach_the_engine_in_their_own_ways() {
    let file = r#"
services:
  db:
    <<: *idle
    volumes:
      - {type: bind, source: ./site, target: /strict, bind: {create_host_path: false}}
      - {type: bind, source: ./site, target: /private, bind: {propagation: rprivate}}
      - {type: volume, source: data, target: /fresh, volume: {nocopy: true}}
      - {type: volume, source: data, target: /part, volume: {subpath: part}}
      - {type: tmpfs, target: /scratch, tmpfs: {size: 1m, mode: 0o700}}
      - data:/whole:ro
      - ./made:/made
    tmpfs: ["/run:size=64k"]
volumes: {data: {}}
"#;
    let compose =
        ["x-idle: &idle {image: 'busybox:latest', command: [sleep, '600'], stop_grace_period: 0s}\n", file].concat();
    scenario("vol-ways", &[("compose.yaml", &compose), ("site/file", "x")], |s| async move {
        s.foreign_volume(
            &s.named("data"),
            &[("com.docker.compose.project", s.project.as_str()), ("com.docker.compose.volume", "data")],
        )
        .await;
        let script = r#"
services:
  prepare: {<<: *idle, command: [mkdir, /data/part], volumes: ["data:/data"]}
volumes: {data: {}}
"#;
        s.compose(script);
        s.up(&[]).await;
        s.reach(&["prepare/1 exited"]).await;
        s.compose(file);
        s.up(&["--remove-orphans"]).await;
        let host = s.inspect("db").await.host_config.expect("a host configuration");
        let mut binds = host.binds.unwrap_or_default();
        binds.sort();
        let made = s.folder().canonicalize().expect("a folder").join("made");
        assert_eq!(binds, [format!("{}:/made:rw", made.display()), format!("{}:/whole:ro", s.named("data"))]);
        assert!(made.is_dir(), "the engine makes the folder of a short form");
        let mounts = host.mounts.unwrap_or_default();
        let at = |target: &str| {
            mounts.iter().find(|mount| mount.target.as_deref() == Some(target)).expect("it is mounted").clone()
        };
        assert_ne!(at("/strict").bind_options.and_then(|bind| bind.create_mountpoint), Some(true));
        assert!(format!("{:?}", at("/private").bind_options).to_lowercase().contains("rprivate"));
        assert_eq!(at("/fresh").volume_options.and_then(|volume| volume.no_copy), Some(true));
        assert_eq!(at("/part").volume_options.and_then(|volume| volume.subpath).as_deref(), Some("part"));
        assert_eq!(at("/scratch").tmpfs_options.clone().and_then(|tmpfs| tmpfs.size_bytes), Some(1 << 20));
        assert_eq!(at("/scratch").tmpfs_options.and_then(|tmpfs| tmpfs.mode), Some(0o700));
        assert_eq!(host.tmpfs.unwrap_or_default()["/run"], "size=64k");
        s.is_settled().await;
    })
    .await;
}

#[tokio::test]
async fn a_bind_whose_folder_must_be_there_fails_without_it() {
    let file = "services: {db: {<<: *idle, volumes: [{type: bind, source: ./none, target: /x, bind: {create_host_path: false}}]}}\n";
    project("vol-strict", file, |s| async move {
        s.hoist(&["up", "-d"]).await.ends_with(1).says("none");
        assert!(!s.folder().join("none").exists());
    })
    .await;
}

#[tokio::test]
async fn a_source_less_entry_inherits_and_a_source_wins() {
    let file = "services: {db: {<<: *idle, environment: {ROUND: '1'}, volumes: [/cache]}}\n";
    project("vol-inherit", file, |s| async move {
        s.up(&[]).await;
        let first = mounts(&s, "db").await;
        s.compose(&file.replace("'1'", "'2'"));
        s.up(&[]).await;
        assert_eq!(mounts(&s, "db").await, first, "the anonymous volume is mounted again");
        assert_eq!(s.only("db").await.labels["com.docker.compose.replace"], "db-1");
        s.compose("services: {db: {<<: *idle, volumes: ['data:/cache']}}\nvolumes: {data: {}}\n");
        s.up(&[]).await;
        assert_eq!(mounts(&s, "db").await, [format!("/cache={}", s.named("data"))]);
    })
    .await;
}

#[tokio::test]
async fn a_bind_that_left_the_file_is_not_mounted_again() {
    let file = "services: {db: {<<: *idle, volumes: ['./site:/cache']}}\n";
    project("vol-left", file, |s| async move {
        s.up(&[]).await;
        s.compose("services: {db: {<<: *idle, volumes: [/cache]}}\n");
        s.up(&[]).await;
        let mounted = s.inspect("db").await.mounts.unwrap_or_default();
        assert_eq!(mounted.len(), 1);
        assert!(mounted[0].name.is_some(), "a volume of its own: {mounted:?}");
    })
    .await;
}

/// Writes something into a service's anonymous volume, and gives back the volume's name.
async fn precious(s: &Scenario, service: &str, target: &str) -> String {
    let container = s.only(service).await.id;
    s.exec(&container, &["sh", "-c", &format!("echo precious > {target}/file")]).await;
    let mounts = s.inspect(service).await.mounts.unwrap_or_default();
    let mount = mounts.into_iter().find(|mount| mount.destination.as_deref() == Some(target));
    mount.and_then(|mount| mount.name).expect("an anonymous volume")
}

/// Fails the test unless the volume is there with what [`precious`] wrote.
async fn is_kept(s: &Scenario, volume: &str) {
    let file = format!(
        "services: {{x: {{image: 'busybox:latest', command: [cat, /v/file], volumes: ['kept:/v']}}}}\nvolumes: {{kept: {{external: true, name: {volume}}}}}\n"
    );
    s.write("look/compose.yaml", &file);
    let project = format!("{}-look", s.project);
    let looked = s.hoist(&["-p", &project, "-f", "look/compose.yaml", "up", "--no-log-prefix"]).await.ok();
    s.hoist(&["-p", &project, "-f", "look/compose.yaml", "down"]).await.ok();
    assert!(looked.stdout.contains("precious"), "{volume} has its data: {looked:?}");
}

#[tokio::test]
async fn anonymous_volumes_without_a_container_are_kept_and_named() {
    let file = "services: {web: {<<: *idle, volumes: [/cache]}}\n";
    let named = "services: {web: {<<: *idle, volumes: ['data:/cache']}}\nvolumes: {data: {}}\n";
    let changes: [(&str, &str, &[&str]); 6] = [
        ("a named volume takes its place", named, &[]),
        ("a bind takes its place", "services: {web: {<<: *idle, volumes: ['./site:/cache']}}\n", &[]),
        ("renewed", file, &["-V"]),
        ("scaled down", file, &["--scale", "web=0"]),
        ("renamed", "services: {www: {<<: *idle, volumes: [/cache]}}\n", &["--remove-orphans"]),
        ("created alone", named, &["--no-start"]),
    ];
    for (at, (what, after, flags)) in changes.into_iter().enumerate() {
        project(&format!("vol-kept-{at}"), file, |s| async move {
            s.up(&[]).await;
            let volume = precious(&s, "web", "/cache").await;
            s.compose(after);
            let planned = s.hoist(&[&["up", "-d", "--dry-run", "--steps"], flags].concat()).await.ok().stdout;
            assert!(planned.contains(&format!("  {volume} (/cache of ")), "{what}: {planned}");
            let ran = s.up(flags).await.says("To remove it and its data: docker volume rm ");
            assert_eq!(ran.stderr.matches(&format!("docker volume rm {volume}")).count(), 1, "{what}: {ran:?}");
            is_kept(&s, &volume).await;
            s.up(flags).await.does_not_say(&volume);
        })
        .await;
    }
}

#[tokio::test]
async fn an_anonymous_volume_without_a_place_is_kept_and_named() {
    // Only the image tells whether it still has a place for it, so the run finds out.
    let file = "services: {web: {<<: *idle, volumes: [/cache]}}\n";
    for (at, after) in
        ["services: {web: {<<: *idle, volumes: [/other]}}\n", "services: {web: {<<: *idle}}\n"].into_iter().enumerate()
    {
        project(&format!("vol-place-{at}"), file, |s| async move {
            s.up(&[]).await;
            let volume = precious(&s, "web", "/cache").await;
            s.compose(after);
            s.up(&[]).await.says(&format!("docker volume rm {volume}"));
            is_kept(&s, &volume).await;
        })
        .await;
    }
}

#[tokio::test]
async fn down_keeps_anonymous_volumes_unless_it_is_told_to_remove_them() {
    // The container of a hook shares the volume, and must not take it along.
    let file = r#"
services:
  web: {<<: *idle, volumes: [/cache], pre_start: [{command: [sh, -c, "exit $$CODE"], environment: {CODE: "0"}}]}
"#;
    project("vol-down-keeps", file, |s| async move {
        s.up(&[]).await;
        let volume = precious(&s, "web", "/cache").await;
        s.compose(&file.replace("CODE: \"0\"", "CODE: \"7\""));
        s.hoist(&["up", "-d", "--force-recreate"]).await.ends_with(1);
        s.hoist(&["down"]).await.ok().says(&format!("docker volume rm {volume}"));
        assert!(s.is_gone().await);
        is_kept(&s, &volume).await;
    })
    .await;
}

#[tokio::test]
async fn a_rolling_update_that_cannot_make_its_container_leaves_the_old_one() {
    let file = r"
services:
  web:
    build: .
    stop_grace_period: 0s
    volumes: [/cache]
    deploy: {update_config: {order: start-first}}
    x-hoist: {rolling: true}
";
    project("vol-rolling", file, |s| async move {
        s.write("Dockerfile", "FROM busybox\nCMD [\"sleep\", \"600\"]\n");
        s.up(&["--build"]).await;
        let before = s.only("web").await.id;
        let volume = precious(&s, "web", "/cache").await;
        // The engine makes no container of an image that has nothing to run.
        s.write("Dockerfile", "FROM busybox\nCMD []\n");
        s.hoist(&["up", "-d", "--build"]).await.ends_with(1).says("no command specified");
        assert_eq!(s.only("web").await.id, before);
        assert_eq!(s.states().await, ["web/1 running"]);
        is_kept(&s, &volume).await;
    })
    .await;
}

#[tokio::test]
async fn down_with_volumes_removes_anonymous_ones_too() {
    project("vol-down", "services: {web: {<<: *idle, volumes: [/cache]}}\n", |s| async move {
        s.up(&[]).await;
        let name = mounts(&s, "web").await[0].replace("/cache=", "");
        s.up(&["--force-recreate"]).await;
        s.hoist(&["down", "--volumes"]).await.ok();
        assert!(s.docker.inspect_volume(&name).await.is_err(), "also one that was carried over");
    })
    .await;
}

#[tokio::test]
async fn a_volume_others_mount_is_reported_and_left() {
    project("vol-used", "services: {db: {<<: *idle, volumes: ['data:/data']}}\nvolumes: {data: {}}\n", |s| async move {
        s.up(&[]).await;
        let name = s.named("data");
        let other = format!("services: {{x: {{image: 'busybox:latest', command: [sleep, '600'], stop_grace_period: 0s, volumes: ['data:/d']}}}}\nvolumes: {{data: {{external: true, name: {name}}}}}\n");
        let volume = name.clone();
        scenario("vol-user", &[("compose.yaml", &other)], |user| async move {
            user.up(&[]).await;
            s.hoist(&["down", "--volumes"]).await.ok().says("Resource is still in use");
            s.volume(&volume).await;
            assert!(s.replicas().await.is_empty());
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn read_only_volumes_from_stay_read_only() {
    let file = r#"
services:
  db: {<<: *idle, volumes: ["data:/data"]}
  reader: {<<: *idle, volumes_from: ["db:ro"]}
volumes: {data: {}}
"#;
    project("vol-from-ro", file, |s| async move {
        s.up(&[]).await;
        let mounts = s.inspect("reader").await.mounts.unwrap_or_default();
        assert_eq!(mounts[0].rw, Some(false));
        s.is_settled().await;
    })
    .await;
}
