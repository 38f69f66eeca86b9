//! hoist as the plugin of `docker`, and as the standalone `docker-compose`.

use super::Case;

const OWN: &str = env!("CARGO_PKG_VERSION");

/// The version of Docker Compose that hoist is compatible with.
const LEVEL: &str = "5.6.1";

#[test]
fn docker_gets_the_metadata_of_the_plugin() {
    let ran = Case::new("docker-cli-plugin-metadata").called("docker-compose").run();
    let expected = format!(
        "{{\n     \"SchemaVersion\": \"0.1.0\",\n     \"Vendor\": \"hoist\",\n     \"Version\": \"v{LEVEL}\",\n     \
         \"ShortDescription\": \"Docker Compose\"\n}}\n"
    );
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, expected.as_str(), ""));
    let metadata: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(metadata["Vendor"], "hoist");
}

#[test]
fn the_version_is_that_of_what_was_called() {
    let compose = format!("Docker Compose version v{LEVEL}\n");
    let short = format!("{LEVEL}\n");
    let json = format!("{{\"version\":\"v{LEVEL}\"}}\n");
    let broken = |case: Case| case.file("compose.yaml", "services: [").file(".env", "COMPOSE_FILE=nowhere.yaml").run();
    for (arguments, expected) in [
        ("version", &compose),
        ("-v", &compose),
        ("--version", &compose),
        ("version --short", &short),
        ("version --short --format json", &short),
        ("version -f json", &json),
        ("version --format=json", &json),
        ("version --format other", &compose),
    ] {
        let plugin = broken(Case::new(&format!("compose {arguments}")).by_docker());
        assert_eq!((plugin.status, &plugin.stdout, plugin.stderr.as_str()), (0, expected, ""), "{arguments}");
        let standalone = broken(Case::new(arguments).called("docker-compose"));
        assert_eq!((standalone.status, &standalone.stdout), (0, expected), "{arguments}");
    }
    assert_eq!(Case::new("-v --short").called("docker-compose").run().stdout, short);
    let own = format!("hoist version v{OWN}\nCompatible with Docker Compose v{LEVEL}\n");
    for (arguments, expected) in [
        ("version", own.clone()),
        ("-v", own),
        ("version --short", format!("{OWN}\n")),
        ("version -f json", format!("{{\"version\":\"v{OWN}\",\"compose\":\"v{LEVEL}\"}}\n")),
    ] {
        let ran = broken(Case::new(arguments));
        assert_eq!((ran.status, ran.stdout, ran.stderr.as_str()), (0, expected, ""), "{arguments}");
    }
}

