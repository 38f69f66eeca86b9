//! The text of `DOCKER_AUTH_CONFIG` in, the logins in it out.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::auth::decoded;

/// User names and passwords, by registry.
pub(super) type Logins = BTreeMap<String, (String, String)>;

/// What the variable may hold. Docker rejects other keys too, such as those of `config.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variable {
    #[serde(default)]
    auths: BTreeMap<String, Login>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    #[serde(default)]
    auth: String,
}

/// Reads the text.
///
/// # Errors
///
/// A message without any of the text, which is secret.
pub(super) fn parse(text: &str) -> Result<Logins, String> {
    let variable: Variable = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("DOCKER_AUTH_CONFIG is not what Docker expects, `{{\"auths\":{{\"HOST\":{{\"auth\":\"…\"}}}}}}` (line {line}, column {column})")
    })?;
    let login = |(registry, Login { auth }): (String, Login)| match decoded(&auth) {
        Some((user, password)) if !user.is_empty() => Ok((registry, (user, password))),
        _ if auth.is_empty() => Err(format!("DOCKER_AUTH_CONFIG has no `auth` for `{registry}`")),
        _ => Err(format!("DOCKER_AUTH_CONFIG has an invalid `auth` for `{registry}`")),
    };
    variable.auths.into_iter().map(login).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_read() {
        // `dXNlcjpzZWNyZXQ=` is `user:secret`.
        let logins = parse(r#"{"auths":{"r.example:5000":{"auth":"dXNlcjpzZWNyZXQ="}}}"#).unwrap();
        assert_eq!(logins["r.example:5000"], ("user".to_owned(), "secret".to_owned()));
        assert_eq!(parse("{}"), Ok(Logins::new()));
    }

    #[test]
    fn errors_give_nothing_away() {
        for (text, expected) in [
            (r#"{"auths":{"r":{"auth":"hunter2"}}}"#, "has an invalid `auth` for `r`"),
            (r#"{"auths":{"r":{"auth":"Omh1bnRlcjI="}}}"#, "has an invalid `auth` for `r`"),
            (r#"{"auths":{"r":{}}}"#, "has no `auth` for `r`"),
            (r#"{"auths":{"r":{"identitytoken":"hunter2"}}}"#, "is not what Docker expects"),
            (r#"{"auths":{},"hunter2":"x"}"#, "is not what Docker expects"),
            (r#"{"auths":"hunter2"}"#, "is not what Docker expects"),
            ("{} {}", "is not what Docker expects"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with("DOCKER_AUTH_CONFIG") && error.contains(expected), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
