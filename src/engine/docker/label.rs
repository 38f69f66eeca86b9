//! The labels by which Compose tools know what is theirs (engine.md §1.1, §1.2).

/// The project's name.
pub(super) const PROJECT: &str = "com.docker.compose.project";
/// The service.
pub(super) const SERVICE: &str = "com.docker.compose.service";
/// The version of the tool that made it.
pub(super) const VERSION: &str = "com.docker.compose.version";
/// The project's folder.
pub(super) const WORKING_DIRECTORY: &str = "com.docker.compose.project.working_dir";
/// The Compose files, joined by commas.
pub(super) const CONFIG_FILES: &str = "com.docker.compose.project.config_files";
/// The `--env-file` files, joined by commas.
pub(super) const ENVIRONMENT_FILES: &str = "com.docker.compose.project.environment_file";
/// `True` for containers of `run`, `False` for replicas.
pub(super) const ONE_OFF: &str = "com.docker.compose.oneoff";
/// The hash of the definition it was made from.
pub(super) const CONFIG_HASH: &str = "com.docker.compose.config-hash";
/// The replica's number.
pub(super) const NUMBER: &str = "com.docker.compose.container-number";
/// Dependencies: `service:condition:restart`, joined by commas.
pub(super) const DEPENDS_ON: &str = "com.docker.compose.depends_on";
/// The digest of the image.
pub(super) const IMAGE: &str = "com.docker.compose.image";
/// `target=digest` of mounted images, joined by commas.
pub(super) const IMAGE_VOLUMES: &str = "com.docker.compose.image-volume-digest";
/// What it replaces, when it inherits volumes.
pub(super) const REPLACE: &str = "com.docker.compose.replace";
/// The kind of hook a container was made for.
pub(super) const HOOK: &str = "com.docker.compose.hook";
/// The key of a network.
pub(super) const NETWORK: &str = "com.docker.compose.network";
/// The key of a volume.
pub(super) const VOLUME: &str = "com.docker.compose.volume";
/// Our own: the anonymous volumes that were carried over, by the first twelve digits of their names.
pub(super) const INHERITED: &str = "hoist.inherited";
/// Our own: a digest of what each secret and config contains.
pub(super) const CONTENTS: &str = "hoist.contents";
/// Our own: a digest per field of the definition.
pub(super) const FIELDS: &str = "hoist.fields";
/// All of our own.
pub(super) const OWN: [&str; 3] = [INHERITED, CONTENTS, FIELDS];
