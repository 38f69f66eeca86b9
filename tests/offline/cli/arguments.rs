//! Arguments that make no sense, and help.

use super::Case;

#[test]
fn without_arguments_there_is_help() {
    let ran = Case::new("").run();
    assert_eq!(ran.status, 0);
    assert!(ran.stdout.contains("Usage: hoist [OPTIONS] [COMMAND]"), "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn help_knows_every_command() {
    for command in ["completion", "config", "create", "down", "help", "logs", "plan", "plugin", "ps", "up", "version"] {
        let ran = Case::new(&format!("help {command}")).run();
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{command}");
        assert!(ran.stdout.contains(&format!("Usage: hoist {command}")), "{}", ran.stdout);
        assert!(ran.stdout.contains("Example:\n  hoist "), "{}", ran.stdout);
        assert_eq!(Case::new(&format!("{command} --help")).run().stdout, ran.stdout);
        assert_eq!(Case::new(&format!("{command} -h")).run().stdout, ran.stdout);
    }
}

#[test]
fn usage_tells_what_a_command_must_have() {
    for (command, usages) in [
        ("attach", &["SERVICE"][..]),
        ("commit", &["SERVICE [REPOSITORY[:TAG]]"]),
        ("cp", &["SERVICE:SRC_PATH DEST_PATH|-", "SRC_PATH|- SERVICE:DEST_PATH"]),
        ("exec", &["SERVICE COMMAND [ARGS...]"]),
        ("export", &["SERVICE"]),
        ("port", &["SERVICE [PRIVATE_PORT]"]),
        ("run", &["SERVICE [COMMAND] [ARGS...]"]),
        ("scale", &["SERVICE=REPLICAS..."]),
        ("stats", &["[SERVICE]"]),
        ("stop", &["[SERVICE]..."]),
        ("wait", &["SERVICE..."]),
    ] {
        let help = Case::new(&format!("{command} --help")).run().stdout;
        let lines: Vec<_> = usages.iter().map(|usage| format!("hoist {command} [OPTIONS] {usage}\n")).collect();
        assert!(help.contains(&format!("Usage: {}", lines.join("       "))), "{help}");
    }
}

#[test]
fn a_malformed_port_or_mount_of_run_is_named_once() {
    for (arguments, message) in [
        ("run --publish abc web", "--publish: `abc` is not a port"),
        ("run -p 80:99999 web", "--publish: `80:99999` is not a port: `99999` is not a container port"),
        ("run -v a::::b web", "--volume: `a::::b` is not a mount: a part between colons is empty"),
    ] {
        let ran = Case::new(arguments).file("compose.yaml", "services: {web: {image: i}}\n").run();
        assert_eq!((ran.status, ran.stderr.as_str()), (1, format!("{message}\n").as_str()), "{arguments}");
    }
}

#[test]
fn an_unknown_command_shows_the_help_and_the_closest_one() {
    let ran = Case::new("dwn").run();
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains("Commands:"));
    assert_eq!(ran.stderr, "unknown docker command: \"compose dwn\"\nhint: did you mean `down`?\n");
}

