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
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::error::BuildError;
use super::filter::Filter;
use super::ignore_file::{IGNORE_FILE, read_linked};
use super::tasks::Spawner;
use super::tree::{TreeError, has_content, walk};
use super::wanted::Wanted;

/// Maximum number of bytes of a file per message.
const CHUNK: usize = 128 * 1024;

/// Maximum number of entries that are sent together.
const ENTRIES: usize = 128;

/// Maximum number of queued groups of messages.
const QUEUE: usize = 8;

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
        let mut list = Sender::new(packets.clone(), Arc::clone(&self.transfers));
        let mut contents = list.another();
        let (ids, asked) = std::sync::mpsc::channel();
        let offered = source.clone();
        self.tasks.spawn_blocking(move || list.send_entries(&offered, &wanted));
        self.tasks.spawn_blocking(move || contents.send_contents(&source, &asked));
        self.tasks.spawn(listen(request.into_inner(), ids, packets));
        let packets = ReceiverStream::new(answers).flat_map(|group| stream::iter(group.into_iter().map(Ok)));
        Ok(Response::new(packets.boxed()))
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
async fn listen(mut engine: Streaming<Packet>, ids: std::sync::mpsc::Sender<u32>, packets: mpsc::Sender<Vec<Packet>>) {
    while let Some(Ok(packet)) = engine.next().await {
        match packet.r#type() {
            PacketType::PacketReq => {
                // The reader is gone only after a failure, which it has reported.
                let _ = ids.send(packet.id);
            }
            PacketType::PacketFin => {
                let fin = Packet { r#type: PacketType::PacketFin.into(), ..Packet::default() };
                let _ = packets.send(vec![fin]).await;
                return;
            }
            // The reason comes with the failure of the build.
            PacketType::PacketErr => return,
            PacketType::PacketStat | PacketType::PacketData => {}
        }
    }
}

/// Sends packets of one request, in groups: waking the connection for each of them would take longer than all else.
/// Blocks if the engine is slower, and ends when it is gone.
struct Sender {
    packets: mpsc::Sender<Vec<Packet>>,
    /// The packets that are to be sent next.
    group: Vec<Packet>,
    /// The number of bytes of files in them.
    group_size: usize,
    /// The paths of entries with content, by the number that the protocol assigns to each entry.
    contents: Arc<Mutex<Vec<Option<String>>>>,
    transfers: Arc<Transfers>,
}

impl Sender {
    fn new(packets: mpsc::Sender<Vec<Packet>>, transfers: Arc<Transfers>) -> Self {
        Self { packets, group: Vec::new(), group_size: 0, contents: Arc::default(), transfers }
    }

    /// Another sender for the same request.
    fn another(&self) -> Self {
        Self { contents: Arc::clone(&self.contents), ..Self::new(self.packets.clone(), Arc::clone(&self.transfers)) }
    }

