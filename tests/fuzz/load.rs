//! Bytes in, read as a Compose file; a panic, a hang or too much memory out, or better nothing.
#![no_main]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use hoist::load::{LoadOptions, load, load_model, variables};
use hoist::project::canonical::{self, Form};
use hoist::project::hash::{HashForm, service_hash};
use hoist::yaml::emit;
use libfuzzer_sys::fuzz_target;

/// A folder of this process, in memory where there is one.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix("hoist-fuzz-").tempdir_in(parent).expect("a folder can be made").keep()
});

fuzz_target!(|bytes: &[u8]| {
    let file = FOLDER.join("compose.yaml");
    std::fs::write(&file, bytes).expect("the file can be written");
    let mut options = LoadOptions::new(&*FOLDER);
    options.project_name = Some("fuzz".to_owned());
    match load(&options) {
        Ok(loaded) => {
            let project = &loaded.project;
            for service in project.services.values() {
                service_hash(service, HashForm::V5);
                service_hash(service, HashForm::V2);
            }
            canonical::project(project, Form::Json).to_json_compact();
            emit(&canonical::double_dollars(canonical::project(project, Form::Yaml)), None);
        }
        Err(failure) => {
            assert!(!failure.errors.is_empty(), "a load fails for a reason");
            let _ = failure.to_string();
        }
    }
    let _ = load_model(&options);
    let _ = variables(&options);
});