#[test]
fn flags_that_do_not_go_together_are_refused_in_the_words_scripts_know() {
    let table = [
        ("up --wait --wait-timeout -1", "--wait-timeout must be a non-negative integer"),
        ("up --wait-for-jobs", "--wait-for-jobs needs --wait"),
        ("start --wait-for-jobs", "--wait-for-jobs needs --wait"),
        ("up --build --no-build", "--build and --no-build are incompatible"),
        ("up --no-recreate -V", "--no-recreate and --renew-anon-volumes are incompatible"),
        ("up --no-recreate --force-recreate", "--force-recreate and --no-recreate are incompatible"),
        ("up --no-recreate --always-recreate-deps", "--always-recreate-deps and --no-recreate are incompatible"),
        (
            "up --abort-on-container-exit --abort-on-container-failure",
            "--abort-on-container-failure cannot be combined with --abort-on-container-exit",
        ),
        (
            "up --wait --exit-code-from web",
            "--wait cannot be combined with --abort-on-container-exit, --attach or --attach-dependencies",
        ),
        (
            "up -d --abort-on-container-failure",
            "--detach cannot be combined with --abort-on-container-exit, --abort-on-container-failure, --attach, \
             --attach-dependencies or --watch",
        ),
        ("up --attach web --attach-dependencies", "cannot combine --attach and --attach-dependencies"),
        ("up --attach other", "cannot attach to services not included in up: other"),
        ("up --exit-code-from other", "no such service: other"),
        ("create --pull policy", "invalid --pull option \"policy\""),
        ("--parallel x up", "invalid argument \"x\" for \"--parallel\" flag: not a whole number"),
        ("--progress fancy up", "unsupported --progress value \"fancy\""),
        ("--progress tty --ansi never up", "can't use --progress tty while ANSI support is disabled"),
        ("--progress plain --ansi always ps", "can't use --progress plain while ANSI support is forced"),
        ("--progress fancy config", "unsupported --progress value \"fancy\""),
        (
            "--no-ansi --ansi always ps",
            "cannot specify DEPRECATED \"--no-ansi\" and \"--ansi\". Please use only \"--ansi\"",
        ),
        (
            "--workdir . --project-directory . ps",
            "cannot specify DEPRECATED \"--workdir\" and \"--project-directory\". Please use only \
             \"--project-directory\" instead",
        ),
        ("ps --filter status", "arguments to --filter should be in form KEY=VAL"),
        ("ps --format {{.Name", "template parsing error: `{{` is not closed: it ends with `}}`"),
        ("logs --index 1", "--index requires one service to be selected"),
    ];
    for (arguments, message) in table {
        let ran = Case::new(arguments).file("compose.yaml", "services: {web: {image: i}}\n").run();
        assert_eq!((ran.status, ran.stderr.as_str()), (1, format!("{message}\n").as_str()), "{arguments}");
        assert_eq!(ran.stdout, "", "{arguments}");
    }
}

#[test]
fn mistakes_are_reported_in_the_words_scripts_know() {
    for (arguments, message) in [
        ("version x", "unknown command \"x\" for \"docker compose version\""),
        ("version -f", "flag needs an argument: 'f' in -f"),
        ("scale", "requires at least 1 arg(s), only received 0"),
        ("up -dzV", "unknown shorthand flag: 'z' in -zV"),
        ("up -dt", "flag needs an argument: 't' in -t"),
        ("up --zzz=3", "unknown flag: --zzz"),
        ("up --timeo 5", "unknown flag: --timeo"),
        ("up ---x", "bad flag syntax: ---x"),
        ("up --=3", "bad flag syntax: --=3"),
        ("up -t x", "invalid argument \"x\" for \"-t, --timeout\" flag: not a whole number"),
        ("up --detach=maybe", "invalid argument \"maybe\" for \"-d, --detach\" flag: not true or false"),
        ("up -d=maybe", "invalid argument \"maybe\" for \"-d, --detach\" flag: not true or false"),
        ("ps --orphans=x", "invalid argument \"x\" for \"--orphans\" flag: not true or false"),
        ("-d up", "unknown shorthand flag: 'd' in -d\nhint: put it after the command: `hoist up --detach`"),
        (
            "wait",
            "docker: 'docker compose wait' requires at least 1 argument\n\nUsage:  docker compose wait SERVICE \
             [SERVICE...] [OPTIONS]\n\nSee 'docker compose wait --help' for more information",
        ),
    ] {
        let ran = Case::new(arguments).run();
        assert_eq!((ran.status, ran.stderr.as_str()), (1, format!("{message}\n").as_str()), "{arguments}");
        assert_eq!(ran.stdout, "", "{arguments}");
    }
}

#[test]
fn hidden_flags_are_accepted_silently() {
    for arguments in [
        "--verbose config -q",
        "--insecure-registry example.com config -q",
        "--all-resources=false --dry-run=0 config -q=T",
        "-p=shop --parallel=-1 config -q",
    ] {
        let ran = Case::new(arguments).file("compose.yaml", "services: {web: {image: i}}\n").run();
        assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""), "{arguments}");
    }
    for arguments in ["up --menu=false -d", "up --menu -d", "create --y", "rm -a -f", "down --volume"] {
        let ran = Case::new(arguments).file("compose.yaml", "services: {web: {image: i}}\n").run();
        assert!(ran.stderr.starts_with("cannot connect to a container engine"), "{arguments}: {}", ran.stderr);
    }
}