#[test]
fn flags_of_docker_stand_before_the_plugin() {
    let file = "services: {web: {image: i}}\n";
    let case = |arguments: &str| Case::new(arguments).by_docker().file("compose.yaml", file);
    let ran = case("-D --config other -H unix:///flag.sock --log-level info compose ps").run();
    assert!(ran.stderr.starts_with("cannot connect to a container engine at unix:///flag.sock: "), "{}", ran.stderr);
    let ran = case("--config docker compose ps -q")
        .file("docker/config.json", r#"{"currentContext": "none"}"#)
        .variable("DOCKER_HOST", "")
        .run();
    assert_eq!(ran.stderr, "Docker context `none` does not exist\n");
    let ran = case("--context none compose ps").run();
    assert_eq!((ran.status, ran.stderr.as_str()), (1, "Docker context `none` does not exist\n"));
    let ran = case("--zzz compose ps").run();
    assert_eq!(ran.status, 125);
    assert!(ran.stderr.starts_with("unknown flag: --zzz\n\nUsage:  docker [OPTIONS]"), "{}", ran.stderr);
    let ran = case("compose --zzz ps").run();
    assert_eq!((ran.status, ran.stderr.as_str()), (1, "unknown flag: --zzz\n"));
}

#[test]
fn docker_can_lead_to_the_engine() {
    // A program that says with which words it was called.
    let case = |arguments: &str| {
        let case = Case::new(arguments).by_docker().variable("DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND", "cat");
        case.variable("DOCKER_CLI_PLUGIN_USE_DIAL_STDIO", "1").run()
    };
    let ran = case("compose ls");
    assert!(ran.stderr.contains("at cat system dial-stdio: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("cat: dial-stdio: "), "{}", ran.stderr);
    let ran = case("--config /none compose ls");
    assert!(ran.stderr.contains("--config"), "{}", ran.stderr);
    let ran = case("compose --host unix:///flag.sock ls");
    assert!(ran.stderr.starts_with("cannot connect to a container engine at unix:///flag.sock: "), "{}", ran.stderr);
}

#[test]
fn standalone_flags_of_docker_stand_anywhere_before_the_command() {
    let file = "services: {web: {image: i}}\n";
    let case = |arguments: &str| Case::new(arguments).called("/usr/local/bin/docker-compose").file("c.yaml", file);
    for arguments in ["-H unix:///flag.sock -f c.yaml ps", "-f c.yaml --host unix:///flag.sock ps"] {
        let ran = case(arguments).run();
        assert!(ran.stderr.starts_with("cannot connect to a container engine at unix:///flag.sock: "), "{arguments}");
    }
    let ran = case("--host").run();
    assert_eq!((ran.status, ran.stderr.as_str()), (1, "flag needs an argument: '--host'\n"));
    let ran = case("compose up").run();
    assert_eq!((ran.status, ran.stderr.as_str()), (1, "unknown docker command: \"compose compose\"\n"));
}

#[test]
fn a_hook_prints_nothing() {
    for json in ["{\"RootCmd\":\"compose up\",\"Flags\":{\"d\":\"\"}}", "not JSON"] {
        let ran = Case::new("compose docker-cli-plugin-hooks").argument(json).by_docker().run();
        assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""));
    }
}

#[test]
fn help_and_hints_name_the_program_that_was_called() {
    let ran = Case::new("--help").run();
    assert!(
        ran.stdout.starts_with("Run applications of several containers from Compose files, and see what"),
        "{}",
        ran.stdout
    );
    let ran = Case::new("compose --help").by_docker().run();
    assert!(ran.stdout.contains("Usage: docker compose [OPTIONS] [COMMAND]"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("Run 'docker compose COMMAND --help' for more information on a command.\n"));
    let ran = Case::new("help compose up").by_docker().run();
    assert!(ran.stdout.contains("Usage: docker compose up [OPTIONS] [SERVICE]..."), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("Example:\n  docker compose up --detach --wait\n"), "{}", ran.stdout);
    let ran = Case::new("compose exec --help").by_docker().run();
    assert!(ran.stdout.contains("Usage: docker compose exec [OPTIONS] SERVICE COMMAND [ARGS...]\n"), "{}", ran.stdout);
    let ran = Case::new("compose up -f x").by_docker().run();
    let hint = "hint: put it before the command: `docker compose --file FILE up`";
    assert_eq!(ran.stderr, format!("unknown shorthand flag: 'f' in -f\n{hint}\n"));
    let ran = Case::new("compose up other").by_docker().file("compose.yaml", "services: {web: {image: i}}\n").run();
    let hint = "hint: `docker compose config --services` lists all services";
    assert_eq!(ran.stderr, format!("no such service: other\n{hint}\n"));
}

#[test]
fn only_hoist_installs_itself() {
    for arguments in ["plugin status", "man --dir ."] {
        let name = arguments.split(' ').next().expect("a command");
        let ran = Case::new(&format!("compose {arguments}")).by_docker().run();
        assert_eq!(ran.status, 1);
        assert_eq!(ran.stderr.lines().next(), Some(format!("unknown docker command: \"compose {name}\"").as_str()));
        assert!(!ran.stdout.contains("plugin"), "{}", ran.stdout);
    }
}

#[test]
fn the_plugin_is_installed_and_removed_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let docker = folder.path().join("docker");
    let run = |arguments: &str| Case::new(arguments).variable("DOCKER_CONFIG", &docker.to_string_lossy()).run();
    let program = docker.join("cli-plugins/docker-compose");
    let hoist = std::path::Path::new(env!("CARGO_BIN_EXE_hoist")).canonicalize().expect("it is there");
    let ran = run("plugin install");
    assert_eq!(ran.stdout, format!("{} is now hoist ({})\n", program.display(), hoist.display()), "{}", ran.stderr);
    let status = run("plugin status").stdout;
    let expected = format!("`docker compose` runs {} -> {} (hoist v{LEVEL})", program.display(), hoist.display());
    assert_eq!(status.lines().next(), Some(expected.as_str()), "{status}");
    assert_eq!(run("plugin uninstall").stdout, format!("removed {}\n", program.display()));
    assert_eq!(run("plugin uninstall").stdout, format!("{} does not exist\n", program.display()));

    std::fs::write(&program, "#!/bin/sh\n").expect("a file");
    let ran = run("plugin install");
    let message = format!("`{}` is another program: not a plugin that works", program.display());
    assert_eq!((ran.status, ran.stderr.lines().next()), (1, Some(message.as_str())));
    assert_eq!(run("plugin install --force").status, 0);
    assert!(program.is_symlink());
    assert_eq!(run("plugin uninstall").status, 0);
    assert_eq!(std::fs::read_to_string(&program).expect("it is back"), "#!/bin/sh\n");
    assert_eq!(run("plugin uninstall").status, 1);
    assert_eq!(run("plugin uninstall --dry-run").status, 1);
    let ran = run("plugin instal");
    assert_eq!(ran.stderr, "unknown command \"instal\" for \"hoist plugin\"\nhint: did you mean `install`?\n");
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = Case::new(&format!("man --dir {}", folder.path().display())).run();
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let page = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect(name);
    for name in ["hoist.1", "hoist-down.1", "hoist-plugin.1", "hoist-plugin-install.1"] {
        assert!(page(name).starts_with(".ie"), "{name}");
    }
    assert!(page("hoist-up.1").contains("hoist up"));
    assert!(page("hoist-up.1").contains("Example:"));
}

#[test]
fn what_docker_adds_to_the_variables_of_its_plugins_is_left_out() {
    let variable = "OTEL_RESOURCE_ATTRIBUTES";
    let docker = "docker.cli.cobra.command_path=docker%20compose";
    for (value, shown) in [
        (docker.to_owned(), None),
        (format!("team=a,{docker},stage=b"), Some("OTEL_RESOURCE_ATTRIBUTES=team=a,stage=b")),
    ] {
        let case = Case::new("compose config --environment").file("compose.yaml", "services: {web: {image: i}}\n");
        let printed = case.by_docker().variable(variable, &value).ok();
        assert_eq!(printed.lines().find(|line| line.starts_with(variable)), shown, "{value}");
    }
}
