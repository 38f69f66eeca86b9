use super::*;

/// A project as `ls` shows it.
struct Project {
    name: &'static str,
    running: i64,
    folder: Option<&'static str>,
}

const PROJECTS: Listing<Project, ()> = Listing {
    fields: &[
        Field::new("Name", "NAME", |project, ()| project.name.into()),
        Field::new("Running", "STATUS", |project: &Project, ()| project.running.into())
            .shown_as(|project, ()| format!("running({})", project.running)),
        Field::lookup("Label", |project, ()| {
            Value::Lookup(BTreeMap::from([("of".to_owned(), project.name.to_owned())]))
        }),
        Field::without_heading("Empty", |project, ()| (project.running == 0).into()),
        Field::without_heading("Folder", |project, ()| project.folder.into()),
    ],
    columns: &[Column::of("Name"), Column::if_any("Running", |project| project.running > 0)],
    id: |project, ()| project.name.to_owned(),
    raw: &[("name", "Name")],
    json: JsonForm::Array,
    narrowest: 10,
};

fn listed(rows: &[&Project], format: &Format) -> String {
    let mut out = Vec::new();
    PROJECTS.write(rows, format, &(), &mut out).expect("memory can be written to");
    String::from_utf8(out).expect("text")
}

const BLOG: Project = Project { name: "blog<1>", running: 2, folder: None };
const OLD: Project = Project { name: "old", running: 0, folder: Some("/srv") };

#[test]
fn a_column_may_need_a_row_that_fills_it() {
    assert_eq!(
        listed(&[&BLOG, &OLD], &Format::Table),
        "NAME      STATUS\nblog<1>   running(2)\nold       running(0)\n"
    );
    assert_eq!(listed(&[&OLD], &Format::Table), "NAME\nold\n");
}

#[test]
fn json_has_the_fields_that_take_no_name() {
    assert_eq!(listed(&[&BLOG], &Format::Json), "[{\"Name\":\"blog<1>\",\"Running\":2,\"Empty\":false}]\n");
    assert_eq!(listed(&[], &Format::Json), "[]\n");
}

#[test]
fn json_has_the_form_of_its_command() {
    let listed = |json: JsonForm, rows: &[&Project]| {
        let mut out = Vec::new();
        let listing = Listing { json, ..PROJECTS };
        listing.write(rows, &Format::Json, &(), &mut out).expect("memory can be written to");
        String::from_utf8(out).expect("text")
    };
    let old = r#"{"Name":"old","Running":0,"Empty":true,"Folder":"/srv"}"#;
    for (form, none, one) in [
        (JsonForm::Lines, "", format!("{old}\n")),
        (JsonForm::Array, "[]\n", format!("[{old}]\n")),
        (JsonForm::ArrayOrNull, "null\n\n", format!("[{old}]\n\n")),
    ] {
        assert_eq!(listed(form, &[]), none, "{form:?}");
        assert_eq!(listed(form, &[&OLD]), one, "{form:?}");
    }
    assert_eq!(listed(JsonForm::ById, &[]), "{}\n\n");
    let blog = "{\n    \"blog<1>\": {\n        \"Name\": \"blog<1>\",\n        \"Running\": 2,\n        \"Empty\": false\n    }\n}\n\n";
    assert_eq!(listed(JsonForm::ById, &[&BLOG]), blog);
}

#[test]
fn raw_is_a_word_like_others_where_it_has_no_lines() {
    let mut out = Vec::new();
    let listing = Listing { raw: &[], ..PROJECTS };
    listing.write(&[&BLOG, &OLD], &Format::Raw, &(), &mut out).expect("memory can be written to");
    assert_eq!(out, b"raw\nraw\n");
}

#[test]
fn ids_are_shown_once() {
    assert_eq!(listed(&[&OLD, &BLOG, &OLD], &Format::Ids), "old\nblog<1>\n");
}

#[test]
fn templates_know_every_field_and_its_heading() {
    let shown = |format: &str| listed(&[&BLOG], &Format::parse(format).expect("a format"));
    assert_eq!(shown(r#"{{.Name}} {{.Running}} {{.Label "of"}}"#), "blog<1> 2 blog<1>\n");
    assert_eq!(shown(r"table {{.Running}}\t{{.Empty}}"), "STATUS    <no value>\n2         false\n");
    assert_eq!(shown("raw"), "name: blog<1>\n\n");
    let unknown = Format::parse("{{.Nmae}}").expect("a format");
    let error = PROJECTS.write(&[&BLOG], &unknown, &(), &mut Vec::new()).expect_err("there is no such field");
    assert!(error.to_string().starts_with("template parsing error: "), "{error}");
}