#[test]
fn without_an_engine_one_sentence_says_what_to_do() {
    let ran = Case::new("up -d").file("compose.yaml", "services: {web: {image: i}}\n").run();
    assert_eq!(ran.status, 1);
    let mut lines = ran.stderr.lines();
    let first = lines.next().unwrap_or_default();
    assert!(first.starts_with("cannot connect to a container engine at unix:///nonexistent/docker.sock: "), "{first}");
    let hint = "hint: is the engine running? start it, or select another with DOCKER_HOST, --host or --context";
    assert_eq!((lines.next(), lines.next()), (Some(hint), None));
}

#[test]
fn with_progress_as_json_the_error_is_json_too() {
    let ran = Case::new("--progress json up -d").file("compose.yaml", "services: {web: {image: i}}\n").run();
    let error: serde_json::Value = serde_json::from_str(&ran.stderr).expect("one JSON object");
    assert_eq!((ran.status, &error["error"]), (1, &serde_json::Value::Bool(true)));
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("cannot connect to a container engine at unix:///nonexistent/docker.sock: "));
}

#[test]
fn with_progress_as_json_the_problems_of_the_files_are_json_too() {
    let file = "services:\n  web:\n    image: \"${NOT_SET}i\"\n    depends_on: [dbb]\n  db: {image: i}\n";
    let ran = Case::new("--progress json up -d").file("compose.yaml", file).run();
    let lines: Vec<serde_json::Value> =
        ran.stderr.lines().map(|line| serde_json::from_str(line).expect("an object per line")).collect();
    assert_eq!((ran.status, lines.len()), (1, 2), "{lines:?}");
    assert_eq!((&lines[0]["level"], &lines[0]["line"]), (&"warning".into(), &3.into()));
    assert!(lines[0]["msg"].as_str().is_some_and(|message| message.contains("NOT_SET")), "{lines:?}");
    assert_eq!(lines[1]["error"], true);
    assert_eq!(lines[1]["message"], "service `web` depends on undefined service `dbb`");
    assert_eq!((&lines[1]["file"], &lines[1]["line"]), (&"compose.yaml".into(), &4.into()));
    assert_eq!((&lines[1]["column"], &lines[1]["hint"]), (&18.into(), &"did you mean `db`?".into()));
}

#[test]
fn colours_are_those_that_the_flag_the_variables_and_the_terminal_allow() {
    let wrong = || ("compose.yaml", "services: {web: {imagee: i}}\n");
    let case = |arguments: &str| Case::new(arguments).file(wrong().0, wrong().1);
    let is_coloured = |case: Case| case.run().stderr.contains("\u{1b}[");
    assert!(!is_coloured(case("config")), "standard error is no terminal");
    assert!(is_coloured(case("--ansi always config")));
    assert!(is_coloured(case("config").variable("COMPOSE_ANSI", "always")));
    assert!(is_coloured(case("config").file(".env", "COMPOSE_ANSI=always\n")));
    assert!(is_coloured(case("--env-file other config").file("other", "COMPOSE_ANSI=always\n")));
    assert!(!is_coloured(case("config").file(".env", "COMPOSE_ANSI=always\n").variable("COMPOSE_ANSI", "never")));
    assert!(!is_coloured(case("--ansi never config").variable("COMPOSE_ANSI", "always")));
    assert!(!is_coloured(case("--ansi fancy config")));
    assert!(!is_coloured(case("--ansi always config").variable("NO_COLOR", "1")));
    assert!(is_coloured(case("--ansi always config").variable("NO_COLOR", "")));
    let old = case("--no-ansi config").variable("COMPOSE_ANSI", "always").run().stderr;
    assert!(old.starts_with("warning: option '--no-ansi' is DEPRECATED !") && !old.contains('\u{1b}'), "{old}");
}

#[test]
fn the_old_name_of_the_project_directory_is_told_of() {
    let ran = Case::new("--workdir app config").file("app/compose.yaml", "services: {web: {image: i}}\n").run();
    assert!(ran.stdout.starts_with("name: app\n"), "{}", ran.stdout);
    assert_eq!(
        ran.stderr,
        "warning: option '--workdir' is DEPRECATED at root level! Please use '--project-directory' instead.\n"
    );
}

