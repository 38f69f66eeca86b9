//! What a project's files can make the command line show: no secrets, and nothing that a terminal would obey.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;

use super::{Case, Ran};

/// Lines with values that have to stay hidden, each with a mistake, so that it is shown.
const LEAKY: &str = r#"
services:
  web:
    image: busybox
    command: [mysqld, "--password=hunter2", "--token", "hunter2", {a: b}]
    environment:
      API_KEY: "hunter2${x$y}"
      DB_PASSWORD: [hunter2]
      DB_TOKEN: 0777
    labels:
      auth.users: [hunter2]
    logging:
      options: {splunk-token: hunter2, x: [1]}
    healthcheck: {test: "curl -H 'Authorization: Bearer hunter2' x", retrys: 1}
volumes:
  v: {driver_opts: {o: "username=u,password=hunter2,vers=3"}, drivr: x}
x-app: {api_key: hunter2}
networks: {n: {driver_opts: {a_token: hunter2}, drivr: x}}
"#;

fn leaky(arguments: &str) -> Ran {
    Case::new(arguments).file("compose.yaml", LEAKY).run()
}

#[test]
fn neither_lines_nor_messages_give_secrets_away() {
    let ran = leaky("config");
    assert_eq!(ran.status, 1);
    assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    // What the number becomes is as telling as the number.
    assert!(!ran.stderr.contains("0777") && !ran.stderr.contains("511"), "{}", ran.stderr);
    for shown in ["--password=•••", "auth.users: •••", "splunk-token: •••", "Authorization: •••", "password=•••,vers=3"]
    {
        assert!(ran.stderr.contains(shown), "{shown} in {}", ran.stderr);
    }
}

/// A variable with a telling name, in all the places and forms in which it is written by mistake: neither the line nor
/// the message shows its value.
#[test]
fn misplaced_and_misspelt_variables_give_no_secret_away() {
    for file in [
        "services:\n  web:\n    image: a\n    DB_PASSWORD: hunter2\n",
        "services:\n  web:\n    image: a\n  DB_PASSWORD: hunter2\n",
        "services:\n  web:\n    image: a\nDB_PASSWORD: hunter2\n",
        "DB_PASSWORD: hunter2\nservices:\n  web:\n    image: a\n",
        "services:\n  web:\n    image: a\n    ports:\n      - DB_PASSWORD=hunter2\n",
        "services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD hunter2\n",
        "services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD hunter2\n      A: b\n",
        "services:\n  web:\n    image: a\n    environment:\n      A: b\n      DB_PASSWORD hunter2\n",
        "services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD:hunter2\n",
        "services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD: *hunter2\n",
        "services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD: {a: hunter2}\n",
        "services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD: hunter2\n      DB_PASSWORD: hunter23\n",
        "services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD: hunter2: x\n",
        "services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD: \"hunter2\n",
        "services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD: @hunter2\n",
        "services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD: 'hunter2'x\n",
        "services:\n  web:\n    image: a\n    environment:\n      - DB_PASSWORD: hunter2\n      - DB_PASSWORD: hunter2\n",
        "services:\n  web:\n    image: a\n    environment: [DB_PASSWORD=hunter2\n",
        "services:\n  web:\n    image: a\n    environment: DB_PASSWORD=hunter2\n",
        "services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD: ab${hunter2\n",
        "services:\n  web:\n    image: a\n    build:\n      args:\n        - API_TOKEN: [hunter2]\n",
        "services:\n  web:\n    image: a\n    labels:\n      - API_TOKEN: [hunter2]\n",
        "services:\n  web:\n    image: a\n    environment:\n\t  DB_PASSWORD: hunter2\n",
        "services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD: hunter2\n        A: 1\n",
        "services:\n  web:\n    image: a\n    logging:\n      options:\n        splunk-token: hunter2\n          a: b\n",
        "services:\n  web:\n    image: a\n    environment: {DB_PASSWORD: }hunter2, B: c}\n",
        "services:\n  web:\n    image: a\n    environment: DB_PASSWORD: hunter2\n",
        "services:\n  web:\n    image: a\n    labels: auth.secret: hunter2\n",
        "services:\n  web:\n    image: a\n    environment:\n      A: b DB_PASSWORD: hunter2\n",
        "services:\n  web:\n    image: a\n    command: sh -c \"echo x; echo 'DB_PASSWORD: hunter2'\" x: y\n",
        "services:\n  web:\n    image: a\n    labels:\n      traefik.auth.secret hunter2\n",
        "services:\n  web:\n    image: a\n    labels:\n      a: b\n      traefik.auth.secret hunter2\n",
        "services:\n  web:\n    image: a\n    logging:\n      options:\n        splunk-token hunter2\n",
        "volumes:\n  v:\n    driver_opts:\n      password hunter2\n",
        "services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD: |\n      hunter2\n",
        "services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD: |\n\thunter2\n",
        "services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD: *hunter2 b\n",
        "configs:\n  c:\n    contents: |\n      -----BEGIN RSA PRIVATE KEY-----\n      hunter2\n",
        "configs:\n  c:\n    content: |\n      -----BEGIN RSA PRIVATE KEY-----\n     hunter2\n",
    ] {
        let ran = Case::new("config").file("compose.yaml", file).run();
        assert_eq!(ran.status, 1, "{file}\n{}", ran.stdout);
        assert!(!ran.stderr.contains("hunter2"), "{file}\n{}", ran.stderr);
    }
    for file in [
        "DB_PASSWORD hunter2\n",
        "DB_PASSWORD\thunter2=a b\n",
        "DB_PASSWORD=\"hunter2\n",
        "DB_PASSWORD='hunter2'x\n",
        "export DB_PASSWORD hunter2\n",
        "DB_PASSWORD=${hunter2\n",
        "DB_PASSWORD≔hunter2\n",
        "A=-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\n",
        "A=-----BEGIN RSA PRIVATE KEY-----\nMIIEhunter2==\nhunter2\n",
    ] {
        let ran = Case::new("config")
            .file("compose.yaml", "services: {web: {image: a, env_file: web.env}}\n")
            .file("web.env", file)
            .run();
        assert!(!ran.stderr.contains("hunter2"), "{file}\n{}", ran.stderr);
        assert!(ran.status == 1 || !ran.stderr.contains("error"), "{file}\n{}", ran.stderr);
    }
}

