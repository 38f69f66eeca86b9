//! `cp`, `export` and `commit`: files into containers and out of them, and images of what they changed.

use std::fs;
use std::path::Path;

use crate::support::project;

const TWO: &str = "services: {web: {<<: *idle, scale: 2}}\n";

/// Bytes of every value, the same in every run.
fn binary(length: usize) -> Vec<u8> {
    let states =
        std::iter::successors(Some(7_u32), |state| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)));
    states.map(|state| state.to_le_bytes()[3]).take(length).collect()
}

#[tokio::test]
async fn files_come_back_as_they_went() {
    project("copying-round", TWO, |s| async move {
        s.up(&[]).await;
        let at = |name: &str| s.folder().join(name);
        let data = binary(5 << 20);
        fs::create_dir_all(at("data/inner/empty")).expect("folders");
        fs::write(at("data/big"), &data).expect("a file");
        fs::write(at("data/inner/script"), "#!/bin/sh\n").expect("a file");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(at("data/inner/script"), fs::Permissions::from_mode(0o750)).expect("it is ours");
            std::os::unix::fs::symlink("../big", at("data/inner/link")).expect("a link");
        }
        let into = s.hoist(&["cp", "data", "web:/tmp"]).await.ok();
        for name in ["web-1", "web-2"] {
            let name = format!("{}-{name}", s.project);
            into.stderr.lines().find(|line| *line == format!(" {name} Copied data to {name}:/tmp")).expect(&name);
        }
        // A container that has ended has its files still.
        for replica in s.replicas().await {
            s.stop(&replica.id).await;
        }
        s.hoist(&["cp", "--index", "2", "web:/tmp/data", "back"]).await.ok().says("web-2 Copied");
        assert_eq!(fs::read(at("back/big")).expect("a file"), data);
        assert!(at("back/inner/empty").is_dir());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(at("back/inner/script")).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o750);
            assert_eq!(fs::read_link(at("back/inner/link")).expect("a link"), Path::new("../big"));
        }
        let times = ["data/big", "back/big"].map(|name| {
            let modified = fs::metadata(at(name)).and_then(|metadata| metadata.modified()).expect("a time");
            modified.duration_since(std::time::UNIX_EPOCH).expect("it is later").as_secs()
        });
        assert_eq!(times[0], times[1]);
    })
    .await;
}

#[tokio::test]
async fn where_copies_land_is_as_with_docker() {
    project("copying-rules", "services: {web: {<<: *idle}}\n", |s| async move {
        s.up(&[]).await;
        let id = s.only("web").await.id;
        s.write("file", "one");
        s.write("dir/two", "two");
        s.exec(&id, &["ln", "-s", "/tmp/named", "/link"]).await;
        for (source, destination) in [
            ("file", "web:/tmp"),
            ("file", "web:/tmp/named"),
            ("dir", "web:/tmp"),
            ("dir", "web:/tmp/made"),
            ("dir/.", "web:/tmp/content"),
            ("dir/.", "web:/tmp"),
            ("file", "web:relative"),
        ] {
            s.hoist(&["cp", source, destination]).await.ok();
        }
        let found = s.exec(&id, &["sh", "-c", "cd /; find tmp relative -type f | sort"]).await;
        let expected =
            ["relative", "tmp/content/two", "tmp/dir/two", "tmp/file", "tmp/made/two", "tmp/named", "tmp/two"];
        assert_eq!(found.split_whitespace().collect::<Vec<_>>(), expected);
        s.write("file", "through the link");
        s.hoist(&["cp", "file", "web:/link"]).await.ok();
        assert_eq!(s.exec(&id, &["cat", "/tmp/named"]).await, "through the link");
        for (arguments, error) in [
            (["cp", "file", "web:/tmp/none/"], "no such directory"),
            (["cp", "file", "web:/none/new"], "Could not find the file /none in container"),
            (["cp", "dir", "web:/tmp/file"], "cannot copy directory"),
            (["cp", "none", "web:/tmp"], "no such file or directory"),
            (["cp", "web:/none", "new"], "Could not find the file /none in container"),
            (["cp", "web:/tmp", "none/new"], "does not exist"),
            (["cp", "file", "db:/tmp"], "no container found for service \"db\""),
            (["cp", "web:/a", "web:/b"], "copying between services is not supported"),
        ] {
            s.hoist(&arguments).await.ends_with(1).says(error);
        }
        s.hoist(&["--dry-run", "cp", "file", "web:/tmp/dry"]).await.ok().says("Copied");
        assert!(!s.exec(&id, &["ls", "/tmp"]).await.contains("dry"));
    })
    .await;
}

