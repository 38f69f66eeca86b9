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
    assert!(ran.stderr.contains("gets longer than 4 MiB") && ran.stderr.contains(".env:"), "{}", ran.stderr);
    assert!(ran.stderr.len() < 10_000, "the text itself is not shown");
}