#[test]
fn problems_for_programs_give_no_secrets_away() {
    let ran = leaky("--progress json config");
    assert!(ran.stderr.lines().count() > 5, "{}", ran.stderr);
    assert!(!ran.stderr.contains("hunter2") && !ran.stderr.contains("0777"), "{}", ran.stderr);
}

#[test]
fn show_values_shows_them() {
    let ran = leaky("--show-values config");
    assert!(ran.stderr.contains("--password=hunter2") && ran.stderr.contains("`0777`"), "{}", ran.stderr);
}

#[test]
fn config_prints_values() {
    let file = "services: {web: {image: a, environment: {API_KEY: hunter2}}}\n";
    assert!(Case::new("config").file("compose.yaml", file).run().stdout.contains("API_KEY: hunter2"));
}

#[test]
fn lines_of_a_key_in_an_env_file_stay_hidden() {
    let ran = Case::new("config")
        .file("compose.yaml", "services: {web: {image: a, env_file: web.env}}\n")
        .file("web.env", "TLS_KEY=-----BEGIN PRIVATE KEY-----\nMIIE/hunter2\n")
        .run();
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("web.env:2:") && !ran.stderr.contains("hunter2"), "{}", ran.stderr);
}

#[test]
fn passwords_in_the_address_of_an_engine_stay_hidden() {
    for address in ["tcp://me:hunter2@host:2376", "ssh://me:hunter2@host", "x://me:hunter2@host", "me:hunter2@host"] {
        let ran = Case::new("-p x ps").variable("DOCKER_HOST", address).run();
        assert_eq!(ran.status, 1);
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    }
}

/// Asserts that nothing but text and line breaks was written.
fn is_tame(ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        let odd = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!text.contains(odd), "{text:?}");
    }
}

