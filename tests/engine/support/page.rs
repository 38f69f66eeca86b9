//! Pages that containers serve at a published port.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The answer to a GET over loopback, redirections of the same host followed; `None` while nobody answers.
pub(crate) async fn page(port: u16, path: &str) -> Option<String> {
    let mut path = path.to_owned();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let request = format!("GET {path} HTTP/1.0\r\nHost: localhost:{port}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let location = answer.lines().find_map(|line| line.strip_prefix("Location: "));
        match location {
            Some(target) => {
                let host = format!("http://localhost:{port}");
                target.trim().strip_prefix(&host).unwrap_or(target.trim()).clone_into(&mut path);
            }
            None => return (answer.contains(" 200 ")).then_some(answer),
        }
    }
    None
}
