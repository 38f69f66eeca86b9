//! `config` as a process: what it prints where.

use indoc::indoc;

use super::Case;

const WEB: &str = "services:\n  web:\n    image: nginx\n    ports: ['8080:80']\n";

#[test]
fn config_prints_yaml() {
    let ran = Case::new("-p demo config").file("compose.yaml", WEB).run();
    let yaml = indoc! {r#"
        name: demo
        services:
          web:
            image: nginx
            networks:
              default: null
            ports:
              - mode: ingress
                target: 80
                published: "8080"
                protocol: tcp
        networks:
          default:
            name: demo_default
    "#};
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, yaml, ""));
}

#[test]
fn config_reads_standard_input() {
    let ran = Case::new("-p demo -f - config --images").input(WEB).run();
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "nginx\n"));
}

#[test]
fn quiet_config_only_checks() {
    let ran = Case::new("config -q").file("compose.yaml", WEB).run();
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""));
}

#[test]
fn lists_are_sorted() {
    let file =
        "services:\n  b: {image: i2, volumes: ['data:/v']}\n  a: {image: i1, profiles: [p]}\nvolumes: {data: {}}\n";
    let table = [
        ("config --services", "b\n"),
        ("--profile p config --services", "a\nb\n"),
        ("config --volumes", "data\n"),
        ("config --networks", "default\n"),
        ("config --profiles", "p\n"),
        ("--profile * config --images", "i1\ni2\n"),
    ];
    for (arguments, expected) in table {
        let ran = Case::new(arguments).file("compose.yaml", file).run();
        assert_eq!((ran.status, ran.stdout.as_str()), (0, expected), "{arguments}: {}", ran.stderr);
    }
}

