//! How long loading takes, and that it grows with the file and no faster.
//!
//! `cargo bench --bench load`; with `-- --quick` in a few seconds.

mod generate;

use std::hint::black_box;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hoist::load::{LoadOptions, Loaded, load};
use hoist::project::canonical::{self, Form};
use hoist::project::hash::{HashForm, service_hash};
use hoist::source::SourceMap;
use hoist::yaml::{emit, parse};

const SIZES: [usize; 3] = [10, 100, 1_000];

fn loaded(options: &LoadOptions) -> Loaded {
    load(options).unwrap_or_else(|failure| panic!("{failure}"))
}

fn options(folder: &Path, services: usize) -> LoadOptions {
    let folder = folder.join(services.to_string());
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    std::fs::write(folder.join("compose.yaml"), generate::compose_file(services)).expect("a file can be written");
    LoadOptions::new(folder)
}

/// One group a step, one line a size: with throughput in services, a step is linear if its lines show the same rate.
fn loading(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut step = |name: &str, run: &mut dyn FnMut(&LoadOptions, &Loaded)| {
        let mut group = criterion.benchmark_group(name);
        for services in SIZES {
            let options = options(folder.path(), services);
            let loaded = loaded(&options);
            group.throughput(Throughput::Elements(services as u64));
            group.sample_size(if services < 1_000 { 50 } else { 10 });
            group.bench_function(BenchmarkId::from_parameter(services), |bencher| {
                bencher.iter(|| run(&options, &loaded));
            });
        }
    };
    step("parse", &mut |options, _| {
        let mut sources = SourceMap::default();
        let path = options.working_directory.join("compose.yaml");
        let text = std::fs::read_to_string(&path).expect("the file can be read");
        let file = sources.add(path, text);
        black_box(parse(&sources, file));
    });
    step("load", &mut |options, _| {
        black_box(loaded(options));
    });
    step("yaml", &mut |_, loaded| {
        let tree = canonical::project(&loaded.project, Form::Yaml);
        black_box(emit(&canonical::double_dollars(tree), None));
    });
    step("json", &mut |_, loaded| {
        let tree = canonical::project(&loaded.project, Form::Json);
        black_box(canonical::double_dollars(tree).to_json_pretty());
    });
    step("hash", &mut |_, loaded| {
        for service in loaded.project.services.values() {
            black_box(service_hash(service, HashForm::V5));
        }
    });
}

criterion_group!(benches, loading);
criterion_main!(benches);
