//! Every label that hoist writes or reads: those by which Compose tools identify their objects, and its own.
//!
//! Docker Compose uses the same names, so either tool can take over what the other created.

/// The project's name.
pub const PROJECT: &str = "com.docker.compose.project";
/// The service.
pub const SERVICE: &str = "com.docker.compose.service";
/// The version of the tool that created it.
pub const VERSION: &str = "com.docker.compose.version";
/// What [`VERSION`] says: hoist's own.
pub const VERSION_VALUE: &str = env!("CARGO_PKG_VERSION");
/// The project's folder.
pub const WORKING_DIRECTORY: &str = "com.docker.compose.project.working_dir";
/// The Compose files, joined by commas.
pub const CONFIG_FILES: &str = "com.docker.compose.project.config_files";
/// The `--env-file` files, joined by commas.
pub const ENVIRONMENT_FILES: &str = "com.docker.compose.project.environment_file";
/// `True` for containers of `run`, `False` for replicas.
pub const ONE_OFF: &str = "com.docker.compose.oneoff";
/// What tells a container of `run` from all others.
pub const SLUG: &str = "com.docker.compose.slug";
/// The hash of the definition it was created from.
pub const CONFIG_HASH: &str = "com.docker.compose.config-hash";
/// The replica's number.
pub const NUMBER: &str = "com.docker.compose.container-number";
/// Dependencies: `service:condition:restart`, joined by commas.
pub const DEPENDS_ON: &str = "com.docker.compose.depends_on";
/// The digest of the image.
pub const IMAGE: &str = "com.docker.compose.image";
/// `target=digest` of mounted images, joined by commas.
pub const IMAGE_VOLUMES: &str = "com.docker.compose.image-volume-digest";
/// The container it replaces, if it inherits volumes.
pub const REPLACE: &str = "com.docker.compose.replace";
/// The kind of hook a container was created for.
pub const HOOK: &str = "com.docker.compose.hook";
/// Which hook it is, from 0.
pub const HOOK_INDEX: &str = "com.docker.compose.hook-index";
/// The key of a network.
pub const NETWORK: &str = "com.docker.compose.network";
/// The key of a volume.
pub const VOLUME: &str = "com.docker.compose.volume";
/// Marks containers that run on another engine than the project's.
pub const ENGINE: &str = "com.docker.compose.engine";
/// A label of hoist: the anonymous volumes that were carried over, by the first twelve digits of their names.
pub const INHERITED: &str = "hoist.inherited";
/// A label of hoist: a digest of the content of each secret and config.
pub const CONTENTS: &str = "hoist.contents";
/// A label of hoist: a digest per field of the definition.
pub const FIELDS: &str = "hoist.fields";
/// All labels of hoist.
pub const OWN: [&str; 3] = [INHERITED, CONTENTS, FIELDS];
/// Prefixes of labels that tools set on containers, as opposed to labels from services.
pub const PREFIXES: [&str; 2] = ["com.docker.compose.", "hoist."];