#[test]
fn variables_are_listed_as_docker_compose_lists_them() {
    let file = "services:\n  a:\n    image: ${IMAGE:-<x>&\"é\"}\n    command: ${A_MUCH_LONGER_NAME_OF_A_VARIABLE:?e} ${B:+c}\n";
    let table = indoc! {"
        NAME                               REQUIRED            DEFAULT VALUE       ALTERNATE VALUE
        A_MUCH_LONGER_NAME_OF_A_VARIABLE   true                                    
        B                                  false                                   c
        IMAGE                              false               <x>&\"é\"             
    "};
    let json = indoc! {r#"
        {
            "A_MUCH_LONGER_NAME_OF_A_VARIABLE": {
                "Name": "A_MUCH_LONGER_NAME_OF_A_VARIABLE",
                "DefaultValue": "",
                "PresenceValue": "",
                "Required": true
            },
            "B": {
                "Name": "B",
                "DefaultValue": "",
                "PresenceValue": "c",
                "Required": false
            },
            "IMAGE": {
                "Name": "IMAGE",
                "DefaultValue": "<x>&\"é\"",
                "PresenceValue": "",
                "Required": false
            }
        }

    "#};
    let yaml = indoc! {r#"
        A_MUCH_LONGER_NAME_OF_A_VARIABLE:
          name: A_MUCH_LONGER_NAME_OF_A_VARIABLE
          defaultvalue: ""
          presencevalue: ""
          required: true
        B:
          name: B
          defaultvalue: ""
          presencevalue: c
          required: false
        IMAGE:
          name: IMAGE
          defaultvalue: <x>&"é"
          presencevalue: ""
          required: false
    "#};
    for (format, expected) in [("", table), ("--format TABLE", table), ("--format JSON", json), ("--format yaml", yaml)]
    {
        let ran = Case::new(&format!("config --variables {format}")).file("compose.yaml", file).run();
        assert_eq!((ran.status, ran.stdout.as_str()), (0, expected), "{format}: {}", ran.stderr);
    }
    let ran = Case::new("config --variables --format Foo").file("compose.yaml", file).run();
    assert_eq!((ran.status, ran.stderr.as_str()), (1, "format value \"Foo\" could not be parsed: parsing failed\n"));
}

#[test]
fn every_mistake_of_a_file_is_told_in_one_run() {
    let file = indoc! {"
        services:
          web:
            image: nginx
            port: ['8080:80']
            depends_on:
              - dbb
          db:
            image: mysql
            mem_limit: lots
    "};
    let ran = Case::new("config").file("compose.yaml", file).run();
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    let stderr = &ran.stderr;
    assert!(stderr.contains("compose.yaml:4:5") && stderr.contains("did you mean `ports`?"), "{stderr}");
    assert!(stderr.contains("compose.yaml:9:16") && stderr.contains("lots"), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn a_folder_without_files_says_so() {
    let ran = Case::new("config").run();
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.starts_with("no configuration file provided: not found"), "{}", ran.stderr);
}

#[test]
fn variables_that_multiply_one_another_are_refused() {
    let lines = (1..=40).map(|at| format!("A{at}=${{A{0}}}${{A{0}}}${{A{0}}}\n", at - 1));
    let file = std::iter::once("A0=xxxxxxxx\n".to_owned()).chain(lines).collect::<Vec<_>>().concat();
    let ran = Case::new("config").file("compose.yaml", WEB).file(".env", &file).run();
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("expands to more than 4 MiB") && ran.stderr.contains(".env:"), "{}", ran.stderr);
    assert!(ran.stderr.len() < 10_000, "the text itself is not shown");
}

#[test]
fn names_are_not_applied_to_a_model_with_variables() {
    let ran = Case::new("config --no-interpolate web").file("compose.yaml", WEB).run();
    let warning =
        "warning: service filtering is not applied when --no-interpolate is set, the full model will be rendered\n";
    assert_eq!((ran.status, ran.stderr.as_str()), (0, warning));
}

#[test]
fn the_hash_of_a_disabled_service_is_not_said_to_be_of_none() {
    let file = "services: {web: {image: nginx}, debug: {image: nginx, profiles: [dev]}}";
    let ran = Case::new("config --hash debug").file("compose.yaml", file).run();
    let message = "service `debug` is disabled by its profiles\nhint: enable it with `--profile dev`\n";
    assert_eq!((ran.status, ran.stderr.as_str()), (1, message));
    let ran = Case::new("config --hash debugg").file("compose.yaml", file).run();
    assert_eq!((ran.status, ran.stderr.as_str()), (1, "no such service: debugg\nhint: did you mean `debug`?\n"));
}

#[cfg(unix)]
#[test]
fn a_file_without_an_end_is_refused() {
    let ran = Case::new("-f /dev/zero config").run();
    let message =
        "cannot read `/dev/zero`: it is larger than 64 MiB\nhint: check the path: this looks like the wrong file\n";
    assert_eq!((ran.status, ran.stderr.as_str()), (1, message));
    let ran = Case::new("--env-file /dev/zero config").file("compose.yaml", WEB).run();
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.starts_with("cannot read env file /dev/zero: it is larger than 64 MiB\n"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn pipes_are_read() {
    let file = "services: {web: {image: \"nginx:$TAG\"}}";
    let ran = Case::new("-p demo -f /dev/stdin config --images").variable("TAG", "1").input(file).run();
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "nginx:1\n"), "{}", ran.stderr);
    let ran = Case::new("--env-file /dev/stdin config --images").file("compose.yaml", file).input("TAG=2\n").run();
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "nginx:2\n"), "{}", ran.stderr);
}

/// A Compose file has secrets below its keys, whatever it is called.
#[test]
fn secrets_are_hidden_in_files_of_any_name() {
    let file = "services:\n  web:\n    image: nginx\n    environment:\n      TOKEN: hunter2\n      prt: [1]\n";
    for name in ["stack", "compose.yaml"] {
        let ran = Case::new(&format!("-f {name} config")).file(name, file).run();
        assert_eq!(ran.status, 1);
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    }
}

/// People use the flag to share a file.
#[test]
fn no_value_of_a_variable_is_in_a_model_with_variables() {
    let file = "services: {web: {image: nginx, environment: [A], build: {args: [A]}, secrets: [s]}}\ninclude: \
                [inner.yaml]\nsecrets: {s: {environment: A}, unused: {environment: A}}\nconfigs: {c: {environment: A}}\n";
    let inner = "services: {in: {image: nginx, environment: {A: }}}\nsecrets: {i: {environment: A}}\n";
    for flags in ["", "--format json", "--no-normalize", "--no-path-resolution", "--no-env-resolution"] {
        let case = Case::new(&format!("config --no-interpolate {flags}")).file("compose.yaml", file);
        let ran = case.file("inner.yaml", inner).file(".env", "A=hunter2\n").run();
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert!(!ran.stdout.contains("hunter2") && ran.stdout.contains("unused"), "{flags}: {}", ran.stdout);
    }
}

#[test]
fn lists_of_names_are_of_the_whole_project() {
    let file = "services: {a: {image: nginx}, b: {image: nginx}}";
    for name in ["a", "unknown"] {
        let ran = Case::new(&format!("config --services {name}")).file("compose.yaml", file).run();
        assert_eq!((ran.status, ran.stdout.as_str()), (0, "a\nb\n"), "{}", ran.stderr);
    }
}

#[test]
fn variables_are_shown_despite_quiet() {
    let ran = Case::new("config --variables -q").file("compose.yaml", "services: {a: {image: 'nginx:$TAG'}}").run();
    assert!(ran.stdout.contains("TAG"), "{}", ran.stdout);
}
