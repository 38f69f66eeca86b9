//! Sends files to the engine. The engine requests a folder; the client sends an entry for every path in it; the engine
//! then requests the content of those that differ from earlier builds.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use bollard_buildkit_proto::fsutil::types::packet::PacketType;
use bollard_buildkit_proto::fsutil::types::{Packet, Stat};
use bollard_buildkit_proto::moby::filesync::v1::file_sync_server;
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use super::error::BuildError;
use super::filter::Filter;
use super::ignore_file::{IGNORE_FILE, read_linked};
use super::tasks::Spawner;
use super::tree::{TreeError, has_content, walk};

/// Maximum number of bytes of a file per message.
const CHUNK: usize = 128 * 1024;

/// Maximum number of queued messages.
const QUEUE: usize = 32;

/// Something that the engine can request by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// A folder.
    Folder(PathBuf),
    /// A virtual folder with a few files: their content by name.
    Texts(BTreeMap<String, Vec<u8>>),
    /// Only the Dockerfile and its ignore file from a folder. The frontend that reads them may be a program that the
    /// Dockerfile names, so it must not see other files next to them.
    Instructions {
        /// The folder.
        folder: PathBuf,
        /// The name of the Dockerfile.
        name: String,
    },
}

/// What was transferred in a build, and the first file that could not be read.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    /// Number of files the engine requested.
    files: AtomicU64,
    /// Number of bytes in them.
    bytes: AtomicU64,
    failure: Mutex<Option<String>>,
}

impl Transfers {
    /// The number of files whose content was sent, and of bytes in them.
    pub(super) fn sent(&self) -> (u64, u64) {
        (self.files.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }

    /// Why a transfer failed on this side, if it did.
    pub(super) fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fail(&self, message: &str) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert_with(|| message.to_owned());
    }
}

/// The service.
pub(super) struct FileSync {
    sources: BTreeMap<String, Source>,
    tasks: Spawner,
    transfers: Arc<Transfers>,
}

impl FileSync {
    /// Offers folders by name.
    pub(super) fn new(sources: BTreeMap<String, Source>, tasks: Spawner, transfers: Arc<Transfers>) -> Self {
        Self { sources, tasks, transfers }
    }
}

#[tonic::async_trait]
impl file_sync_server::FileSync for FileSync {
    type DiffCopyStream = BoxStream<'static, Result<Packet, Status>>;
    type TarStreamStream = BoxStream<'static, Result<Packet, Status>>;

    async fn diff_copy(&self, request: Request<Streaming<Packet>>) -> Result<Response<Self::DiffCopyStream>, Status> {
        let wanted = Wanted::of(request.metadata())?;
        let source = self.sources.get(&wanted.name).cloned();
        let source = source.ok_or_else(|| Status::not_found(format!("no folder is offered as `{}`", wanted.name)))?;
        let source =
            with_linked_ignore_file(source, &wanted).map_err(|error| Status::failed_precondition(error.to_string()))?;
        let (packets, answers) = mpsc::channel(QUEUE);
        let sender = Sender { packets, contents: Arc::default(), transfers: Arc::clone(&self.transfers) };
        let (ids, asked) = std::sync::mpsc::channel();
        let list = sender.clone();
        let offered = source.clone();
        self.tasks.spawn_blocking(move || list.send_entries(&offered, &wanted));
        let contents = sender.clone();
        self.tasks.spawn_blocking(move || contents.send_contents(&source, &asked));
        self.tasks.spawn(listen(request.into_inner(), ids, sender));
        Ok(Response::new(ReceiverStream::new(answers).boxed()))
    }

    async fn tar_stream(&self, _: Request<Streaming<Packet>>) -> Result<Response<Self::TarStreamStream>, Status> {
        Err(Status::unimplemented("files are sent one by one"))
    }
}

/// Replaces an ignore file that is a symbolic link by its target: the link may lead out of the context, and an ignore
/// file that the engine cannot read would be ignored.
fn with_linked_ignore_file(source: Source, wanted: &Wanted) -> Result<Source, BuildError> {
    let Source::Folder(folder) = &source else { return Ok(source) };
    if wanted.follow != [IGNORE_FILE] {
        return Ok(source);
    }
    let linked = read_linked(&folder.join(IGNORE_FILE), folder)?;
    Ok(linked.map_or(source, |text| Source::Texts([(IGNORE_FILE.to_owned(), text)].into())))
}

