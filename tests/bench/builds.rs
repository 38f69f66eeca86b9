//! Builds and pulls.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use bollard::models::{ContainerConfig, ContainerCreateBody};
use bollard::query_parameters::{
    CommitContainerOptionsBuilder, CreateContainerOptions, PushImageOptionsBuilder, RemoveImageOptions,
    StartContainerOptions, WaitContainerOptions,
};
use futures::{StreamExt, TryStreamExt};

use crate::bars::{Bar, Row, cpu, median, peak, wall};
use crate::measure::{Cost, run};
use crate::programs::{Costs, Programs, Side, in_turn};
use crate::project::{LABEL, Project};
use crate::registry::Registry;

/// How many files are in a folder of a large context.
const PER_FOLDER: usize = 100;

/// A project whose services are built from folders of it; the peer's builder is at hand.
async fn built(programs: &Programs, job: &str, services: &str) -> anyhow::Result<Project> {
    let project = Project::new(&programs.docker, job, services).await?;
    project.offer_plugin("docker-buildx", &programs.tool("docker-buildx")?)?;
    Ok(project)
}

/// One service, built from the folder `context`.
fn one_service(job: &str) -> String {
    format!("services:\n  app: {{image: {}, build: context}}\n", image(job))
}

fn image(job: &str) -> String {
    format!("hoist-bench-{job}")
}

async fn remove_image(project: &Project, image: &str) -> anyhow::Result<()> {
    project.docker.remove_image(image, None::<RemoveImageOptions>, None).await?;
    Ok(())
}

/// Small files in folders of a hundred.
fn write_files(folder: &Path, count: usize) -> anyhow::Result<()> {
    for number in 0..count {
        let folder = folder.join(format!("folder-{:03}", number / PER_FOLDER));
        if number.is_multiple_of(PER_FOLDER) {
            fs::create_dir_all(&folder)?;
        }
        fs::write(folder.join(format!("file-{number}.txt")), format!("file {number}\n").repeat(100))?;
    }
    Ok(())
}

/// A text that nobody has built yet.
fn new_text() -> anyhow::Result<String> {
    Ok(format!("{}\n", SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_nanos()))
}

/// Builds by both in turn, after a change each.
fn changed(
    programs: &Programs,
    rounds: u32,
    project: &Project,
    change: impl Fn() -> anyhow::Result<()>,
) -> anyhow::Result<Costs> {
    let mut costs = Costs::default();
    for round in 0..=rounds {
        for side in in_turn(round) {
            change()?;
            let cost = programs.run(side, &["build"], project)?;
            // The first of each does not count.
            if round > 0 {
                costs.of(side).push(cost);
            }
        }
    }
    Ok(costs)
}

/// How many of the 10,000 files are in the layer that changes.
const SOURCES: usize = 100;

pub(crate) async fn files(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = built(programs, "files", &one_service("files")).await?;
    let context = project.folder().join("context");
    write_files(&context.join("libraries"), 10_000 - SOURCES)?;
    write_files(&context.join("sources"), SOURCES)?;
    fs::write(context.join(".dockerignore"), "**/*.log\n.git\nnode_modules\n")?;
    fs::write(context.join("Dockerfile"), "FROM busybox:latest\nCOPY libraries /libraries\nCOPY sources /sources\n")?;
    let unchanged = programs.pairs(rounds, &["build"], project.folder())?;
    let file = context.join("sources/folder-000/file-7.txt");
    let changed = changed(programs, rounds, &project, || Ok(fs::write(&file, new_text()?)?))?;
    remove_image(&project, &image("files")).await?;
    Ok(vec![
        unchanged.row("`build` of 10,000 unchanged files", [Bar::Time(2.0)]),
        changed.row("`build` of 10,000 files, one of them changed", [Bar::Time(2.0)]),
    ])
}

/// What is sent at once: ten files of 100 MB.
const LARGE: (usize, usize) = (10, 100_000_000);

pub(crate) async fn gigabyte(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = built(programs, "gigabyte", &one_service("gigabyte")).await?;
    let context = project.folder().join("context");
    fs::create_dir(&context)?;
    let data: Vec<u8> = (0..LARGE.1).map(|at| u8::try_from((at * at / 7) & 0xff).unwrap_or_default()).collect();
    let files: Vec<_> = (0..LARGE.0).map(|number| context.join(format!("data-{number}"))).collect();
    for file in &files {
        fs::write(file, &data)?;
    }
    drop(data);
    // All of it is asked for, and none of it gets into the image.
    let dockerfile = "FROM busybox:latest\nRUN --mount=type=bind,target=/context ls /context > /listed\n";
    fs::write(context.join("Dockerfile"), dockerfile)?;
    let touch = || {
        let now = SystemTime::now();
        files.iter().try_for_each(|file| fs::File::options().write(true).open(file)?.set_modified(now))?;
        Ok(())
    };
    let costs = changed(programs, rounds, &project, touch)?;
    remove_image(&project, &image("gigabyte")).await?;
    Ok(vec![costs.row("`build` that sends a context of 1 GB", [Bar::AsFast, Bar::Peak(100_000_000)])])
}

const SERVICES: usize = 10;

