//! What parsing accepts and refuses, and the messages.

use std::fmt::Write as _;

use super::*;
use crate::diagnostic::Explain;

fn read(text: &str) -> (SourceMap, Parsed) {
    let mut sources = SourceMap::default();
    let file = sources.add("compose.yaml", text);
    let parsed = parse(&sources, file);
    (sources, parsed)
}

/// The only document of `text`, in a short form of Rust's debug output.
fn document(text: &str) -> String {
    let (_, parsed) = read(text);
    assert_eq!(parsed.errors, [], "{text}");
    parsed.documents.iter().map(show).collect::<Vec<_>>().join(" --- ")
}

fn show(node: &Node) -> String {
    let tag = match node.tag {
        Some(MergeTag::Reset) => "!reset ",
        Some(MergeTag::Override) => "!override ",
        None => "",
    };
    let value = match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::Timestamp(text) => format!("@{text}"),
        Value::String(text) => format!("{text:?}"),
        Value::Sequence(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        Value::Mapping(entries) => {
            let entries = entries.iter().map(|(key, node)| format!("{}: {}", key.name, show(node)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    };
    format!("{tag}{value}")
}

/// Message, the text under the caret, hint.
fn refusal(text: &str) -> String {
    let (sources, parsed) = read(text);
    let lines = parsed.errors.iter().map(|error| {
        let span = error.span().expect("YAML errors have a place");
        let position = sources.position(span);
        format!(
            "{}:{} {error} | {} | {}",
            position.line,
            position.column,
            sources.text(span).escape_debug(),
            error.hint().unwrap_or_default()
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn collections_and_scalars() {
    for (text, expected) in [
        ("a: 1\nb: [x, 2, {c: ~}]\n", r#"{a: 1, b: ["x", 2, {c: null}]}"#),
        ("a:\n- x\n-\n- y: 1\n  z: 2\n", r#"{a: ["x", null, {y: 1, z: 2}]}"#),
        ("a: |\n  one\n    two\nb: >-\n  x\n  y\n", r#"{a: "one\n  two\n", b: "x y"}"#),
        ("a: |\r\n  one\r\n  two\r\n", r#"{a: "one\ntwo\n"}"#),
        ("s:\t{image:\tapp, b:\t\t[1]}\n", r#"{s: {image: "app", b: [1]}}"#),
        ("\u{feff}a: 1\n", "{a: 1}"),
        ("? s\n: x\n", r#"{s: "x"}"#),
        ("yes: 1\non: 2\nn: 3\n", "{yes: 1, on: 2, n: 3}"),
        ("\"1\": x\n'true': y\n", r#"{1: "x", true: "y"}"#),
        ("a: !mine app\nb: !!str 10\nc: !!int \"2\"\n", r#"{a: "app", b: "10", c: 2}"#),
        ("a: \"\\x41\\u00e9\\t\\\"\\\\\\0\"\n", "{a: \"Aé\\t\\\"\\\\\\0\"}"),
        ("{\"a\": {\"b\": \"\\u00e9\\n\"}}", r#"{a: {b: "é\n"}}"#),
        ("%YAML 1.1\n---\na: 1\n", "{a: 1}"),
    ] {
        assert_eq!(document(text), expected, "{text}");
    }
}

#[test]
fn several_documents() {
    for (text, expected) in [
        ("", ""),
        ("# nothing\n", ""),
        ("---\na: 1\n...\n", "{a: 1}"),
        ("a: 1\n---\nb: 2\n", "{a: 1} --- {b: 2}"),
        ("a: 1\n---\n", "{a: 1} --- null"),
        ("a: 1\n---\n# comment\n", "{a: 1} --- null"),
        ("hello\n", "\"hello\""),
    ] {
        assert_eq!(document(text), expected, "{text}");
    }
    let (_, parsed) = read("a: 1\n---\nb: [\n");
    assert_eq!(parsed.documents.len(), 1);
    assert_eq!(parsed.errors.len(), 1);
    assert!(refusal("a: &x 1\n---\nb: *x\n").contains("no anchor `&x` is defined above"));
}

#[test]
fn anchors_and_merge_keys() {
    for (text, expected) in [
        ("a: &i one\nb: *i\nc: &i two\nd: *i\n", r#"{a: "one", b: "one", c: "two", d: "two"}"#),
        ("a: &a {x: 1}\nb: {<<: *a, x: 2, y: 3}\n", "{a: {x: 1}, b: {x: 2, y: 3}}"),
        ("a: &a {x: 1}\nb: {x: 2, <<: *a}\n", "{a: {x: 1}, b: {x: 2}}"),
        ("a: {<<: [{x: 1}, {x: 2, y: 2}]}\n", "{a: {x: 1, y: 2}}"),
        ("l: &l [{x: 1}, {y: 2}]\na: {<<: *l}\n", "{l: [{x: 1}, {y: 2}], a: {x: 1, y: 2}}"),
        ("a: {<<: {b: {c: 1}}, b: {d: 1}}\n", "{a: {b: {d: 1}}}"),
        ("a: &a !override {x: 1}\nb: *a\n", "{a: !override {x: 1}, b: !override {x: 1}}"),
        ("a: &a {x: !reset 1}\nb: {<<: *a}\n", "{a: {x: !reset 1}, b: {x: !reset 1}}"),
        ("a: !reset\nb: !reset []\nc: [!reset A, B]\n", r#"{a: !reset null, b: !reset [], c: [!reset "A", "B"]}"#),
        ("a: {'<<': {x: 1}}\n", "{a: {<<: {x: 1}}}"),
    ] {
        assert_eq!(document(text), expected, "{text}");
    }
}

#[test]
fn refused_by_meaning() {
    for (text, expected) in [
        ("s:\n  image: a\n  image: b\n", "3:3 the key `image` is defined twice in `s` | image | keep one of the two"),
        ("a: 1\na: !reset 2\n", "2:1 the key `a` is defined twice at the top level | a | keep one of the two"),
        (
            "s:\n  - x: {123: x}\n",
            "2:9 the key `123` in `s[0].x` is a number, but keys must be strings | 123 | put it in quotes: `\"123\"`",
        ),
        (
            "true: x\n",
            "1:1 the key `true` at the top level is a boolean, but keys must be strings | true | \
             put it in quotes: `\"true\"`",
        ),
        ("a:\n  ~: x\n", "2:3 the key `~` in `a` is nothing, but keys must be strings | ~ | put it in quotes: `\"~\"`"),
        (
            "a:\n  2020-01-01: x\n",
            "2:3 the key `2020-01-01` in `a` is a date, but keys must be strings | 2020-01-01 | \
             put it in quotes: `\"2020-01-01\"`",
        ),
        ("a:\n  ? [a, b]\n  : c\n", "2:5 the key `[a, b]` in `a` is a list, but keys must be strings | [a, b] | "),
        (
            "a:\n  <<: text\n",
            "2:7 `<<` needs a mapping or a list of mappings, not a string | text | \
             refer to a mapping, as in `<<: *defaults`",
        ),
        (
            "a: {<<: {x: 1}, <<: {y: 2}}\n",
            "1:17 the key `<<` is defined twice in `a` | << | merge them with one key: `<<: [{x: 1}, {y: 2}]`",
        ),
        (
            "a: &a [b]\nc: {<<: [*a, {}]}\n",
            "2:10 `<<` needs a mapping or a list of mappings, not a list | *a | \
             only mappings can be merged; to use a list, make it the value of a key: `KEY: *a`",
        ),
        ("a: &a\n  b: *a\n", "2:6 `*a` is inside the value that it refers to | *a | "),
        ("a: !!int x\n", "1:10 `x` does not match its tag `!!int` | x | remove the tag or change the value"),
        (
            "%YAML 1.2\n---\na: 1\n",
            "1:1 the directive `%YAML 1.2` is not supported | %YAML 1.2 | \
             remove the line; Compose files are read as YAML 1.1",
        ),
        (
            "a: \"x\u{7}\"\n",
            "1:6 control character U+0007 is not allowed | \\u{7} | \
             remove it, or write it as `\\x07` in double quotes if it is intentional",
        ),
    ] {
        assert_eq!(refusal(text), expected, "{text}");
    }
}

#[test]
fn all_problems_of_a_document_are_found() {
    let (_, parsed) = read("a: 1\na: 2\nb: {<<: 3}\n4: x\n");
    assert_eq!(parsed.errors.len(), 3);
    assert_eq!(parsed.documents.len(), 1);
}

#[test]
fn spans_cover_the_value_and_nothing_else() {
    let text = "a: \"b c\"  # comment\nd: x y   # z\ne: !override 'it''s'\nf: &g {h: 1}\ni:\n  - é\n  - *g\nj: |\n  t\n\nk: one\n  two # c\n";
    let (sources, parsed) = read(text);
    let document = &parsed.documents[0];
    let under = |key: &str| sources.text(document.get(key).expect("the key is there").span);
    assert_eq!(under("a"), "\"b c\"");
    assert_eq!(under("d"), "x y");
    assert_eq!(under("e"), "'it''s'");
    assert_eq!(under("f"), "&g {h: 1}");
    assert_eq!(under("i"), "- é\n  - *g");
    assert_eq!(under("j"), "t");
    assert_eq!(under("k"), "one\n  two");
    let items = document.get("i").and_then(Node::as_sequence).expect("a list");
    assert_eq!(sources.text(items[0].span), "é");
    assert_eq!(sources.text(items[1].span), "&g {h: 1}");
}

#[test]
fn bombs_and_towers_are_refused_fast() {
    let mut bomb = "x-0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..9 {
        let alias = format!("*a{}", level - 1);
        let list = [alias.as_str(); 9].join(",");
        writeln!(bomb, "x-{level}: &a{level} [{list}]").expect("text takes text");
    }
    assert!(refusal(&bomb).contains("excessive aliasing"), "{}", refusal(&bomb));
    let tower = format!("a: {}{}", "[".repeat(250), "]".repeat(250));
    assert_eq!(read(&tower).1.errors, []);
    let tower = "[".repeat(100_000);
    assert!(refusal(&tower).contains("levels deep"), "{}", refusal(&tower));
    let tower: String = (0..2000).flat_map(|depth| [" ".repeat(depth), "a:\n".to_owned()]).collect();
    assert!(refusal(&tower).contains("nested more than 400 levels deep"));
    let mut sources = SourceMap::default();
    let file = sources.add("f", "[1, 2, 3]");
    let limits = Limits { nodes: 3, ..Limits::default() };
    assert_eq!(parse_within(&sources, file, limits).errors.len(), 1);
}

#[test]
fn syntax_errors_say_what_to_do() {
    let cases = [
        "services:\n\ts: {image: app}\n",
        "services:\n  s:\n    image: app\n   hostname: x\n",
        "services:\n  s:\n    command: echo a: b\n",
        "services:\n  s:\n    image: app\n      tag: x\n",
        "services:\n  s: {image: app\n",
        "services:\n  s: {image: app\n  t: {image: app}\n",
        "services:\n  s:\n    command: [a, b\n    image: x\n",
        "services:\n  s: {image: \"app}\n",
        "services:\n  s:\n    image: \"app\n    ports: [x]\n",
        "services:\n  s:\n    image:nginx\n    ports: []\n",
        "services:\n  s:\n    ports: []\n    image:nginx\n",
        "services:\n  web\n    image: nginx\n",
        "services:\n  s: {image: *nope}\n",
        "x: &default {}\ns: {<<: *defualt}\n",
        "a: *.js\n",
        "a: @home\n",
        "a: %x\n",
        "a: `x`\n",
        "a: \"\\d+\"\n",
        "a: \"x\" y\n",
        "a: - x\n",
        "a: {{ .Name }}\n",
        "a: {{.Name}}-x\n",
        "a: [x y: z\n",
        "a: [x}\n",
        "a: x]\nb: }\n",
        "a:\n  - x\n  b: y\n",
        "a:\n  b: y\n  - x\n",
        "services:\n  s:\n    image: app\n    environment:\n      - A=1\n     - B=2\n",
        "a: 'it's'\n",
        "a: |\n\tx\n",
        "a: >x\n",
        "a: ,b\n",
        "a: [b] c\n",
        "a: {b: c}}\n",
        "a: [${B}, ${C:-d}]\n",
        "a: {b: ${C}}\n",
        "a: *\n",
        "a:\n- b\n c: d\n",
        "a:\n    b: 1\n  c: 2\n",
        "a:\n  b: \"x\n  c: [\"y\"]\n",
        "a:\n  b: [\"x\",\n  c: [\"y\"]\n  d: ]\n",
        "a: \"x: y\": z\n",
    ];
    let shown: Vec<String> = cases.iter().map(|text| format!("{text}=> {}\n", refusal(text))).collect();
    insta::assert_snapshot!(shown.join("\n"));
}

proptest::proptest! {
    /// For any file, parsing ends, and every error has a message and a place within the text.
    #[test]
    fn any_text_is_read_or_refused(text in "([ \t\n:,{}&*!?|>'\"%@`#a\\[\\]é🚀~=<0-]|(<<: )|(- )|(\\{\\{)|(\\*a)|(&a )|(\n  )|(---\n)|(a: )){0,60}") {
        let (sources, parsed) = read(&text);
        for error in &parsed.errors {
            let span = error.span().expect("YAML errors have a place");
            proptest::prop_assert!(span.start <= span.end);
            proptest::prop_assert!(!error.to_string().is_empty());
            let _ = (error.hint(), error.related(), sources.position(span));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..60)) {
        let mut sources = SourceMap::default();
        let file = sources.add_bytes("f.yaml", bytes);
        let _ = parse(&sources, file);
    }

    /// A broken line anywhere in a valid file.
    #[test]
    fn any_broken_line_is_explained(at in 0..8_usize, broken in "[ \t:,{}&*!|>'\"%@`#a\\[\\]-]{0,12}") {
        let mut lines = vec!["services:", "  s:", "    image: app", "    environment:", "      - A=1", "    ports: [a]", "x: {a: b}"];
        lines.insert(at.min(lines.len()), &broken);
        let _ = refusal(&lines.join("\n"));
    }
}

/// Texts that Docker Compose accepts and the parser refuses, or might refuse.
#[test]
fn lenient_places() {
    for (text, expected) in [
        ("{\n\t\"s\": {\n\t\t\"t\":\t{\"i\":1}\n\t}\n}\n", "{s: {t: {i: 1}}}"),
        ("s:\n  a: [\n    \"b\"\n  ]\n  c: x\n", "{s: {a: [\"b\"], c: \"x\"}}"),
        ("s:\n  a: [\n\"b\",\n# c\n{d: e}\n]\n  c: é\n", "{s: {a: [\"b\", {d: \"e\"}], c: \"é\"}}"),
        ("s:\n  a: {\nb: c\n}\n", "{s: {a: {b: \"c\"}}}"),
        ("a:\n  b: \"one\ntwo\"\n  c: 'one\n\n  two'\n", "{a: {b: \"one two\", c: \"one\\ntwo\"}}"),
        ("a: 'x'#c\nb: [\"x\"#c\n]\n", "{a: \"x\", b: [\"x\"]}"),
        ("a: {b, c}\n", "{a: {b: null, c: null}}"),
        ("a: &x\n  b: c\n", "{a: {b: \"c\"}}"),
        ("a:\n  !!merge <<: {b: c}\n", "{a: {b: \"c\"}}"),
        ("a: [http://a:80/x, b:c]\n", "{a: [\"http://a:80/x\", \"b:c\"]}"),
        ("a: b\t\nc: d\t# e\n\t\ne: f\n", "{a: \"b\", c: \"d\", e: \"f\"}"),
        ("a: \"\\/x\"\n", "{a: \"/x\"}"),
        ("a: ${B}\nb: 50%\nc: b,\nd: -x\n", "{a: \"${B}\", b: \"50%\", c: \"b,\", d: \"-x\"}"),
        ("a: b\n... # x\n", "{a: \"b\"}"),
    ] {
        assert_eq!(document(text), expected, "{text:?}");
    }
    let text = "s:\n  a: [\n\"b\",\n]\n  c: \"x\"\n";
    let (sources, parsed) = read(text);
    let service = parsed.documents[0].get("s").expect("a mapping");
    assert_eq!(sources.text(service.get("c").expect("a value").span), "\"x\"");
    assert_eq!(sources.text(service.get("a").and_then(Node::as_sequence).expect("a list")[0].span), "\"b\"");
}

/// Many places to patch only cost time.
#[test]
fn many_lenient_places_are_read() {
    let entries: String = (0..9000).flat_map(|at| ["k".to_owned(), at.to_string(), ":\tv, ".to_owned()]).collect();
    assert_eq!(read(&format!("{{{entries}}}")).1.errors, []);
    assert_eq!(read(&format!("a: [\n{}]\n", "\"x\",\n".repeat(9000))).1.errors, []);
    let text: String = (0..200).flat_map(|at| [at.to_string(), "k: [\n\"b\"\n]\n".to_owned()]).collect();
    assert_eq!(read(&text).1.errors, []);
}

/// Windows line breaks in every kind of scalar, a lone carriage return, and a file that ends without a line break.
#[test]
fn line_breaks() {
    for (text, expected) in [
        ("a: |\r\n  one\r\n  two\r\n", "{a: \"one\\ntwo\\n\"}"),
        ("a: \"q\r\n  r\r\n\r\n  s\"\r\n", "{a: \"q r\\ns\"}"),
        ("a: >\r\n  f\r\n  g\r\n", "{a: \"f g\\n\"}"),
        ("a: p\r\n  q\r\n", "{a: \"p q\"}"),
        ("a: \"x\\\r\n  y\"\r\n", "{a: \"xy\"}"),
        ("a: 's\r\n  t'\r\n", "{a: \"s t\"}"),
        ("a: \"e\\r\\nf\"\r\n", "{a: \"e\\r\\nf\"}"),
        ("a: |\r\n  a\r  b\r\n", "{a: \"a\\nb\\n\"}"),
        ("a: |\r\n  last", "{a: \"last\"}"),
        ("a: |\n  last", "{a: \"last\"}"),
        ("a: |\n\n  one\n  last", "{a: \"\\none\\nlast\"}"),
        ("a: >\r\n  one\r\n  last", "{a: \"one last\"}"),
        ("a: |+\n  last", "{a: \"last\"}"),
        ("a: |-\n  last", "{a: \"last\"}"),
        ("a: |\n  last\n  ", "{a: \"last\\n\"}"),
        ("a: |\n  last\n# c", "{a: \"last\\n\"}"),
        ("a:\n  b: |\n    last\n  c: d", "{a: {b: \"last\\n\", c: \"d\"}}"),
    ] {
        assert_eq!(document(text), expected, "{text:?}");
    }
}