#[test]
fn nothing_in_the_files_moves_the_cursor() {
    for file in [
        r#"services: {web: {image: a, "x\e[2J\x9b2J\u202e": 1}}"#,
        r#"services: {web: {image: a, network_mode: "service:\e]0;title\a"}}"#,
        r#"services: {"\e[2J": {image: a}}"#,
        r#"services: {web: {image: a, container_name: "\e[2J", depends_on: ["\e[2J"]}}"#,
        r#"services: {web: {image: a, ports: ["\e[2J:80"]}}"#,
        r#"services: {web: {image: "a${X:?\e[2J}"}}"#,
        "services: {web: {image: a, env_file: \"\\e[2J\"}}",
        "services: {web: {image: a\u{1b}[2J}}",
    ] {
        let ran = Case::new("config -q").file("compose.yaml", file).run();
        assert_eq!(ran.status, 1, "{file}: {}", ran.stderr);
        is_tame(&ran);
    }
    let ran = Case::new("config -q")
        .file("compose.yaml", "services: {web: {image: a, env_file: x.env}}\n")
        .file("x.env", "A=1\n\u{1b}[2J\u{9b}2J\u{202e}B C=2\n")
        .run();
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    is_tame(&ran);
    is_tame(&Case::new("-f \u{1b}[2J\u{9b}\u{202e}.yaml config").run());
    is_tame(&Case::new("--context \u{1b}[2J -p x ps").run());
    is_tame(&Case::new("-p x ps").variable("DOCKER_HOST", "x\u{1b}[2J\u{9b}").run());
    is_tame(
        &Case::new("config")
            .file("compose.yaml", r#"services: {web: {image: a, environment: {A: "\e[2J\x9b"}}}"#)
            .run(),
    );
}

#[test]
fn no_env_file_chooses_the_engine() {
    let ran = Case::new("ps")
        .file("compose.yaml", "services: {web: {image: a}}\n")
        .file(".env", "DOCKER_HOST=unix:///evil.sock\nDOCKER_CONTEXT=evil\nDOCKER_CONFIG=.\n")
        .file("config.json", r#"{"currentContext":"evil"}"#)
        .run();
    assert!(ran.stderr.contains("unix:///nonexistent/docker.sock") && !ran.stderr.contains("evil"), "{}", ran.stderr);
}

/// An engine at a socket that has one answer for each list.
fn engine(containers: &'static str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("engine.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
                let mut line = String::new();
                while reader.read_line(&mut line).is_ok_and(|length| length > 0) {
                    let body = match line.split(' ').nth(1).unwrap_or_default() {
                        path if path.contains("/containers/json") => containers,
                        path if path.contains("/volumes") => VOLUMES,
                        path if path.contains("/networks") => NETWORKS,
                        _ => "{}",
                    };
                    while line.trim() != "" {
                        line.clear();
                        reader.read_line(&mut line).expect("a request");
                    }
                    line.clear();
                    let head = "HTTP/1.1 200 OK\r\nApi-Version: 1.47\r\nContent-Length";
                    // Whoever asked may have gone.
                    let _ = (&stream).write_all(format!("{head}: {}\r\n\r\n{body}", body.len()).as_bytes());
                }
            });
        }
    });
    (folder, format!("unix://{}", path.display()))
}

const VOLUMES: &str = r#"{"Volumes":[{"Name":"../../containers/victim",
    "Labels":{"com.docker.compose.project":"x","com.docker.compose.volume":"v"}}]}"#;
const NETWORKS: &str = r#"[{"Id":"../../containers/victim","Name":"n",
    "Labels":{"com.docker.compose.project":"x","com.docker.compose.network":"n"}}]"#;

#[test]
fn absurd_answers_are_no_panic() {
    for (containers, status) in [
        (
            r#"[{"Id":"éééééééééé","Created":-9223372036854775808,"State":"running","Names":null,
             "Status":"Exited (99999999999999999999) x","Ports":[{"PrivatePort":65535,"Type":"\u001b[2J"}],
             "Labels":{"com.docker.compose.service":"../web\u001b[2J\nx","com.docker.compose.container-number":"-1",
                       "com.docker.compose.depends_on":"a:b:c:d,,::","hoist.fields":"=,%zz","hoist.inherited":",,"},
             "Mounts":[{"Type":"volume","Name":"../../containers/victim"}]},
            {"Id":"","Created":9223372036854775807}]"#,
            0,
        ),
        (
            r#"[{"Id":"1","Labels":{"com.docker.compose.service":"a","com.docker.compose.container-number":"18446744073709551615",
             "com.docker.compose.oneoff":"False","com.docker.compose.depends_on":"b:service_healthy:true"}},
            {"Id":"2","Labels":{"com.docker.compose.service":"b","com.docker.compose.container-number":"1",
             "com.docker.compose.oneoff":"False","com.docker.compose.depends_on":"a"}}]"#,
            0,
        ),
        (r#"[{"Id":5}]"#, 1),
        ("[[[[[[[[", 1),
        ("", 1),
    ] {
        let (_folder, host) = engine(containers);
        for arguments in [
            "-p x ps -a",
            "-p x ps -a --format json",
            "-p x down -v --rmi all --dry-run",
            "-p x down -v --rmi all --dry-run --steps",
        ] {
            let ran = Case::new(arguments).variable("DOCKER_HOST", &host).run();
            assert_eq!(ran.status, status, "{arguments}: {}", ran.stderr);
            is_tame(&ran);
        }
        // What is asked for is refused, and reaches nothing else.
        let ran = Case::new("-p x down -v -t 0").variable("DOCKER_HOST", &host).run();
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        assert!(
            status == 1 || ran.stderr.contains("is not a valid name for an object on the engine"),
            "{}",
            ran.stderr
        );
    }
}