pub(crate) async fn ten(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let name = |number| image(&format!("small-{number}"));
    let service = |number| format!("  s{number}: {{image: {}, build: ./s{number}}}\n", name(number));
    let services: String = (0..SERVICES).map(service).collect();
    let project = built(programs, "small", &format!("services:\n{services}")).await?;
    for number in 0..SERVICES {
        let folder = project.folder().join(format!("s{number}"));
        fs::create_dir(&folder)?;
        fs::write(folder.join("Dockerfile"), "FROM busybox:latest\nWORKDIR /app\nCOPY . .\n")?;
        fs::write(folder.join("fixed"), format!("service {number}\n"))?;
    }
    let again = programs.pairs(rounds, &["build"], project.folder())?;
    let folder = project.folder().to_path_buf();
    let change =
        || (0..SERVICES).try_for_each(|number| Ok(fs::write(folder.join(format!("s{number}/changed")), new_text()?)?));
    let changed = changed(programs, rounds, &project, change)?;
    for number in 0..SERVICES {
        remove_image(&project, &name(number)).await?;
    }
    Ok(vec![
        again.row("`build` of 10 small services, unchanged", [Bar::Time(1.0)]),
        changed.row("the same, a file of each changed", [Bar::AsFast]),
    ])
}

/// How many files are counted in what a thousand cost.
const COUNTED: usize = 20_000;

pub(crate) async fn per_thousand(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let project = built(programs, "counted", &one_service("counted")).await?;
    let context = project.folder().join("context");
    fs::create_dir(&context)?;
    fs::write(context.join("Dockerfile"), "FROM busybox:latest\nCOPY . /files\n")?;
    let alone = |rounds: u32| {
        let runs = (0..=rounds).map(|_| programs.run(Side::Hoist, &["build"], &project));
        // The first does not count.
        Ok::<_, anyhow::Error>(runs.collect::<Result<Vec<_>, _>>()?.split_off(1))
    };
    let none = alone(rounds)?;
    write_files(&context, COUNTED)?;
    let all = alone(rounds)?;
    remove_image(&project, &image("counted")).await?;
    let each = |value: fn(&Cost) -> f64| {
        #[expect(clippy::cast_precision_loss, reason = "it is a small number")]
        let thousands = COUNTED as f64 / 1000.0;
        (median(&all, value) - median(&none, value)).max(0.0) / thousands
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes, and not less than none")]
    let cost = Cost {
        wall: Duration::from_secs_f64(each(wall)),
        cpu: Duration::from_secs_f64(each(cpu)),
        peak: each(peak) as u64,
    };
    let what = "what 1,000 more unchanged files add to a `build`, hoist alone".to_owned();
    Ok(vec![Row { what, hoist: vec![cost], peer: Vec::new(), bars: Vec::new() }])
}

/// How many layers the pulled image has on top of its base, and the bytes in each of them.
const LAYERS: (usize, usize) = (10, 2_000_000);

pub(crate) async fn pull(programs: &Programs, rounds: u32) -> anyhow::Result<Vec<Row>> {
    let registry = Registry::start(&programs.tool("docker-registry")?)?;
    let docker = programs.tool("docker")?;
    let repository = format!("{}/{}", registry.address, image("layers"));
    let image = format!("{repository}:1");
    let project = Project::new(&programs.docker, "pull", &format!("services:\n  app: {{image: '{image}'}}\n")).await?;
    make_layers(&project, &repository).await?;
    let push = PushImageOptionsBuilder::default().tag("1").build();
    let pushed = project.docker.push_image(&repository, Some(push), None).try_for_each(|_| async { Ok(()) });
    pushed.await.context("the registry takes no image")?;
    let mut costs = Costs::default();
    for round in 0..=rounds {
        for side in in_turn(round) {
            remove_image(&project, &image).await?;
            let cost = match side {
                Side::Hoist => programs.run(side, &["pull"], &project)?,
                Side::Peer => run(&docker, &["pull", &image], project.folder())?,
            };
            // The first of each does not count.
            if round > 0 {
                costs.of(side).push(cost);
            }
        }
    }
    remove_image(&project, &image).await?;
    let what = "`pull` of an image of 10 layers, beside `docker pull`".to_owned();
    let Costs { hoist, peer } = costs;
    Ok(vec![Row { what, hoist, peer, bars: vec![Bar::AsFast] }])
}

/// Makes the image from containers: the engine would keep the layers of a build, and not fetch them again.
async fn make_layers(project: &Project, repository: &str) -> anyhow::Result<()> {
    let mut from = "busybox:latest".to_owned();
    for layer in 0..LAYERS.0 {
        let script = format!("head -c {} /dev/urandom > /layer-{layer}", LAYERS.1);
        let body = ContainerCreateBody {
            image: Some(from),
            cmd: Some(["sh", "-c", &script].map(str::to_owned).to_vec()),
            labels: Some(HashMap::from([(LABEL.to_owned(), project.name.clone())])),
            ..ContainerCreateBody::default()
        };
        let id = project.docker.create_container(None::<CreateContainerOptions>, body).await?.id;
        project.docker.start_container(&id, None::<StartContainerOptions>).await?;
        let ended = project.docker.wait_container(&id, None::<WaitContainerOptions>).next().await;
        ended.context("the engine does not say when a layer is there")??;
        let commit = CommitContainerOptionsBuilder::default().container(&id).repo(repository).tag("1").build();
        project.docker.commit_container(commit, ContainerConfig::default()).await?;
        project.clear().await?;
        from = format!("{repository}:1");
    }
    Ok(())
}
