//! Values that are empty, and what counts as none.

use super::Case;

const WEB: &str = "services: {web: {image: i}}\n";

#[test]
fn an_empty_project_name_is_none() {
    for command in ["down", "ps", "logs", "images", "top", "stop", "restart", "port web 80", "exec web true"] {
        let ran = Case::new("-p").argument("").arguments(command).run();
        assert_eq!(ran.status, 1, "{command}");
        assert!(ran.stderr.contains("no configuration file provided: not found"), "{command}: {}", ran.stderr);
    }
}

#[test]
fn an_empty_project_directory_is_none() {
    for flag in ["--project-directory", "--workdir"] {
        let ran = Case::new(flag).argument("").arguments("config --services").file("compose.yaml", WEB).run();
        assert_eq!((ran.status, ran.stdout.as_str()), (0, "web\n"), "{flag}: {}", ran.stderr);
    }
}

#[test]
fn an_empty_file_is_the_current_directory() {
    for flag in ["-f", "--file", "--env-file"] {
        let ran = Case::new(flag).argument("").arguments("config -q").file("compose.yaml", WEB).run();
        assert_eq!(ran.status, 1, "{flag}");
        assert!(ran.stderr.contains("[folder] is a directory"), "{flag}: {}", ran.stderr);
    }
}

#[test]
fn the_limit_of_parallel_calls_is_a_number() {
    for value in ["abc", "", "1.5"] {
        for command in ["ps", "config -q", "ls"] {
            let case = Case::new(command).file("compose.yaml", WEB);
            let ran = case.variable("COMPOSE_PARALLEL_LIMIT", value).run();
            let message = format!("COMPOSE_PARALLEL_LIMIT must be an integer (found: \"{value}\")\n");
            assert_eq!((ran.status, ran.stderr), (1, message), "{command}");
        }
        let case = Case::new("--parallel 2 config -q").file("compose.yaml", WEB);
        case.variable("COMPOSE_PARALLEL_LIMIT", value).ok();
    }
    let case = Case::new("config -q").file("compose.yaml", WEB).file(".env", "COMPOSE_PARALLEL_LIMIT=many\n");
    assert_eq!(case.run().stderr, "COMPOSE_PARALLEL_LIMIT must be an integer (found: \"many\")\n");
}

#[test]
fn a_terminal_for_a_command_needs_one_here() {
    for flags in ["-t", "-it", "--tty"] {
        let ran = Case::new(&format!("run {flags} --rm web true")).file("compose.yaml", WEB).run();
        assert_eq!(ran.status, 1, "{flags}");
        let message = "cannot attach stdin to a TTY-enabled container because stdin is not a terminal";
        assert!(ran.stderr.contains(message), "{flags}: {}", ran.stderr);
    }
}
