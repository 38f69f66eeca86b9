//! `cp`, `export` and `commit`: which containers they take, what reaches the engine and what is told.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use hoist::engine::fake::Fake;
use hoist::engine::{EngineError, Owners, PathStat};
use hoist::event::{Events, Fact, Task, TaskStatus};
use hoist::operation::copy::{Sides, Streams};
use hoist::operation::{Commit, Copy, Export, Interruption, OneContainer, OperationError};
use hoist::project::label;

use super::collect;

/// Three replicas of `web`, the last of which has ended, and a one-off.
fn engine() -> Fake {
    let engine = Fake::new();
    for (name, number) in [("demo-web-2", 2), ("demo-web-1", 1), ("demo-web-3", 3), ("demo-web-run-1", 0)] {
        let id = engine.add_running("demo", name, "web", number);
        if number == 0 {
            engine.label(&id, label::ONE_OFF, "True");
        }
        if number == 3 {
            engine.stop_silently(&id);
        }
        engine.has_path(name, "/tmp", PathStat::Folder, archive(&[("tmp/one", "1")]));
    }
    engine
}

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, text.as_bytes()).expect("memory can be written to");
    }
    builder.into_inner().expect("memory can be written to")
}

/// The folder that an archive was unpacked in, and the names and texts of its entries.
fn shown((folder, archive): &(String, Vec<u8>)) -> String {
    let mut archive = tar::Archive::new(&**archive);
    let entries = archive.entries().expect("an archive").map(|entry| {
        let mut entry = entry.expect("an entry");
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        format!(" {}={text}", entry.path().expect("a name").display())
    });
    folder.clone() + &entries.collect::<String>()
}

fn unpacked(engine: &Fake, container: &str) -> Vec<String> {
    engine.unpacked(container).iter().map(shown).collect()
}

/// Standard output, for the test to read.
#[derive(Debug, Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no writer panics").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn copy(folder: &Path, source: &str, destination: &str) -> Copy {
    Copy {
        project: "demo".into(),
        sides: Sides::of(source, destination).expect("the sides go together"),
        number: None,
        one_offs: false,
        follow_links: false,
        owners: Owners::Engine,
        dry_run: false,
        folder: folder.to_owned(),
    }
}

struct Copied {
    ended: Result<(), OperationError>,
    told: Vec<String>,
    output: Vec<u8>,
}

async fn run_with(copy: &Copy, engine: &Fake, input: &[u8]) -> Copied {
    let (events, received) = Events::channel();
    let output = Output::default();
    let input = Box::new(io::Cursor::new(input.to_owned()));
    let streams = Streams { input, output: Box::new(output.clone()) };
    let ended = copy.run(engine, &events, &Interruption::default(), streams).await;
    drop(events);
    let told = collect(received).await.into_iter().map(|event| told(&event.fact)).collect();
    let output = output.0.lock().expect("no writer panics").clone();
    Copied { ended, told, output }
}

async fn run(copy: &Copy, engine: &Fake) -> Copied {
    run_with(copy, engine, &[]).await
}

#[expect(clippy::wildcard_enum_match_arm, reason = "no other fact is about a task")]
fn told(fact: &Fact) -> String {
    match fact {
        Fact::TasksStarted { operation } => (*operation).to_owned(),
        Fact::Task { container, task: Task::Copy { from, to }, status } => {
            format!("{container} {from} > {to} {status:?}")
        }
        Fact::Task { container, task, status } => format!("{container} {task:?} {status:?}"),
        other => panic!("{other:?} is not about a task"),
    }
}

#[tokio::test]
async fn all_replicas_get_a_file_whether_they_run_or_not() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("file"), "text").expect("a file");
    let engine = engine();
    let ran = run(&copy(folder.path(), "file", "web:/tmp"), &engine).await;
    ran.ended.expect("it is copied");
    assert_eq!(ran.told[..2], ["copy", "demo-web-1 file > demo-web-1:/tmp Started"]);
    for name in ["demo-web-1", "demo-web-2", "demo-web-3"] {
        assert_eq!(unpacked(&engine, name), ["/tmp file=text"]);
        assert!(ran.told.contains(&format!("{name} file > {name}:/tmp Done")), "{:?}", ran.told);
    }
    assert_eq!(unpacked(&engine, "demo-web-run-1"), [""; 0]);
    // One by its number, and one-offs where they are asked for.
    let one = Copy { number: Some(2), ..copy(folder.path(), "file", "web:/tmp/new") };
    run(&one, &engine).await.ended.expect("it is copied");
    assert_eq!(unpacked(&engine, "demo-web-2").last().expect("an archive"), "/tmp new=text");
    assert_eq!(unpacked(&engine, "demo-web-1").len(), 1);
    let all = Copy { one_offs: true, ..copy(folder.path(), "file", "web:/tmp") };
    run(&all, &engine).await.ended.expect("it is copied");
    assert_eq!(unpacked(&engine, "demo-web-run-1"), ["/tmp file=text"]);
}

