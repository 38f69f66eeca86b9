//! `graph`: a tree for terminals, pictures and text for programs that draw.

use indoc::indoc;

use super::Case;

const SHOP: &str = indoc! {"
    name: shop
    services:
      web:
        image: nginx:1.27
        depends_on: {api: {condition: service_started}, cache: {condition: service_started, required: false}}
      api:
        build: ./api
        depends_on: {db: {condition: service_healthy}, migrate: {condition: service_completed_successfully}}
      migrate: {build: ./api, depends_on: {db: {condition: service_healthy}}}
      db: {image: 'mysql:8.4', volumes: ['data:/var/lib/mysql', './conf:/etc/mysql']}
      cache: {image: redis:7, profiles: [fast]}
    volumes: {data: {}, unused: {}}
"};

fn shop(arguments: &str) -> Case {
    Case::new(arguments).file("compose.yaml", SHOP)
}

#[test]
fn a_service_that_several_need_is_unfolded_once() {
    let expected = indoc! {"
        SERVICE        NEEDED             IMAGE
        web                               nginx:1.27
        ├─ api         started            build ./api
        │  ├─ db       healthy            mysql:8.4
        │  └─ migrate  completed          build ./api
        │     └─ db    healthy            mysql:8.4
        └─ cache       started, optional  redis:7
    "};
    assert_eq!(shop("--profile fast graph").ok(), expected);
}

#[test]
fn resources_that_services_use_are_shown_if_asked_for() {
    let expected = indoc! {"
        SERVICE                NEEDED          IMAGE
        migrate                                build ./api
        ├─ db                  healthy         mysql:8.4
        │  ├─ network default
        │  └─ volume data      /var/lib/mysql
        └─ network default
    "};
    assert_eq!(shop("graph --resources migrate").ok(), expected);
}

#[test]
fn a_named_service_brings_what_it_needs() {
    let text = shop("graph migrate").ok();
    assert!(text.contains("migrate") && text.contains("db"), "{text}");
    assert!(!text.contains("web") && !text.contains("api  "), "{text}");
}

#[test]
fn mermaid_has_a_node_per_service_and_an_edge_per_need() {
    let expected = indoc! {r#"
        flowchart LR
            n0["<b>db</b><br>mysql:8.4"]
            n1["<b>migrate</b><br>build ./api"]
            n2(["<b>default</b>"])
            n3[("<b>data</b>")]
            n0 --- n2
            n0 ---|"/var/lib/mysql"| n3
            n1 -->|"healthy"| n0
            n1 --- n2
    "#};
    assert_eq!(shop("graph --format mermaid --resources migrate").ok(), expected);
}

#[test]
fn dot_has_a_node_per_service_and_an_edge_per_need() {
    let expected = indoc! {r#"
        digraph "shop" {
          rankdir=LR;
          node [shape=box style=rounded fontname="Helvetica"];
          edge [fontname="Helvetica" fontsize=10];
          n0 [label="db\nmysql:8.4"];
          n1 [label="migrate\nbuild ./api"];
          n1 -> n0 [label="healthy"];
        }
    "#};
    assert_eq!(shop("graph --format dot migrate").ok(), expected);
}

#[test]
fn the_name_of_the_file_chooses_the_format() {
    for (name, beginning) in [
        ("a.svg", "<svg "),
        ("a.mmd", "flowchart LR\n"),
        ("a.dot", "digraph "),
        ("a.GV", "digraph "),
        ("a.txt", "SERVICE"),
    ] {
        let case = shop(&format!("graph -o {name}"));
        let (ran, text) = case.run_and_read(name);
        assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""), "{name}");
        assert!(text.starts_with(beginning), "{name}: {text}");
    }
}

#[test]
fn a_name_that_tells_no_format_is_refused() {
    let ran = shop("graph --output picture.png").run();
    assert_eq!(ran.status, 1);
    assert_eq!(
        ran.stderr,
        "cannot tell the format from the name `picture.png`\n\
         hint: end it with .svg, .mmd, .dot or .txt, or add --format svg, mermaid, dot or tree\n"
    );
}

#[test]
fn names_and_images_cannot_break_a_picture() {
    let file = "services: {a: {image: 'x<&>\"y'}}\n";
    let text = Case::new("graph --format svg").file("compose.yaml", file).ok();
    assert!(text.contains("x&lt;&amp;&gt;\"y") && !text.contains("x<&"), "{text}");
    let text = Case::new("graph --format mermaid").file("compose.yaml", file).ok();
    assert!(text.contains("x#lt;#amp;#gt;#quot;y"), "{text}");
    let text = Case::new("graph --format dot").file("compose.yaml", file).ok();
    assert!(text.contains("x<&>\\\"y"), "{text}");
}

#[test]
fn a_project_without_enabled_services_has_no_graph() {
    let ran = Case::new("graph").file("compose.yaml", "services: {a: {image: x, profiles: [p]}}\n").run();
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.starts_with("no service selected\nhint: every service has a profile"), "{}", ran.stderr);
}
