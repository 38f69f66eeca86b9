//! Listings of what the engine has, as bytes: those that Docker Compose 5.6.1 prints for the same facts.

use hoist::observed::{
    ContainerId, ContainerProcesses, ContainerUsage, EngineEvent, ImageDetails, ImagePlatform, ListedProject,
    Processes, Usage, UsedImage, VolumeDetails,
};
use hoist::render::images::ImagesFormat;
use hoist::render::listing::{Format, ListingError, Truncate};
use hoist::render::{events, images, ls, stats, top, volumes};
use indoc::indoc;
use jiff::Timestamp;
use jiff::tz::TimeZone;

fn text(write: impl FnOnce(&mut Vec<u8>) -> Result<(), ListingError>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("written to memory");
    String::from_utf8(out).expect("text")
}

fn format(text: &str) -> Format {
    Format::parse(text).expect("a format")
}

fn used(container: &str, name: Option<&str>, id: &str, created: Option<i128>) -> UsedImage {
    UsedImage {
        container: container.to_owned(),
        repository: name.map(str::to_owned),
        tag: name.map(|_| "latest".to_owned()),
        details: ImageDetails {
            id: format!("sha256:{id}{}", "0".repeat(56)).as_str().into(),
            platform: ImagePlatform {
                os: "linux".to_owned(),
                architecture: "amd64".to_owned(),
                ..ImagePlatform::default()
            },
            size: 1_984_894,
            created,
            tagged_at: created.map(|time| time + 1_000_000),
        },
    }
}

fn listed_images(images: &[UsedImage], format: &ImagesFormat) -> String {
    let now = Timestamp::from_second(1_700_014_500).expect("a time");
    text(|out| images::write(images, format, now, out))
}