#[tokio::test]
async fn an_archive_on_standard_input_reaches_all_replicas() {
    let engine = engine();
    let data = archive(&[("a", "1"), ("b/c", &"x".repeat(1 << 20))]);
    let copy = copy(Path::new("/"), "-", "web:/tmp");
    engine.fail("unpack demo-web-2", EngineError::Failed("no space left on device".to_owned()));
    let ran = run_with(&copy, &engine, &data).await;
    assert_eq!(ran.ended.expect_err("one is full").to_string(), "no space left on device");
    assert!(ran.told.contains(&"demo-web-2 - > demo-web-2:/tmp Failed".to_owned()), "{:?}", ran.told);
    for name in ["demo-web-1", "demo-web-3"] {
        assert_eq!(engine.unpacked(name), [("/tmp".to_owned(), data.clone())]);
    }
}

#[tokio::test]
async fn a_link_at_the_destination_is_followed_once() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("file"), "text").expect("a file");
    let engine = engine();
    engine.has_path("demo-web-1", "/link", PathStat::Link("/tmp".to_owned()), []);
    engine.has_path("demo-web-1", "/new", PathStat::Link("/tmp/none".to_owned()), []);
    engine.has_path("demo-web-1", "/null", PathStat::Device, []);
    let into = |path: &str| Copy { number: Some(1), ..copy(folder.path(), "file", &format!("web:{path}")) };
    run(&into("/link"), &engine).await.ended.expect("it is copied");
    run(&into("/new"), &engine).await.ended.expect("it is copied");
    assert_eq!(unpacked(&engine, "demo-web-1"), ["/tmp file=text", "/tmp none=text"]);
    for (path, error) in [
        ("/null", "destination \"demo-web-1:/null\" must be a directory or a regular file: got a device"),
        ("/tmp/none/", "no such directory"),
        ("/none/new", "Could not find the file /none in container"),
    ] {
        let failed = run(&into(path), &engine).await.ended.expect_err("it cannot be copied").to_string();
        assert!(failed.starts_with(error), "{path}: {failed}");
    }
}

#[tokio::test]
async fn the_first_replica_is_copied_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = engine();
    engine.has_path("demo-web-1", "/tmp/link", PathStat::Link("/tmp".to_owned()), archive(&[]));
    let ran = run(&copy(folder.path(), "web:/tmp", "new"), &engine).await;
    ran.ended.expect("it is copied");
    let expected = ["copy", "demo-web-1 demo-web-1:/tmp > new Started", "demo-web-1 demo-web-1:/tmp > new Done"];
    assert_eq!(ran.told, expected);
    assert_eq!(fs::read_to_string(folder.path().join("new/one")).expect("a file"), "1");
    let followed = Copy { follow_links: true, ..copy(folder.path(), "web:/tmp/link", ".") };
    run(&followed, &engine).await.ended.expect("it is copied");
    assert_eq!(fs::read_to_string(folder.path().join("link/one")).expect("a file"), "1");
    let ran = run(&copy(folder.path(), "web:/tmp", "-"), &engine).await;
    ran.ended.expect("it is copied");
    assert_eq!(ran.output, archive(&[("tmp/one", "1")]));
}

#[tokio::test]
async fn a_dry_run_checks_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("file"), "text").expect("a file");
    let engine = engine();
    let dry = |source: &str, destination: &str| Copy { dry_run: true, ..copy(folder.path(), source, destination) };
    let ran = run(&dry("file", "web:/tmp"), &engine).await;
    ran.ended.expect("it could be copied");
    assert_eq!(ran.told.len(), 7, "{:?}", ran.told);
    run(&dry("web:/tmp", "new"), &engine).await.ended.expect("it could be copied");
    let error = run(&dry("none", "web:/tmp"), &engine).await.ended.expect_err("there is no such file");
    assert!(error.to_string().ends_with("none: no such file or directory"), "{error}");
    run(&dry("web:/none", "new"), &engine).await.ended.expect_err("there is no such file");
    assert_eq!((unpacked(&engine, "demo-web-1").len(), folder.path().join("new").exists()), (0, false));
}