#[tokio::test]
async fn archives_go_through_standard_input_and_output() {
    project("copying-streams", TWO, |s| async move {
        s.up(&[]).await;
        let id = s.replicas().await[0].id.clone();
        s.exec(&id, &["sh", "-c", "mkdir /data && echo text > /data/file"]).await;
        let out = s.hoist(&["cp", "web:/data", "-"]).await.ok();
        assert!(out.stdout.starts_with("data/"), "an archive of the folder");
        s.run_with_input(s.command(&["cp", "-", "web:/tmp"]), &out.stdout).await.ok();
        for replica in s.replicas().await {
            assert_eq!(s.exec(&replica.id, &["cat", "/tmp/data/file"]).await.trim(), "text");
        }
        s.run_with_input(s.command(&["cp", "-", "web:/none"]), &out.stdout)
            .await
            .ends_with(1)
            .says("must be a directory");
    })
    .await;
}

#[tokio::test]
async fn an_export_is_a_whole_archive_or_none() {
    project("copying-export", "services: {web: {<<: *idle}}\n", |s| async move {
        s.hoist(&["export", "web", "-o", "all.tar"]).await.ends_with(1).says("service \"web\" is not running");
        s.up(&[]).await;
        let id = s.only("web").await.id;
        s.exec(&id, &["sh", "-c", "echo text > /marked"]).await;
        s.hoist(&["export", "-o", "all.tar", "web"]).await.ok().says("web-1 Exported");
        let file = fs::File::open(s.folder().join("all.tar")).expect("a file");
        let mut archive = tar::Archive::new(file);
        let names = archive
            .entries()
            .expect("an archive")
            .map(|entry| entry.expect("an entry").path().expect("a name").into_owned());
        assert!(names.into_iter().any(|name| name == Path::new("marked")));
        s.hoist(&["export", "-o", "none/all.tar", "web"]).await.ends_with(1).says("failed to export container");
        s.hoist(&["export", "--index", "2", "web"]).await.ends_with(1).says("is not running container #2");
    })
    .await;
}

#[tokio::test]
async fn a_commit_makes_an_image_with_what_was_asked_for() {
    project("copying-commit", "services: {web: {<<: *idle}}\n", |s| async move {
        s.up(&[]).await;
        let id = s.only("web").await.id;
        s.exec(&id, &["sh", "-c", "echo text > /marked"]).await;
        let name = format!("{}-image", s.project);
        let image = format!("{name}:1");
        let arguments =
            ["commit", "-m", "why", "-a", "me", "-c", "ENV A=b,c", "-c", "WORKDIR /tmp", "-p=false", "web", &image];
        s.hoist(&arguments).await.ok().says("web-1 Committed as sha256:");
        let made = s.docker.inspect_image(&image).await.expect("it was made");
        let config = made.config.expect("it has a configuration");
        assert!(config.env.unwrap_or_default().contains(&"A=b,c".to_owned()));
        assert_eq!((config.working_dir.as_deref(), made.author.as_deref()), (Some("/tmp"), Some("me")));
        s.hoist(&["--dry-run", "commit", "web", &format!("{name}:dry")]).await.ok().says("Committed");
        assert!(s.docker.inspect_image(&format!("{name}:dry")).await.is_err());
        s.hoist(&["commit", "-c", "FROM x", "web"]).await.ends_with(1).says("FROM is not a valid change command");
        s.remove_images(&name).await;
    })
    .await;
}