#[test]
fn images_are_a_table_or_an_array() {
    let rows = [
        used("demo-db-1", Some("alpine"), "938e7412", Some(1_700_000_000_765_875_120)),
        used("demo-web-run-7f9f12930fae", None, "690cfb01", None),
    ];
    let common = |format| listed_images(&rows, &ImagesFormat::Images(format));
    assert_eq!(
        common(Format::Table),
        indoc! {"
            CONTAINER                   REPOSITORY          TAG                 PLATFORM            IMAGE ID            SIZE                CREATED
            demo-db-1                   alpine              latest              linux/amd64         938e74120000        1.98MB              4 hours ago
            demo-web-run-7f9f12930fae   <none>              <none>              linux/amd64         690cfb010000        1.98MB              N/A
        "}
    );
    let zeros = "0".repeat(56);
    assert_eq!(
        common(Format::Json),
        format!(
            concat!(
                r#"[{{"ID":"sha256:938e7412{zeros}","ContainerName":"demo-db-1","Repository":"alpine","Tag":"latest","#,
                r#""Platform":"linux/amd64","Size":1984894,"Created":"2023-11-14T22:13:20.76587512Z","#,
                r#""LastTagTime":"2023-11-14T22:13:20.76687512Z"}},"#,
                r#"{{"ID":"sha256:690cfb01{zeros}","ContainerName":"demo-web-run-7f9f12930fae","Repository":"","Tag":"","#,
                r#""Platform":"linux/amd64","Size":1984894}}]"#,
                "\n\n"
            ),
            zeros = zeros
        )
    );
    assert_eq!(common(Format::Ids), format!("938e7412{zeros}\n690cfb01{zeros}\n"));
    assert_eq!(listed_images(&[], &ImagesFormat::Images(Format::Json)), "null\n\n");
}

#[test]
fn images_in_capitals_are_an_object_by_container() {
    let mut row = used("demo-db-1", Some("alpine"), "938e7412", Some(1_700_000_000_500_000_000));
    row.details.platform.variant = "v7".to_owned();
    let id = row.details.id.clone();
    assert_eq!(
        listed_images(&[row], &ImagesFormat::ByContainer),
        format!(
            indoc! {r#"
                {{
                    "demo-db-1": {{
                        "ID": "{id}",
                        "Repository": "alpine",
                        "Tag": "latest",
                        "Platform": {{
                            "architecture": "amd64",
                            "os": "linux",
                            "variant": "v7"
                        }},
                        "Size": 1984894,
                        "Created": "2023-11-14T22:13:20.5Z",
                        "LastTagTime": "2023-11-14T22:13:20.501Z"
                    }}
                }}

            "#},
            id = id
        )
    );
    assert_eq!(listed_images(&[], &ImagesFormat::ByContainer), "{}\n\n");
}

#[test]
fn projects_are_a_table_or_an_array() {
    let project = |name: &str, states: &[(&'static str, u32)], files: Option<&[&str]>| ListedProject {
        name: name.to_owned(),
        states: states.iter().copied().collect(),
        files: files.map(|files| files.iter().map(|file| (*file).to_owned()).collect()),
    };
    let projects = [
        project("blog", &[("running", 3), ("exited", 1)], Some(&["/srv/a.yaml", "/srv/b.yaml"])),
        project("old", &[("dead", 1)], None),
    ];
    let listed = |projects: &[ListedProject], format: Format| text(|out| ls::write(projects, &format, out));
    assert_eq!(
        listed(&projects, Format::Table),
        indoc! {"
            NAME                STATUS                  CONFIG FILES
            blog                exited(1), running(3)   /srv/a.yaml,/srv/b.yaml
            old                 dead(1)                 N/A
        "}
    );
    assert_eq!(
        listed(&projects[1..], Format::Json),
        "[{\"Name\":\"old\",\"Status\":\"dead(1)\",\"ConfigFiles\":\"N/A\"}]\n"
    );
    assert_eq!(listed(&projects, Format::Ids), "blog\nold\n");
    assert_eq!(listed(&[], Format::Table), "NAME                STATUS              CONFIG FILES\n");
    assert_eq!(listed(&[], Format::Json), "[]\n");
}

#[test]
fn volumes_are_a_table_lines_or_what_a_template_says() {
    let volumes = [VolumeDetails {
        name: "demo_data".to_owned(),
        driver: "local".to_owned(),
        scope: "local".to_owned(),
        mountpoint: "/volumes/demo_data".to_owned(),
        labels: [("b".to_owned(), "x,y".to_owned()), ("a".to_owned(), "<1>".to_owned())].into(),
    }];
    let listed = |volumes: &[VolumeDetails], word: &str| text(|out| volumes::write(volumes, &format(word), out));
    assert_eq!(listed(&volumes, "table"), "DRIVER    VOLUME NAME\nlocal     demo_data\n");
    assert_eq!(
        listed(&volumes, "json"),
        concat!(
            r#"{"Availability":"N/A","Driver":"local","Group":"N/A","Labels":"a=\u003c1\u003e,b=x,y","Links":"N/A","#,
            r#""Mountpoint":"/volumes/demo_data","Name":"demo_data","Scope":"local","Size":"N/A","Status":"N/A"}"#,
            "\n"
        )
    );
    assert_eq!(listed(&volumes, "raw"), "name: demo_data\ndriver: local\n\n");
    assert_eq!(listed(&volumes, r#"{{.Name}} {{.Label "b"}} {{.Links}}"#), "demo_data x,y N/A\n");
    assert_eq!((listed(&[], "table"), listed(&[], "json")), ("DRIVER    VOLUME NAME\n".to_owned(), String::new()));
}

fn processes(container: &str, number: Option<u32>, titles: &[&str], rows: &[&[&str]]) -> ContainerProcesses {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    ContainerProcesses {
        container: container.to_owned(),
        service: Some("web".into()),
        number,
        processes: Processes { titles: words(titles), rows: rows.iter().map(|row| words(row)).collect() },
    }
}

#[test]
fn processes_are_one_table_with_the_command_last() {
    let containers = [
        processes("web-1", Some(1), &["UID", "PID", "CMD"], &[&["root", "14889", "sleep 3600"], &["root", "7", "sh"]]),
        processes("web-run", None, &["PID", "CMD", "C"], &[&["9", "sleep 35", "0"]]),
    ];
    let shown = text(|out| Ok(top::write(&containers, out)?));
    let expected = indoc! {"
        SERVICE  #   UID   PID    C   CMD
        web      1   root  14889  -   sleep 3600
        web      1   root  7      -   sh
        web          -     9      0   sleep 35
    "};
    assert_eq!(shown, expected);
    assert_eq!(text(|out| Ok(top::write(&[], out)?)), "");
}

/// A container that uses a bit of everything, and one that has not been measured.
fn usage() -> [ContainerUsage; 2] {
    let id = |letter: &str| ContainerId::from(letter.repeat(64));
    let usage = Usage {
        cpu_percent: 2.168,
        memory: 487_424,
        memory_limit: 25_276_502_016,
        received: 1150,
        sent: 126,
        read: 0,
        written: 12_345_678,
        processes: 3,
    };
    [
        ContainerUsage { id: id("a"), name: "demo-web-1".to_owned(), usage: Some(usage) },
        ContainerUsage { id: id("b"), name: String::new(), usage: None },
    ]
}

#[test]
fn usage_is_a_table_or_lines() {
    let listed = |word: &str, truncate| text(|out| stats::write(&usage(), &format(word), truncate, out));
    assert_eq!(
        listed("table", Truncate::Long),
        indoc! {"
            CONTAINER ID   NAME         CPU %     MEM USAGE / LIMIT   MEM %     NET I/O         BLOCK I/O     PIDS
            aaaaaaaaaaaa   demo-web-1   2.17%     476KiB / 23.54GiB   0.00%     1.15kB / 126B   0B / 12.3MB   3
            bbbbbbbbbbbb   --           --        -- / --             --        --              --            --
        "}
    );
    let json = listed("json", Truncate::Never);
    assert_eq!(
        json.lines().next().expect("a line"),
        format!(
            concat!(
                r#"{{"BlockIO":"0B / 12.3MB","CPUPerc":"2.17%","Container":"{id}","ID":"{id}","MemPerc":"0.00%","#,
                r#""MemUsage":"476KiB / 23.54GiB","Name":"demo-web-1","NetIO":"1.15kB / 126B","PIDs":"3"}}"#
            ),
            id = "a".repeat(64)
        )
    );
    assert_eq!(listed("raw", Truncate::Long), "raw\nraw\n");
    assert_eq!(listed("{{.Name}} {{.PIDs}}", Truncate::Long), "demo-web-1 3\n-- --\n");
}

#[test]
fn usage_is_drawn_over_what_was_there() {
    let drawn = text(|out| stats::redraw(&usage(), &format("{{.Name}}"), Truncate::Long, out));
    assert_eq!(drawn, "\u{1b}[Hdemo-web-1\u{1b}[K\n--\u{1b}[K\n\u{1b}[K\n\u{1b}[J");
}

#[test]
fn events_are_a_line_and_an_empty_one_or_an_object() {
    let attribute = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    let event = EngineEvent {
        id: "d5d9".into(),
        action: "exec_start: sh -c \"a > b\"".to_owned(),
        time: 1_700_000_000_067_813_500,
        attributes: [
            ("name", "demo-web-1"),
            ("image", "busybox"),
            ("com.docker.compose.service", "web"),
            ("hoist.fields", "1"),
            ("com.example.a", "x<y"),
        ]
        .into_iter()
        .map(attribute)
        .collect(),
    };
    let west = TimeZone::fixed(jiff::tz::offset(-5));
    assert_eq!(
        text(|out| Ok(events::write(&event, &west, out)?)),
        "2023-11-14 17:13:20.067813 container exec_start: sh -c \"a > b\" d5d9 \
         (com.example.a=x<y, image=busybox, name=demo-web-1)\n\n"
    );
    let json = |zone: &TimeZone| text(|out| Ok(events::write_json(&event, zone, out)?));
    assert_eq!(
        json(&TimeZone::UTC),
        concat!(
            r#"{"action":"exec_start: sh -c \"a \u003e b\"","#,
            r#""attributes":{"com.example.a":"x\u003cy","image":"busybox","name":"demo-web-1"},"id":"d5d9","#,
            r#""service":"web","time":"2023-11-14T22:13:20.0678135Z","type":"container"}"#,
            "\n"
        )
    );
    assert!(json(&west).contains(r#""time":"2023-11-14T17:13:20.0678135-05:00""#), "{}", json(&west));
}