#[tokio::test]
async fn a_service_without_a_container_is_an_error() {
    let engine = engine();
    let of = async |copy: Copy| run(&copy, &engine).await.ended.expect_err("there is none").to_string();
    let folder = Path::new("/");
    assert_eq!(of(copy(folder, "web:/a", "-")).await.split(' ').next(), Some("Could"));
    assert_eq!(of(copy(folder, "db:/a", "-")).await, "no container found for service \"db\"");
    let seventh = Copy { number: Some(7), ..copy(folder, "web:/a", "-") };
    assert_eq!(of(seventh).await, "service \"web\" is not running container #7");
}

fn export(folder: &Path, number: Option<u32>) -> Export {
    Export {
        container: OneContainer { project: "demo".into(), service: "web".into(), number },
        output: Some("all.tar".into()),
        folder: folder.to_owned(),
        dry_run: false,
    }
}

async fn exported(export: &Export, engine: &Fake, interruption: &Interruption) -> Result<(), OperationError> {
    let (events, _received) = Events::channel();
    export.run(engine, &events, interruption, Box::new(io::sink())).await
}

#[tokio::test]
async fn an_export_has_its_name_only_once_it_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = || fs::read_dir(folder.path()).expect("a folder").count();
    let engine = engine();
    let data = archive(&[("etc/passwd", "root"), ("big", &"x".repeat(1 << 20))]);
    engine.has_path("demo-web-1", "/", PathStat::Folder, data.clone());
    let interruption = Interruption::default();
    engine.fail("export demo-web-1", EngineError::Failed("broken".to_owned()));
    exported(&export(folder.path(), None), &engine, &interruption).await.expect_err("it fails");
    assert_eq!(names(), 0, "nothing is left of it");
    let dry = Export { dry_run: true, ..export(folder.path(), None) };
    exported(&dry, &engine, &interruption).await.expect("it could be exported");
    assert_eq!(names(), 0);
    exported(&export(folder.path(), None), &engine, &interruption).await.expect("it is exported");
    assert_eq!((names(), fs::read(folder.path().join("all.tar")).expect("a file")), (1, data));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join("all.tar")).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // What cannot take the place of the file, and containers that do not run.
    let error = async |export: Export| {
        exported(&export, &engine, &Interruption::default()).await.expect_err("it cannot be exported").to_string()
    };
    fs::create_dir(folder.path().join("folder")).expect("a folder");
    let onto = |name: &str| Export { output: Some(name.into()), ..export(folder.path(), None) };
    assert_eq!(error(onto("folder")).await, "cannot write to a directory");
    let nowhere = "failed to export container: invalid output path: directory \"none\" does not exist";
    assert_eq!(error(onto("none/x")).await, nowhere);
    assert_eq!(error(export(folder.path(), Some(3))).await, "service \"web\" is not running container #3");
    let container = OneContainer { project: "demo".into(), service: "db".into(), number: None };
    let db = Export { container, ..export(folder.path(), None) };
    assert_eq!(error(db).await, "service \"db\" is not running");
    interruption.stop.cancel();
    let interrupted = exported(&onto("new"), &engine, &interruption).await;
    assert!(matches!(interrupted, Err(OperationError::Interrupted)), "{interrupted:?}");
    assert_eq!(names(), 2, "nothing is left of it");
}

#[tokio::test]
async fn a_commit_tells_which_image_it_made() {
    let engine = engine();
    let commit = Commit {
        container: OneContainer { project: "demo".into(), service: "web".into(), number: Some(2) },
        image: Some("app:1".to_owned()),
        author: String::new(),
        message: String::new(),
        changes: Vec::new(),
        pause: true,
        dry_run: false,
    };
    let committed = async |commit: &Commit| {
        let (events, received) = Events::channel();
        let ended = commit.run(&engine, &events, &Interruption::default()).await;
        drop(events);
        ended.map(|()| received)
    };
    let facts = collect(committed(&commit).await.expect("it is committed")).await;
    let status = facts.into_iter().filter_map(|event| {
        let Fact::Task { container, status, .. } = event.fact else { return None };
        Some((container, status))
    });
    let expected = [TaskStatus::Started, TaskStatus::Committed("sha256:committed".into())];
    assert_eq!(status.collect::<Vec<_>>(), expected.map(|status| ("demo-web-2".to_owned(), status)));
    let calls = engine.calls().len();
    committed(&Commit { dry_run: true, ..commit }).await.expect("it could be committed");
    assert_eq!(engine.calls().len(), calls);
}
