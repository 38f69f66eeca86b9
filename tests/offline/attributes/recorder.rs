//! An engine that has nothing, says yes to everything, and writes down what it is asked to make.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value as Json, json};

/// Labels that differ with every attribute, whether it reaches the engine otherwise or not.
const DIGESTS: [&str; 3] = ["com.docker.compose.config-hash", "hoist.fields", "hoist.contents"];

/// Listens on a socket until the test process ends.
pub(super) struct Recorder {
    pub(super) socket: PathBuf,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    pub(super) fn new(folder: &Path) -> Self {
        let socket = folder.join("engine.sock");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let requests = Arc::default();
        let kept = Arc::clone(&requests);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || serve(connection, &kept));
            }
        });
        Self { socket, requests }
    }

    /// What was asked for since the last time, in an order that does not depend on when.
    pub(super) fn take(&self) -> Vec<String> {
        let mut requests = std::mem::take(&mut *self.requests.lock().expect("no thread panics"));
        requests.sort();
        requests
    }
}

/// Answers the requests of one connection.
fn serve(mut connection: UnixStream, kept: &Mutex<Vec<String>>) {
    let mut input = BufReader::new(connection.try_clone().expect("a second handle"));
    while let Some((request, body)) = read_request(&mut input) {
        let (method, path) = request.split_once(' ').expect("a method and a path");
        let path = path.split(' ').next().unwrap_or_default();
        let path = path.strip_prefix("/v1.52").unwrap_or(path);
        if method != "GET" {
            kept.lock().expect("no thread panics").push(format!("{method} {path} {}", shown(&body)));
        }
        let (status, answer) = answer(path);
        let head = format!("HTTP/1.1 {status} OK\r\nApi-Version: 1.52\r\nContent-Length: {}\r\n\r\n", answer.len());
        if connection.write_all(format!("{head}{answer}").as_bytes()).is_err() {
            return;
        }
    }
}

/// The first line of the next request, and its body.
fn read_request(input: &mut BufReader<UnixStream>) -> Option<(String, Vec<u8>)> {
    let request = read_line(input)?;
    let (mut length, mut chunked) = (0, false);
    while let Some(header) = read_line(input).filter(|line| !line.is_empty()) {
        let header = header.to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        chunked |= header == "transfer-encoding: chunked";
    }
    if !chunked {
        return Some((request, read_bytes(input, length)?));
    }
    let mut body = Vec::new();
    loop {
        let length = usize::from_str_radix(read_line(input)?.trim(), 16).expect("a length");
        body.extend(read_bytes(input, length)?);
        read_line(input)?;
        if length == 0 {
            return Some((request, body));
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
        "/containers/json" | "/networks" | "/images/json" => json!([]),
        "/volumes" => json!({"Volumes": [], "Warnings": []}),
        _ if name.starts_with("/images/") && name.ends_with("/json") => {
            json!({"Id": format!("sha256:{}", "a".repeat(64)), "Os": "linux", "Architecture": "amd64", "Config": {}})
        }
        _ => json!({}),
    };
    (200, json.to_string())
}

/// The name that a container is created under.
fn name_in(path: &str) -> &str {
    path.split_once("name=").map_or("", |(_, rest)| rest.split('&').next().unwrap_or_default())
}