#[test]
fn the_mode_of_progress_comes_from_the_flag_else_from_the_process() {
    let case = |arguments: &str| Case::new(arguments).file("compose.yaml", "services: {web: {image: i}}\n");
    let is_json = |case: Case| case.run().stderr.starts_with('{');
    assert!(is_json(case("--progress json up -d")));
    assert!(is_json(case("up -d").variable("COMPOSE_PROGRESS", "json")));
    assert!(!is_json(case("up -d").file(".env", "COMPOSE_PROGRESS=json\n")));
    assert!(!is_json(case("--progress plain up -d").variable("COMPOSE_PROGRESS", "json")));
    for mode in ["auto", "tty", "plain", "quiet", "none", ""] {
        let ran = case("up -d").variable("COMPOSE_PROGRESS", mode).run();
        assert!(ran.stderr.starts_with("cannot connect to a container engine at "), "{mode}: {}", ran.stderr);
    }
}

#[test]
fn builds_heed_the_progress_of_buildkit_unless_another_is_asked_for() {
    let case = |arguments: &str, mode: &str| {
        let file = "services: {web: {build: {context: ., dockerfile_inline: FROM scratch}}}\n";
        Case::new(arguments).file("compose.yaml", file).variable("BUILDKIT_PROGRESS", mode)
    };
    let is_json = |case: Case| case.run().stderr.starts_with('{');
    assert!(is_json(case("build", "rawjson")));
    assert!(!is_json(case("up -d", "rawjson")), "only `build` is a build");
    assert!(!is_json(case("--progress plain build", "rawjson")));
    assert!(!is_json(case("build", "rawjson").variable("COMPOSE_PROGRESS", "plain")));
    assert!(is_json(case("build", "plain").variable("COMPOSE_PROGRESS", "json")));
    for (arguments, mode) in
        [("build", "auto"), ("build", "plain"), ("build", "tty"), ("build", "quiet"), ("build", "nonsense")]
            .into_iter()
            .chain([("--ansi never build", "tty"), ("--ansi always build", "plain")])
    {
        let stderr = case(arguments, mode).run().stderr;
        assert!(stderr.contains("cannot connect to a container engine at "), "{mode}: {stderr}");
        assert_eq!(stderr.contains("-web Building"), mode != "quiet", "{mode}: {stderr}");
    }
}

#[test]
fn a_command_that_is_still_to_come_is_refused_by_its_name() {
    for (arguments, message) in [
        ("publish --yes web", "`publish` is not supported yet\n"),
        ("help publish", "`publish` is not supported yet\n"),
    ] {
        let ran = Case::new(arguments).run();
        assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (1, "", message), "{arguments}");
    }
}

#[test]
fn a_mistyped_service_is_guessed_wherever_it_stands() {
    let meant = "no such service: wb\nhint: did you mean `web`?\n";
    for arguments in [
        "logs wb",
        "ps wb",
        "down wb",
        "up wb",
        "config wb",
        "config --hash wb",
        "up --exit-code-from wb",
        "up --no-attach wb",
    ] {
        let ran = Case::new(arguments).file("compose.yaml", "services: {web: {image: i}, db: {image: i}}\n").run();
        assert_eq!((ran.status, ran.stderr.as_str()), (1, meant), "{arguments}");
    }
    let ran = Case::new("up --attach wb").file("compose.yaml", "services: {web: {image: i}}\n").run();
    assert_eq!(ran.stderr, "cannot attach to services not included in up: wb\nhint: did you mean `web`?\n");
}

#[test]
fn commands_in_hints_act_on_the_same_project() {
    let ran =
        Case::new("-f a.yaml -p shop --profile dev up other").file("a.yaml", "services: {web: {image: i}}\n").run();
    let hint = "hint: `hoist -f a.yaml -p shop --profile dev config --services` lists all services\n";
    assert_eq!(ran.stderr, format!("no such service: other\n{hint}"));
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_says_where_to() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("compose.yaml"), "services: {web: {image: i}}\n").expect("a file");
    for arguments in ["config", "config --services", "help", "version", "completion bash", "up --help"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hoist"));
        command.args(arguments.split(' ')).current_dir(folder.path()).stdout(full);
        let output = command.output().expect("the binary can be started");
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(message, "cannot write to standard output: No space left on device (os error 28)\n", "{arguments}");
        assert_eq!(output.status.code(), Some(1), "{arguments}");
    }
}
