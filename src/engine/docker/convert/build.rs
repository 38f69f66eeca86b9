//! What this client adds to a build.

use std::collections::BTreeMap;

use crate::plan::BuildSpec;

/// The build as the engine is asked for it. `proxies` are build arguments that it does not set itself.
pub(in crate::engine::docker) fn complete(spec: &BuildSpec, proxies: &BTreeMap<String, String>) -> BuildSpec {
    let mut complete = spec.clone();
    for (name, value) in proxies {
        complete.args.entry(name.clone()).or_insert_with(|| Some(value.clone()));
    }
    complete
}

#[cfg(test)]
mod tests {
    use super::super::files::of_build;
    use super::*;
    use crate::engine::docker::build::SecretSource;
    use crate::plan::BuildSecret;
    use crate::project::value::BuildContext;
    use crate::project::{FileSource, Secret};

    fn spec() -> BuildSpec {
        BuildSpec::new("web", "shop-web", BuildContext::Folder("/shop".into()))
    }

    #[test]
    fn proxies_are_arguments_that_the_build_may_set_or_leave_out() {
        let args = [("A", Some("1")), ("HTTP_PROXY", None), ("FTP_PROXY", Some("own"))];
        let args = args.map(|(name, value)| (name.to_owned(), value.map(str::to_owned))).into();
        let proxies = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY"].map(|name| (name.to_owned(), "x".to_owned())).into();
        let complete = complete(&BuildSpec { args, ..spec() }, &proxies);
        let args: Vec<_> = complete.args.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
        assert_eq!(
            args,
            [("A", Some("1")), ("FTP_PROXY", Some("own")), ("HTTPS_PROXY", Some("x")), ("HTTP_PROXY", None)]
        );
    }

    #[test]
    fn secrets_are_in_files_and_variables() {
        let secret = |source: FileSource| {
            let definition = Some(Secret { source: Some(source), ..Secret::default() });
            BuildSecret { key: "token".into(), definition }
        };
        let variable = |value: Option<&str>| {
            let value = value.map(str::to_owned);
            secret(FileSource::Environment { variable: "TOKEN".to_owned(), value })
        };
        let of = |secrets: &[(&str, BuildSecret)]| {
            let secrets = secrets.iter().map(|(id, secret)| ((*id).to_owned(), secret.clone())).collect();
            of_build(&BuildSpec { secrets, ..spec() }).map_err(|error| error.to_string())
        };
        let folder = tempfile::tempdir().expect("folder");
        let key = folder.path().join("key");
        std::fs::write(&key, "x").expect("file");
        let file = |path: &std::path::Path| secret(FileSource::File(path.display().to_string()));
        let given = [("file", file(&key)), ("npm", variable(Some("x"))), ("unset", variable(None))];
        let secrets = of(&given).unwrap();
        assert_eq!(secrets.len(), 2, "a step that needs a variable that is not set says so");
        assert_eq!(secrets["file"], SecretSource::File(key));
        assert_eq!(secrets["npm"], SecretSource::Value("x".to_owned()));
        let (none, here) = (folder.path().join("none"), folder.path());
        let missing = format!("the secret `token`: `{}` does not exist", none.display());
        let no_file = format!("the secret `token`: `{}` is a folder", here.display());
        let external = Secret { external: true, ..Secret::default() };
        let cases = [
            (file(&none), missing.as_str()),
            (file(here), no_file.as_str()),
            (BuildSecret { key: "token".into(), definition: Some(external) }, "unsupported external secret token"),
            (BuildSecret { key: "token".into(), definition: None }, "secret `token` is not defined"),
        ];
        for (secret, expected) in cases {
            assert_eq!(of(&[("npm", secret)]), Err(format!("service `web`: {expected}")));
        }
    }
}