/// Handles the engine's messages until it has everything.
async fn listen(mut engine: Streaming<Packet>, ids: std::sync::mpsc::Sender<u32>, sender: Sender) {
    while let Some(Ok(packet)) = engine.next().await {
        match packet.r#type() {
            PacketType::PacketReq => {
                // The reader is gone only after a failure, which it has reported.
                let _ = ids.send(packet.id);
            }
            PacketType::PacketFin => {
                let fin = Packet { r#type: PacketType::PacketFin.into(), ..Packet::default() };
                let _ = sender.packets.send(Ok(fin)).await;
                return;
            }
            // The reason comes with the failure of the build.
            PacketType::PacketErr => return,
            PacketType::PacketStat | PacketType::PacketData => {}
        }
    }
}

/// What the engine requests in headers, besides the protocol's messages.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    name: String,
    include: Vec<String>,
    exclude: Vec<String>,
    follow: Vec<String>,
}

impl Wanted {
    fn of(metadata: &MetadataMap) -> Result<Self, Status> {
        let values = |key: &str| header_values(metadata, key);
        Ok(Self {
            name: values("dir-name")?.into_iter().next().unwrap_or_default(),
            include: values("include-patterns")?,
            exclude: values("exclude-patterns")?,
            follow: values("followpaths")?,
        })
    }
}

/// The values of a header. If they are not ASCII, another header says that they are encoded as in a URL query.
fn header_values(metadata: &MetadataMap, key: &str) -> Result<Vec<String>, Status> {
    let refuse = || Status::invalid_argument(format!("cannot read the header {key}"));
    let encoded = metadata.get(format!("{key}-encoded")).is_some_and(|flag| flag == "1" || flag == "true");
    let mut values = Vec::new();
    for value in metadata.get_all(key) {
        let value = value.to_str().map_err(|_| refuse())?;
        values.push(if encoded { decode_query(value).ok_or_else(refuse)? } else { value.to_owned() });
    }
    Ok(values)
}

