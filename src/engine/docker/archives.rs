//! The files of containers: archives of the engine in and out, never as a whole in memory.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bollard::query_parameters::UploadToContainerOptions;
use futures::StreamExt;
use hyper::{Method, Response};
use serde::Deserialize;

use super::Docker;
use super::client::{QUESTION, TRANSFER, check_segment, query};
use super::transport::{self, Ask};
use crate::engine::{Archives, Download, EngineError, Owners, PathStat, Upload};
use crate::observed::ContainerId;

/// The kinds of files that matter here, as bits of the mode in the engine's answer.
const FOLDER: u32 = 1 << 31;
const LINK: u32 = 1 << 27;
const DEVICE: u32 = 1 << 26;

impl Archives for Docker {
    async fn stat_path(&self, id: ContainerId, path: String) -> Result<Option<PathStat>, EngineError> {
        let path = archive_path(&id, &path)?;
        match self.client.ask(QUESTION, Ask { method: Method::HEAD, ..Ask::get(&path) }).await {
            Ok(response) => stat_of(&response).map(Some),
            Err(EngineError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn read_archive(&self, id: ContainerId, path: String) -> Result<(PathStat, Download), EngineError> {
        let path = archive_path(&id, &path)?;
        let response = self.client.ask(QUESTION, Ask::get(&path)).await?;
        Ok((stat_of(&response)?, transport::bytes(response.into_body()).boxed()))
    }

    async fn write_archive(
        &self,
        id: ContainerId,
        folder: String,
        owners: Owners,
        archive: Upload,
    ) -> Result<(), EngineError> {
        check_segment(id.as_str())?;
        let what = || format!("unpack an archive in container {}", id.short());
        let options = UploadToContainerOptions {
            path: folder,
            no_overwrite_dir_non_dir: Some("true".to_owned()),
            copy_uidgid: (owners == Owners::Archive).then(|| "true".to_owned()),
        };
        let body = bollard::body_try_stream(archive);
        let call = self.client.api().await?.upload_to_container(id.as_str(), Some(options), body);
        self.client.wait(TRANSFER, what, call).await
    }

    async fn export_container(&self, id: ContainerId) -> Result<Download, EngineError> {
        check_segment(id.as_str())?;
        let path = format!("/containers/{id}/export");
        let response = self.client.ask(QUESTION, Ask::get(&path)).await?;
        Ok(transport::bytes(response.into_body()).boxed())
    }
}

fn archive_path(id: &ContainerId, path: &str) -> Result<String, EngineError> {
    check_segment(id.as_str())?;
    Ok(format!("/containers/{id}/archive?{}", query(&[("path", path)])))
}

/// What the head of an answer says about the path that was asked for.
fn stat_of<B>(response: &Response<B>) -> Result<PathStat, EngineError> {
    let header = response.headers().get("x-docker-container-path-stat");
    let decoded = header.and_then(|header| BASE64_STANDARD.decode(header.as_bytes()).ok());
    let stat: Option<Stat> = decoded.and_then(|json| serde_json::from_slice(&json).ok());
    stat.map(PathStat::from)
        .ok_or_else(|| EngineError::Failed("the engine does not say what is at the path in the container".to_owned()))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stat {
    mode: u32,
    #[serde(default)]
    link_target: String,
}

impl From<Stat> for PathStat {
    fn from(stat: Stat) -> Self {
        match stat.mode {
            mode if mode & FOLDER != 0 => Self::Folder,
            mode if mode & LINK != 0 => Self::Link(stat.link_target),
            mode if mode & DEVICE != 0 => Self::Device,
            _ => Self::File,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_an_answer_says_what_is_there() {
        let of = |json: &str| {
            let header = BASE64_STANDARD.encode(json);
            stat_of(&Response::builder().header("X-Docker-Container-Path-Stat", header).body(()).unwrap())
        };
        assert_eq!(of(r#"{"name":"f","mode":420,"linkTarget":""}"#), Ok(PathStat::File));
        assert_eq!(of(r#"{"name":"d","mode":2147484141}"#), Ok(PathStat::Folder));
        assert_eq!(of(r#"{"name":"u","mode":134218239,"linkTarget":"/x"}"#), Ok(PathStat::Link("/x".to_owned())));
        assert_eq!(of(r#"{"name":"null","mode":69206454}"#), Ok(PathStat::Device));
        assert!(of("{}").is_err());
        assert!(stat_of(&Response::new(())).is_err());
    }
}