    /// Sends the entry of every path.
    fn send_entries(&mut self, source: &Source, wanted: &Wanted) {
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
                self.group.push(Packet::default());
                let _ = self.send();
            }
            Ok(ControlFlow::Break(())) => {}
            Err(message) => self.fail(&message),
        }
    }

    fn send_folder(
        &mut self,
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

    fn send_text_entry(&mut self, name: &str, length: usize, wanted: &Wanted) -> ControlFlow<()> {
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

    fn send_entry(&mut self, stat: Stat) -> ControlFlow<()> {
        let path = has_content(&stat).then(|| stat.path.clone());
        self.contents.lock().unwrap_or_else(PoisonError::into_inner).push(path);
        let packet = Packet { r#type: PacketType::PacketStat.into(), stat: Some(stat), ..Packet::default() };
        self.group.push(packet);
        if self.group.len() < ENTRIES { ControlFlow::Continue(()) } else { self.send() }
    }

    /// Sends the content of entries that the engine requests.
    fn send_contents(&mut self, source: &Source, asked: &std::sync::mpsc::Receiver<u32>) {
        let mut buffer = vec![0; CHUNK];
        loop {
            // Small files are sent together as long as the engine has requested more.
            let id = if let Ok(id) = asked.try_recv() {
                id
            } else {
                if self.send().is_break() {
                    return;
                }
                let Ok(id) = asked.recv() else { return };
                id
            };
            let path = {
                let contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
                usize::try_from(id).ok().and_then(|index| contents.get(index).cloned().flatten())
            };
            let Some(path) = path else {
                return self.fail("the engine asked for a file that was not offered");
            };
            let flow = match source {
                Source::Folder(folder) | Source::Instructions { folder, .. } => {
                    match self.send_file(id, &folder.join(&path), &mut buffer) {
                        Ok(flow) => flow,
                        Err(cause) => {
                            return self.fail(&format!("cannot read `{}`: {cause}", folder.join(path).display()));
                        }
                    }
                }
                Source::Texts(texts) => {
                    let text = texts.get(&path).map(Vec::as_slice).unwrap_or_default();
                    text.chunks(CHUNK).try_for_each(|chunk| self.send_data(id, chunk.to_vec()))
                }
            };
            self.transfers.files.fetch_add(1, Ordering::Relaxed);
            // An empty data packet marks the end of the file.
            if flow.is_break() || self.send_data(id, Vec::new()).is_break() {
                return;
            }
        }
    }

    fn send_file(&mut self, id: u32, path: &Path, buffer: &mut [u8]) -> std::io::Result<ControlFlow<()>> {
        let mut file = match open_unfollowed(path) {
            Ok(file) => file,
            Err(_) if is_socket(path) => return Ok(ControlFlow::Continue(())),
            Err(cause) => return Err(cause),
        };
        loop {
            let length = match file.read(buffer) {
                Ok(0) => return Ok(ControlFlow::Continue(())),
                Ok(length) => length,
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(cause) => return Err(cause),
            };
            if self.send_data(id, buffer[..length].to_vec()).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }

    fn send_data(&mut self, id: u32, data: Vec<u8>) -> ControlFlow<()> {
        self.transfers.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
        self.group_size += data.len();
        self.group.push(Packet { r#type: PacketType::PacketData.into(), id, data, ..Packet::default() });
        if self.group_size < CHUNK && self.group.len() < ENTRIES { ControlFlow::Continue(()) } else { self.send() }
    }

    /// Sends the packets of the group.
    fn send(&mut self) -> ControlFlow<()> {
        self.group_size = 0;
        let group = std::mem::take(&mut self.group);
        if group.is_empty() || self.packets.blocking_send(group).is_ok() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    /// Tells the engine that the rest will not come, and keeps the reason for the build's error.
    fn fail(&mut self, message: &str) {
        self.transfers.fail(message);
        let data = message.as_bytes().to_vec();
        self.group.push(Packet { r#type: PacketType::PacketErr.into(), data, ..Packet::default() });
        let _ = self.send();
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

    fn sent(source: &Source, include: &[&str], ids: &[u32]) -> (Vec<Packet>, Arc<Transfers>) {
        let (groups, transfers) = sent_in_groups(source, include, ids);
        (groups.into_iter().flatten().collect(), transfers)
    }

    fn sent_in_groups(source: &Source, include: &[&str], ids: &[u32]) -> (Vec<Vec<Packet>>, Arc<Transfers>) {
        let (packets, mut received) = mpsc::channel(1000);
        let transfers = Arc::<Transfers>::default();
        let mut sender = Sender::new(packets, Arc::clone(&transfers));
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
        (std::iter::from_fn(|| received.try_recv().ok()).collect(), transfers)
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
    fn small_files_travel_together_and_a_large_one_in_parts() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("0-large"), vec![7; 3 * CHUNK]).expect("file");
        for number in 0..300 {
            std::fs::write(folder.path().join(format!("small-{number:03}")), number.to_string()).expect("file");
        }
        let ids: Vec<u32> = (0..=300).collect();
        let (groups, transfers) = sent_in_groups(&Source::Folder(folder.path().to_path_buf()), &[], &ids);
        assert_eq!(transfers.sent(), (301, 3 * CHUNK as u64 + 10 + 90 * 2 + 200 * 3));
        let counts: Vec<_> = groups.iter().map(Vec::len).collect();
        // 301 entries and the end of the list; parts of the large file; its end, and 300 small files with an end each.
        assert_eq!(counts, [128, 128, 46, 1, 1, 1, 128, 128, 128, 128, 89]);
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
        let mut sender = Sender::new(packets, Arc::default());
        let file = folder.path().join("file");
        assert!(sender.send_file(0, &file, &mut [0; 8]).is_ok());
        std::fs::remove_file(&file).expect("removed");
        std::os::unix::fs::symlink("elsewhere", &file).expect("link");
        let refused = sender.send_file(0, &file, &mut [0; 8]).expect_err("a link").to_string();
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
