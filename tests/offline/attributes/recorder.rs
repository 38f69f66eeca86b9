//! An engine that has nothing, says yes to everything, and writes down what it is asked to make.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use serde_json::{Value as Json, json};

use super::builder::{self, Builder};

/// Labels that differ with every attribute, whether it reaches the engine otherwise or not.
const DIGESTS: [&str; 3] = ["com.docker.compose.config-hash", "hoist.fields", "hoist.contents"];

/// Listens on a socket until the test process ends.
pub(super) struct Recorder {
    pub(super) socket: PathBuf,
    kept: &'static Kept,
}

/// What was written down, for as long as the test process lasts.
#[derive(Default)]
struct Kept {
    requests: Mutex<Vec<String>>,
    builder: Builder,
}

impl Recorder {
    pub(super) fn new(folder: &Path) -> Self {
        let socket = folder.join("engine.sock");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let kept: &'static Kept = Box::leak(Box::default());
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                thread::spawn(move || serve(connection, kept));
            }
        });
        Self { socket, kept }
    }

    /// What was asked for since the last time, in an order that does not depend on when.
    pub(super) fn take(&self) -> Vec<String> {
        let mut requests = std::mem::take(&mut *self.kept.requests.lock().expect("no thread panics"));
        requests.extend(self.kept.builder.take());
        requests.sort();
        requests
    }
}

/// Answers the requests of one connection.
fn serve(mut connection: UnixStream, kept: &'static Kept) {
    let mut input = BufReader::new(connection.try_clone().expect("a second handle"));
    while let Some(Request { line, session, body }) = read_request(&mut input) {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let path = path.split(' ').next().unwrap_or_default();
        let path = path.strip_prefix("/v1.52").unwrap_or(path);
        if let "/grpc" | "/session" = path {
            let upgraded = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
            connection.write_all(upgraded.as_bytes()).expect("hoist is still there");
            match session {
                Some(id) => kept.builder.keep_session(id, connection),
                None => builder::serve(&kept.builder, connection),
            }
            return;
        }
        if method != "GET" {
            kept.requests.lock().expect("no thread panics").push(format!("{method} {path} {}", shown(&body)));
        }
        if path.ends_with("/attach") || path.contains("/attach?") {
            // It writes nothing.
            let upgraded = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
            connection.write_all(upgraded.as_bytes()).expect("hoist is still there");
            return;
        }
        if path.starts_with("/events") {
            // Nothing happens, until hoist has seen enough.
            let head = "HTTP/1.1 200 OK\r\nApi-Version: 1.52\r\nTransfer-Encoding: chunked\r\n\r\n";
            connection.write_all(head.as_bytes()).expect("hoist is still there");
            while read_line(&mut input).is_some() {}
            return;
        }
        let (status, answer) = answer(path);
        let head = format!("HTTP/1.1 {status} OK\r\nApi-Version: 1.52\r\nContent-Length: {}\r\n\r\n", answer.len());
        if connection.write_all(format!("{head}{answer}").as_bytes()).is_err() {
            return;
        }
    }
}

struct Request {
    line: String,
    /// The id of the session that a connection is for.
    session: Option<String>,
    body: Vec<u8>,
}

fn read_request(input: &mut BufReader<UnixStream>) -> Option<Request> {
    let line = read_line(input)?;
    let (mut length, mut chunked, mut session) = (0, false, None);
    while let Some(header) = read_line(input).filter(|line| !line.is_empty()) {
        let header = header.to_ascii_lowercase();
        if let Some(id) = header.strip_prefix("x-docker-expose-session-uuid:") {
            session = Some(id.trim().to_owned());
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        chunked |= header == "transfer-encoding: chunked";
    }
    if !chunked {
        return Some(Request { line, session, body: read_bytes(input, length)? });
    }
    let mut body = Vec::new();
    loop {
        let length = usize::from_str_radix(read_line(input)?.trim(), 16).expect("a length");
        body.extend(read_bytes(input, length)?);
        read_line(input)?;
        if length == 0 {
            return Some(Request { line, session, body });
        }
    }
}

fn read_line(input: &mut BufReader<UnixStream>) -> Option<String> {
    let mut line = String::new();
    (input.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
}

fn read_bytes(input: &mut BufReader<UnixStream>, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// A body without digests; what is not JSON is an archive.
fn shown(body: &[u8]) -> String {
    let Ok(mut json) = serde_json::from_slice::<Json>(body) else {
        return String::from_utf8_lossy(body).into_owned();
    };
    if let Some(labels) = json.get_mut("Labels").and_then(Json::as_object_mut) {
        labels.retain(|name, _| !DIGESTS.contains(&name.as_str()));
    }
    json.to_string()
}

fn answer(path: &str) -> (u16, String) {
    let name = path.split('?').next().unwrap_or_default();
    let json = match name {
        "/_ping" => return (200, "OK".to_owned()),
        "/version" => {
            json!({"Version": "29.0.0", "ApiVersion": "1.52", "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64"})
        }
        "/containers/create" => return (201, json!({"Id": name_in(path), "Warnings": []}).to_string()),
        "/networks/create" => return (201, json!({"Id": "network", "Warning": ""}).to_string()),
        "/volumes/create" => {
            let made = json!({"Name": "v", "Driver": "local", "Mountpoint": "/", "Labels": {}, "Scope": "local", "Options": {}});
            return (201, made.to_string());
        }
        _ if name.starts_with("/containers/") && name.ends_with("/json") && name != "/containers/json" => {
            json!({"Id": "c", "Name": "/c", "State": {"Status": "exited", "ExitCode": 0}, "Config": {}})
        }
        "/containers/json" | "/networks" | "/images/json" => json!([]),
        "/volumes" => json!({"Volumes": [], "Warnings": []}),
        _ if name.starts_with("/images/") && name.ends_with("/json") => {
            json!({"Id": format!("sha256:{}", "a".repeat(64)), "Os": "linux", "Architecture": "amd64", "Config": {}})
        }
        _ => json!({}),
    };
    (200, json.to_string())
}

/// The name that a container is created under; those of hooks have none.
fn name_in(path: &str) -> &str {
    path.split_once("name=").map_or("hook", |(_, rest)| rest.split('&').next().unwrap_or_default())
}