/// Decodes `+` and `%20`.
fn decode_query(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Sends packets of one request. Blocks if the engine is slower, and ends when it is gone.
#[derive(Clone)]
struct Sender {
    packets: mpsc::Sender<Result<Packet, Status>>,
    /// The paths of entries with content, by the number that the protocol assigns to each entry.
    contents: Arc<Mutex<Vec<Option<String>>>>,
    transfers: Arc<Transfers>,
}

impl Sender {
    /// Sends the entry of every path.
    fn send_entries(&self, source: &Source, wanted: &Wanted) {
        let result = match source {
            Source::Folder(folder) => self.send_folder(folder, wanted, |_| true),
            Source::Instructions { folder, name } => {
                let ignore = format!("{name}.dockerignore");
                self.send_folder(folder, wanted, |path| path == name || path == ignore)
            }
            Source::Texts(texts) => {
                Ok(texts.iter().try_for_each(|(name, text)| self.send_text_entry(name, text.len(), wanted)))
            }
        };
        match result {
            Ok(ControlFlow::Continue(())) => {
                // A packet without an entry marks the end.
                let _ = self.packets.blocking_send(Ok(Packet::default()));
            }
            Ok(ControlFlow::Break(())) => {}
            Err(message) => self.fail(&message),
        }
    }

    fn send_folder(
        &self,
        folder: &Path,
        wanted: &Wanted,
        offered: impl Fn(&str) -> bool,
    ) -> Result<ControlFlow<()>, String> {
        let filter = Filter::new(folder, &wanted.include, &wanted.exclude, &wanted.follow);
        let filter = filter.map_err(|error| error.to_string())?;
        let mut flow = ControlFlow::Continue(());
        let walked = walk(folder, &filter, |stat| {
            if offered(&stat.path) {
                flow = self.send_entry(stat);
            }
            flow
        });
        walked.map_err(|error: TreeError| error.to_string())?;
        Ok(flow)
    }

    fn send_text_entry(&self, name: &str, length: usize, wanted: &Wanted) -> ControlFlow<()> {
        // The frontend requests the ignore file of the Dockerfile as well.
        if !wanted.include.is_empty() && !wanted.include.iter().any(|pattern| pattern == name) {
            return ControlFlow::Continue(());
        }
        // The current time, so that a changed text of the same length is fetched again.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.send_entry(Stat {
            path: name.to_owned(),
            mode: 0o644,
            size: i64::try_from(length).unwrap_or(i64::MAX),
            mod_time: i64::try_from(now.as_nanos()).unwrap_or(0),
            ..Stat::default()
        })
    }

    fn send_entry(&self, stat: Stat) -> ControlFlow<()> {
        let path = has_content(&stat).then(|| stat.path.clone());
        self.contents.lock().unwrap_or_else(PoisonError::into_inner).push(path);
        let packet = Packet { r#type: PacketType::PacketStat.into(), stat: Some(stat), ..Packet::default() };
        self.send(packet)
    }

    /// Sends the content of entries that the engine requests.
    fn send_contents(&self, source: &Source, asked: &std::sync::mpsc::Receiver<u32>) {
        while let Ok(id) = asked.recv() {
            let path = {
                let contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
                usize::try_from(id).ok().and_then(|index| contents.get(index).cloned().flatten())
            };
            let Some(path) = path else {
                return self.fail("the engine asked for a file that was not offered");
            };
            let flow = match source {
                Source::Folder(folder) | Source::Instructions { folder, .. } => match self
                    .send_file(id, &folder.join(&path))
                {
                    Ok(flow) => flow,
                    Err(cause) => return self.fail(&format!("cannot read `{}`: {cause}", folder.join(path).display())),
                },
                Source::Texts(texts) => {
                    let text = texts.get(&path).map(Vec::as_slice).unwrap_or_default();
                    text.chunks(CHUNK).try_for_each(|chunk| self.send_data(id, chunk))
                }
            };
            self.transfers.files.fetch_add(1, Ordering::Relaxed);
            // An empty data packet marks the end of the file.
            if flow.is_break() || self.send_data(id, &[]).is_break() {
                return;
            }
        }
    }

    fn send_file(&self, id: u32, path: &Path) -> std::io::Result<ControlFlow<()>> {
        let mut file = match open_unfollowed(path) {
            Ok(file) => file,
            Err(_) if is_socket(path) => return Ok(ControlFlow::Continue(())),
            Err(cause) => return Err(cause),
        };
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = match file.read(&mut chunk) {
                Ok(0) => return Ok(ControlFlow::Continue(())),
                Ok(length) => length,
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(cause) => return Err(cause),
            };
            if self.send_data(id, &chunk[..length]).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }

    fn send_data(&self, id: u32, data: &[u8]) -> ControlFlow<()> {
        self.transfers.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
        self.send(Packet { r#type: PacketType::PacketData.into(), id, data: data.to_vec(), ..Packet::default() })
    }

    fn send(&self, packet: Packet) -> ControlFlow<()> {
        match self.packets.blocking_send(Ok(packet)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    /// Tells the engine that the rest will not come, and keeps the reason for the build's error.
    fn fail(&self, message: &str) {
        self.transfers.fail(message);
        let data = message.as_bytes().to_vec();
        let packet = Packet { r#type: PacketType::PacketErr.into(), data, ..Packet::default() };
        let _ = self.packets.blocking_send(Ok(packet));
    }
}

#[cfg(unix)]
fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    path.symlink_metadata().is_ok_and(|metadata| metadata.file_type().is_socket())
}

#[cfg(not(unix))]
fn is_socket(_: &Path) -> bool {
    false
}

/// Opens a regular file without following links: it was no link when its entry was sent, and someone with write access
/// to the context must not be able to make hoist send files that only the user may read.
#[cfg(unix)]
pub(super) fn open_unfollowed(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::MetadataExt;
    let another = || std::io::Error::other("the file was replaced while it was being sent");
    // Opening a pipe would block until someone writes to it.
    if !std::fs::symlink_metadata(path)?.is_file() {
        return Err(another());
    }
    let file = File::open(path)?;
    let (opened, named) = (file.metadata()?, std::fs::symlink_metadata(path)?);
    let same = opened.is_file() && (opened.dev(), opened.ino()) == (named.dev(), named.ino());
    if same { Ok(file) } else { Err(another()) }
}

#[cfg(not(unix))]
pub(super) fn open_unfollowed(path: &Path) -> std::io::Result<File> {
    File::open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_linked_ignore_file_is_what_it_leads_to() {
        let folder = tempfile::tempdir().expect("folder");
        let context = folder.path().join("context");
        std::fs::create_dir(&context).expect("folder");
        std::fs::write(folder.path().join(IGNORE_FILE), "secret").expect("file");
        std::os::unix::fs::symlink("../.dockerignore", context.join(IGNORE_FILE)).expect("link");
        let asked = |follow: &[&str]| {
            let follow = follow.iter().map(|&text| text.to_owned()).collect();
            let wanted = Wanted { name: "context".into(), include: Vec::new(), exclude: Vec::new(), follow };
            with_linked_ignore_file(Source::Folder(context.clone()), &wanted)
        };
        assert_eq!(asked(&[IGNORE_FILE]), Ok(Source::Texts([(IGNORE_FILE.to_owned(), b"secret".to_vec())].into())));
        assert_eq!(asked(&[]), Ok(Source::Folder(context.clone())));
        std::fs::rename(folder.path().join(IGNORE_FILE), folder.path().join("id_rsa")).expect("renamed");
        asked(&[IGNORE_FILE]).expect_err("it leads nowhere");
        let link = |target: &str| {
            std::fs::remove_file(context.join(IGNORE_FILE)).expect("removed");
            std::os::unix::fs::symlink(target, context.join(IGNORE_FILE)).expect("link");
        };
        std::fs::write(context.join(".gitignore"), "ours").expect("file");
        link(".gitignore");
        assert_eq!(asked(&[IGNORE_FILE]), Ok(Source::Texts([(IGNORE_FILE.to_owned(), b"ours".to_vec())].into())));
        link("../id_rsa");
        let refused = asked(&[IGNORE_FILE]).expect_err("a key is no ignore file").to_string();
        assert!(refused.contains("which is not named `.dockerignore`"), "{refused}");
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_is_an_empty_file() {
        let folder = tempfile::tempdir().expect("folder");
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).expect("socket");
        let (packets, transfers) = sent(&Source::Folder(folder.path().to_path_buf()), &[], &[0]);
        let kinds: Vec<_> = packets.iter().map(|packet| (packet.r#type(), packet.data.len())).collect();
        assert_eq!(kinds, [(PacketType::PacketStat, 0), (PacketType::PacketStat, 0), (PacketType::PacketData, 0)]);
        assert_eq!(transfers.failure(), None);
    }

    #[test]
    fn the_headers_of_a_request_are_read() {
        let mut metadata = MetadataMap::new();
        metadata.insert("dir-name", "context".parse().expect("value"));
        metadata.append("exclude-patterns", "a%20b".parse().expect("value"));
        metadata.append("exclude-patterns", "c".parse().expect("value"));
        metadata.insert("followpaths-encoded", "1".parse().expect("value"));
        metadata.append("followpaths", "%C3%BC+x%2F%2B".parse().expect("value"));
        let wanted = Wanted::of(&metadata).expect("headers");
        assert_eq!(wanted.name, "context");
        assert_eq!(wanted.exclude, ["a%20b", "c"]);
        assert_eq!(wanted.follow, ["ü x/+"]);
        assert!(wanted.include.is_empty());
        assert_eq!(decode_query("%zz"), None);
        assert_eq!(decode_query("%4"), None);
    }

    fn sent(source: &Source, include: &[&str], ids: &[u32]) -> (Vec<Packet>, Arc<Transfers>) {
        let (packets, mut received) = mpsc::channel(1000);
        let transfers = Arc::<Transfers>::default();
        let sender = Sender { packets, contents: Arc::default(), transfers: Arc::clone(&transfers) };
        let wanted = Wanted {
            name: String::new(),
            include: include.iter().map(|&text| text.to_owned()).collect(),
            exclude: Vec::new(),
            follow: Vec::new(),
        };
        sender.send_entries(source, &wanted);
        let (asking, asked) = std::sync::mpsc::channel();
        for id in ids {
            asking.send(*id).expect("asked");
        }
        drop(asking);
        sender.send_contents(source, &asked);
        drop(sender);
        let all = std::iter::from_fn(|| received.try_recv().ok()).map(|packet| packet.expect("packet")).collect();
        (all, transfers)
    }

    #[test]
    fn entries_are_counted_and_contents_sent_in_chunks() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::create_dir(folder.path().join("d")).expect("folder");
        std::fs::write(folder.path().join("d/big"), vec![7; CHUNK + 1]).expect("file");
        let (packets, transfers) = sent(&Source::Folder(folder.path().to_path_buf()), &[], &[1]);
        let kinds: Vec<_> = packets.iter().map(|packet| (packet.r#type(), packet.id, packet.data.len())).collect();
        let stat = (PacketType::PacketStat, 0, 0);
        let data = |length| (PacketType::PacketData, 1, length);
        assert_eq!(kinds, [stat, stat, stat, data(CHUNK), data(1), data(0)]);
        assert!(packets[2].stat.is_none());
        assert_eq!(transfers.sent(), (1, CHUNK as u64 + 1));
    }

    #[test]
    fn nothing_but_the_instructions_leaves_their_folder() {
        let folder = tempfile::tempdir().expect("folder");
        for name in ["Dockerfile", "Dockerfile.dockerignore", "id_rsa", ".dockerignore"] {
            std::fs::write(folder.path().join(name), "text").expect("file");
        }
        let source = Source::Instructions { folder: folder.path().to_path_buf(), name: "Dockerfile".to_owned() };
        for include in
            [&[][..], &["Dockerfile", "Dockerfile.dockerignore", "dockerfile"], &["*"], &["id_rsa", "Docker*"]]
        {
            let (packets, _) = sent(&source, include, &[]);
            let paths: Vec<_> = packets.iter().filter_map(|packet| Some(packet.stat.as_ref()?.path.as_str())).collect();
            assert_eq!(paths, ["Dockerfile", "Dockerfile.dockerignore"], "{include:?}");
        }
        // An id that was not offered must not give access to anything.
        let (_, transfers) = sent(&source, &[], &[7]);
        assert_eq!(transfers.failure().as_deref(), Some("the engine asked for a file that was not offered"));
    }

    #[cfg(unix)]
    #[test]
    fn what_became_a_link_is_not_followed() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("elsewhere"), "secret").expect("file");
        std::fs::write(folder.path().join("file"), "text").expect("file");
        let (packets, answers) = mpsc::channel(8);
        drop(answers);
        let sender = Sender { packets, contents: Arc::default(), transfers: Arc::default() };
        let file = folder.path().join("file");
        assert!(sender.send_file(0, &file).is_ok());
        std::fs::remove_file(&file).expect("removed");
        std::os::unix::fs::symlink("elsewhere", &file).expect("link");
        let refused = sender.send_file(0, &file).expect_err("a link").to_string();
        assert_eq!(refused, "the file was replaced while it was being sent");
    }

    #[test]
    fn a_file_that_vanished_fails_the_transfer() {
        let source = Source::Folder(PathBuf::from("/nowhere"));
        let (packets, transfers) = sent(&source, &[], &[]);
        assert_eq!(packets.last().map(Packet::r#type), Some(PacketType::PacketErr));
        assert!(transfers.failure().is_some_and(|message| message.starts_with("cannot read `/nowhere`")));
    }

    #[test]
    fn texts_are_a_folder() {
        let source = Source::Texts([("Dockerfile".to_owned(), b"FROM scratch".to_vec())].into());
        let (packets, _) = sent(&source, &["Dockerfile", "Dockerfile.dockerignore"], &[0]);
        assert_eq!(packets.len(), 4);
        assert_eq!(packets[2].data, b"FROM scratch");
        let (packets, _) = sent(&source, &[".dockerignore"], &[]);
        assert_eq!(packets.len(), 1);
    }
}
