use proptest::prelude::*;

use super::*;

fn data() -> Value {
    let port = |number: i64| Value::Record(vec![("URL", "::".into()), ("Port", number.into())]);
    Value::Record(vec![
        ("Name", "web-1".into()),
        ("Empty", "".into()),
        ("Code", 3.into()),
        ("Ports", Value::List(vec![port(80), port(443)])),
        ("Label", Value::Lookup([("a.b".to_owned(), "c".to_owned())].into())),
    ])
}

fn shown(template: &str) -> Result<String, String> {
    let template = Template::parse(template).map_err(|error| error.to_string())?;
    template.render(&data(), Purpose::Row).map_err(|error| error.to_string())
}

#[test]
fn templates_show_data() {
    for (template, expected) in [
        ("", ""),
        ("as it is }} {", "as it is }} {"),
        ("{{.Name}}", "web-1"),
        ("{{ .Name }}!", "web-1!"),
        ("a {{- .Name -}} b", "aweb-1b"),
        ("a {{/* nothing */}}b{{- /* more */ -}} c", "a bc"),
        ("{{\"q\\\"\\t\\u00e9\"}}{{`r\\w`}}{{'a'}}{{-1}}{{true}}", "q\"\tér\\w97-1true"),
        ("{{upper .Name}} {{.Name | upper | printf \"%q\"}}", "WEB-1 \"WEB-1\""),
        ("{{if .Empty}}a{{else if eq .Code 3 4}}b{{else}}c{{end}}", "b"),
        ("{{if and .Name (not .Empty)}}a{{end}}{{if or .Empty false}}b{{end}}", "a"),
        ("{{with .Empty}}a{{else}}b{{end}}{{with .Name}}{{.}}{{$.Code}}{{end}}", "bweb-13"),
        ("{{range .Ports}}{{.Port}};{{end}}", "80;443;"),
        ("{{range $i, $p := .Ports}}{{if $i}}, {{end}}{{$i}}={{$p.Port}}{{end}}", "0=80, 1=443"),
        ("{{range .Ports}}{{if eq .Port 443}}{{break}}{{end}}{{.Port}}{{end}}", "80"),
        ("{{range .Ports}}{{if eq .Port 80}}{{continue}}{{end}}{{.Port}}{{end}}", "443"),
        ("{{range split .Empty \",\"}}x{{else}}none{{end}}", "x"),
        ("{{$a := 1}}{{if true}}{{$a = 2}}{{$b := 3}}{{end}}{{$a}}", "2"),
        ("{{(index .Ports 1).Port}} {{len .Ports}} {{len .Name}}", "443 2 5"),
        (
            "{{join (split .Name \"-\") \"/\"}} {{truncate .Name 3}} {{pad .Name 1 2}}|{{title \"a b\"}}",
            "web/1 web  web-1  |A B",
        ),
        ("{{slice .Name 1 3}} {{slice .Name 4}}", "eb 1"),
        (
            "{{printf \"%-6s|%6s|%03d|%.2s|%%|%v\" .Name .Name .Code .Name .Ports}}",
            "web-1 | web-1|003|we|%|[{:: 80} {:: 443}]",
        ),
        ("{{print 1 2 \"a\" 3}}{{println \"x\" 1}}", "1 2a3x 1\n"),
        (
            "{{json .Ports}} {{json .Name}} {{json \"<\"}}",
            "[{\"URL\":\"::\",\"Port\":80},{\"URL\":\"::\",\"Port\":443}] \"web-1\" \"\\u003c\"",
        ),
        ("{{.Label \"a.b\"}}{{.Label \"none\"}}", "c"),
        ("{{lt 1 2}}{{ge \"a\" \"b\"}}{{ne .Name \"x\"}}", "truefalsetrue"),
        ("{{html \"<a>\"}}", "&lt;a&gt;"),
        ("{{or .Empty \"default\"}}", "default"),
    ] {
        assert_eq!(shown(template).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn mistakes_are_named() {
    for (template, expected) in [
        ("{{.Name", "`{{` is not closed: it ends with `}}`"),
        ("{{}}", "missing command: there must be something to show"),
        ("{{.Nam}}", "can't evaluate field Nam: did you mean .Name?"),
        ("{{.Xyzzyxyz}}", "can't evaluate field Xyzzyxyz: there are .Name .Empty .Code .Ports .Label"),
        ("{{.Name.First}}", "can't take .First of a string"),
        ("{{uper .Name}}", "function \"uper\" not defined: did you mean upper?"),
        ("{{urlquery .Name}}", "function \"urlquery\" is not supported"),
        ("{{template \"x\"}}", "{{template}} is not supported: write the template out where it is used"),
        ("{{if .Name}}", "{{if}} has no {{end}}"),
        ("{{end}}", "unexpected {{end}}: there is nothing to end"),
        ("{{else}}", "unexpected {{else}}: there is no if, range or with before it"),
        ("{{break}}", "{{break}} outside of {{range}}"),
        ("{{$x}}", "undefined variable \"$x\""),
        ("{{upper .Code}}", "upper takes a string, but was given a number"),
        ("{{upper}}", "upper takes a string, but was given no arguments"),
        ("{{index .Ports 2}}", "index out of range: 2"),
        ("{{slice .Name 3 1}}", "slice: index out of range"),
        ("{{range .Name}}{{end}}", "range needs a list, not a string"),
        ("{{eq .Name 1}}", "can't compare a string with a number"),
        ("{{1 2}}", "only functions and fields take arguments, and they come first"),
        ("{{.Name 2}}", ".Name takes no arguments"),
        ("{{.Label}}", ".Label takes one string: .Label \"key\""),
        ("{{(.Name}}", "`(` is not closed"),
        ("{{.Name)}}", "`)` without `(`"),
        ("{{\"a}}", "a text in quotes is not closed"),
        ("{{1.5}}", "`1.5` is not a whole number"),
        ("{{&}}", "`&` has no meaning in `{{…}}`"),
        ("{{printf \"%z\" 1}}", "printf: %z is not supported: there are %s %v %d %q %t %x"),
        ("{{printf \"%d\" .Name}}", "printf: %d can't show a string"),
        ("{{printf \"%s\"}}", "printf: there is no value for %s"),
        ("{{printf \"%99999999s\" .Name}}", "a width of 99999994 is not between 0 and 1000"),
        ("{{/* a }}", "a comment is not closed: it ends with `*/}}`"),
    ] {
        assert_eq!(shown(template), Err(format!("template parsing error: {expected}")), "{template}");
    }
}

#[test]
fn a_heading_keeps_the_names_of_columns() {
    let headings = Value::Record(vec![("Name", "NAME".into()), ("Label", Value::Lookup([].into()))]);
    let heading = |template: &str| Template::parse(template).unwrap().render(&headings, Purpose::Heading).unwrap();
    assert_eq!(heading("{{lower .Name}}\t{{.Code}}\t{{.Label \"a.b_c\"}}"), "NAME\t<no value>\tb c");
    assert_eq!(heading("{{range .Ports}}x{{end}}{{truncate .Name 1}}"), "NAME");
}

#[test]
fn nesting_has_an_end() {
    let deep = "{{if true}}".repeat(10_000) + &"{{end}}".repeat(10_000);
    assert_eq!(shown(&deep).unwrap_err(), "template parsing error: it is nested too deeply");
    let deep = format!("{{{{{}1{}}}}}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(shown(&deep).unwrap_err(), "template parsing error: it is nested too deeply");
}

proptest! {
    #[test]
    fn any_text_is_a_template_or_a_mistake(
        text in "[-{}.$|():=,'\"`\\\\/*% a-zé0-9]{0,40}",
        word in "if|range|with|else|end|printf|index|slice|.Name|.Ports|\\$x",
    ) {
        // What matters is that it ends, and says something.
        for template in [text.clone(), format!("{{{{{text}}}}}"), format!("{{{{{word} {text}}}}}x{{{{end}}}}")] {
            if let Err(error) = shown(&template) {
                prop_assert!(error.starts_with("template parsing error: "));
            }
        }
    }
}
