//! Bytes in, read as an env file in both formats; a panic, a hang or too much memory out, or better nothing.
#![no_main]

use hoist::diagnostic::Explain;
use hoist::load::dotenv::{EnvFile, parse, parse_raw};
use hoist::source::SourceMap;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut sources = SourceMap::default();
    let file = sources.add_env_file("/fuzz/.env", bytes.to_vec());
    let set = |name: &str| (name.len() % 2 == 0).then(|| format!("${{{name}}}"));
    let unset = |_: &str| None;
    check(&parse(&sources, file, &set, &unset), &sources);
    check(&parse(&sources, file, &unset, &set), &sources);
    check(&parse_raw(&sources, file, &set), &sources);
});

/// Every place lies in the file, and every error can be told.
fn check(read: &EnvFile, sources: &SourceMap) {
    for error in &read.errors {
        assert!(!error.to_string().is_empty());
        let _ = error.hint();
        let span = error.span().expect("an error has a place");
        let _ = sources.line(span);
    }
}
