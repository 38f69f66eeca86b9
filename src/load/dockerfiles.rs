//! The Dockerfiles of a project in, the images that its builds are made from out.

use std::collections::BTreeMap;
use std::path::Path;

use crate::project::value::{BaseImages, BuildContext};
use crate::project::{Build, Project, Service, ServiceName};
use crate::source::Reader;

/// Maximum size of a Dockerfile that is read.
const LARGEST: u64 = 1 << 20;

/// The images that each build starts from or copies from, so that it can come after the builds of these images. Files
/// are read now; what cannot be read is reported by the build. Nothing is read unless there are several builds.
#[must_use]
pub fn base_images(project: &Project) -> BTreeMap<ServiceName, BaseImages> {
    let services = project.services.values().chain(project.disabled.values());
    let built: Vec<(&Service, &Build)> =
        services.filter_map(|service| Some((service, service.build.as_ref()?))).collect();
    if built.len() < 2 {
        return BTreeMap::new();
    }
    built.into_iter().map(|(service, build)| (service.name.clone(), of_build(project, build))).collect()
}

fn of_build(project: &Project, build: &Build) -> BaseImages {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let text = given(&build.dockerfile_inline).or_else(|| {
        let context = BuildContext::new(build.context.as_deref().unwrap_or_default(), &project.working_directory);
        let BuildContext::Folder(folder) = context else { return None };
        read(&folder.join(given(&build.dockerfile).unwrap_or_else(|| "Dockerfile".to_owned())))
    });
    let contexts: Vec<&str> = build.additional_contexts.keys().map(String::as_str).collect();
    let target = given(&build.target);
    text.map_or_else(BaseImages::default, |text| BaseImages::read(&text, target.as_deref(), &build.args, &contexts))
}

fn read(path: &Path) -> Option<String> {
    // Checked before opening: opening a pipe would block until someone writes to it.
    if !std::fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let bytes = Reader::up_to(LARGEST).read(path).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockerfiles_are_read_where_there_are_several() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("Dockerfile"), "ARG BASE\nFROM $BASE").expect("a file");
        let mut project = Project { working_directory: folder.path().to_path_buf(), ..Project::default() };
        let args = [("BASE".to_owned(), Some("shop-base".to_owned()))].into();
        let web = Service { build: Some(Build { args, ..Build::default() }), ..Service::new("web") };
        project.services.insert("web".into(), web);
        assert!(base_images(&project).is_empty());
        let inline = Some("FROM busybox".to_owned());
        let build = Build { dockerfile_inline: inline, ..Build::default() };
        project.disabled.insert("base".into(), Service { build: Some(build), ..Service::new("base") });
        let url = Some("https://example.com/x.git".to_owned());
        let far = Service { build: Some(Build { context: url, ..Build::default() }), ..Service::new("far") };
        project.services.insert("far".into(), far);
        let found = base_images(&project);
        let images = |name: &str| found[name].images.iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!((images("web"), images("base")), (vec!["shop-base"], vec!["busybox"]));
        assert!(found["web"].complete && found["base"].complete && !found["far"].complete);
    }
}
