//! Builds in the live block: the steps below each, and what they write.

use std::sync::Arc;
use std::time::Duration;

use hoist::event::{BuildStatus, Fact};
use hoist::plan::{Action, ActionId, BuildSpec, Plan};
use hoist::project::Project;
use hoist::project::value::BuildContext;
use hoist::render::{Progress, ProgressMode, TerminalSize, TtySettings};

use super::{Screen, Written, begins, finished, show, written};
use crate::executing::Plans;

/// Two builds that run, at a width and height.
fn building(rows: u16, columns: u16) -> Screen {
    let mut plans = Plans::new();
    let mut build = |service: &str| {
        let project = Arc::new(Project { name: "demo".into(), ..Project::default() });
        let context = BuildContext::Folder("/app".into());
        let spec = Arc::new(BuildSpec::new(service, format!("demo-{service}"), context));
        plans.add(Action::BuildImage { project, spec }, &[])
    };
    let (web, db) = (build("web"), build("db"));
    let mut screen = Screen::new(&plans.build(), rows, columns);
    let step = |id, part: &str, name: &str, status: BuildStatus| {
        let elapsed = (status != BuildStatus::Started).then_some(Duration::from_millis(1234));
        Fact::BuildStep { id, part: part.to_owned(), name: name.to_owned(), status, elapsed }
    };
    let said = |id, part: &str, line: &str| Fact::BuildLog { id, part: part.to_owned(), line: line.to_owned() };
    let (from, run, copy) = ("[1/4] FROM base", "[2/4] RUN npm ci --no-audit", "[1/2] COPY . /");
    screen.events(&[Fact::Started { id: web }, Fact::Started { id: db }]);
    screen.events(&[step(web, "1", "[internal] load build definition", BuildStatus::Started)]);
    screen.events(&[step(web, "1", "[internal] load build definition", BuildStatus::Done)]);
    screen.events(&[step(web, "2", from, BuildStatus::Started), step(web, "2", from, BuildStatus::Cached)]);
    screen.events(&[step(web, "3", run, BuildStatus::Started), step(db, "1", copy, BuildStatus::Started)]);
    for line in ["added 1", "added 2", "", "added \u{1b}[2J3", "added 4", "added 5", "added 6"] {
        screen.events(&[said(web, "3", line)]);
    }
    screen.events(&[step(db, "1", copy, BuildStatus::Done), step(db, "2", "exporting to image", BuildStatus::Started)]);
    screen
}

#[tokio::test(start_paused = true)]
async fn builds_show_their_steps_and_what_the_running_ones_write() {
    let mut screen = building(24, 60);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(
        screen.contents(),
        "\
[+] up 0/2
 ⠴ Image demo-web Building                           2.5s
   ✔ [1/4] FROM base                               CACHED
   ⠴ [2/4] RUN npm ci --no-audit                     2.5s
     added 2
     added \u{241b}[2J3
     added 4
     added 5
     added 6
 ⠴ Image demo-db  Building                           2.5s
   ✔ [1/2] COPY . /                                  1.2s
   ⠴ exporting to image                              2.5s"
    );
}

#[tokio::test(start_paused = true)]
async fn the_tree_of_builds_never_exceeds_the_terminal() {
    for (rows, columns) in [(24, 40), (8, 40), (7, 30), (5, 80), (4, 20), (3, 10), (2, 4), (1, 1)] {
        let mut screen = building(rows, columns);
        tokio::time::sleep(Duration::from_millis(2500)).await;
        let shown = screen.contents();
        assert!(shown.lines().count() <= usize::from(rows), "{rows} x {columns}:\n{shown}");
        // A line that wrapped would be two lines, of which the second does not begin with a blank.
        let wrapped = shown.lines().skip(1).filter(|line| !line.starts_with(' ') && !line.is_empty());
        assert_eq!(wrapped.count(), 0, "{rows} x {columns}:\n{shown}");
    }
    // Where there is no room for steps, the row has the newest.
    assert!(building(4, 80).contents().contains("Building added 6"));
}

/// A plan that builds the image of `web`.
fn one_build() -> (Arc<Plan>, ActionId) {
    let mut plans = Plans::new();
    let project = Arc::new(Project { name: "demo".into(), ..Project::default() });
    let spec = Arc::new(BuildSpec::new("web", "demo-web", BuildContext::Folder("/app".into())));
    let id = plans.add(Action::BuildImage { project, spec }, &[]);
    (plans.build(), id)
}

/// A step that runs and has written those lines.
fn running(id: ActionId, name: &str, lines: &[&str]) -> Vec<Fact> {
    let (part, name) = ("1".to_owned(), name.to_owned());
    let step = Fact::BuildStep { id, part, name, status: BuildStatus::Started, elapsed: None };
    let lines = lines.iter().map(|line| Fact::BuildLog { id, part: "1".to_owned(), line: (*line).to_owned() });
    [Fact::Started { id }, step].into_iter().chain(lines).collect()
}

fn stands(id: ActionId, line: &str) -> Fact {
    Fact::BuildOpenLine { id, part: "1".to_owned(), line: line.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn tabs_wide_characters_and_colours_stay_within_the_line() {
    let lines = [
        "a\tb\tc\tlonger than one stop\td\te\tf\tg\th\ti",
        "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
        "\u{1b}[31mred without an end, and longer than most of the terminals that there are",
        "warning: two\nlines",
    ];
    let (plan, id) = one_build();
    let mut screen = Screen::new(&plan, 24, 50);
    screen.events(&running(id, "[2/2] RUN make\tall", &lines));
    assert_eq!(
        screen.contents(),
        "\
[+] up 0/1
 ⠋ Image demo-web Building                 0.0s
   ⠋ [2/2] RUN make  all                   0.0s
     a       b       c       longer than one...
     漢字漢字漢字漢字漢字漢字漢字漢字漢字漢...
     red without an end, and longer than mos...
     warning: two lines"
    );
    for columns in 1..100 {
        let mut screen = Screen::new(&plan, 24, columns);
        screen.events(&running(id, "[2/2] RUN make\tall", &lines));
        let shown = screen.contents();
        // A line that wrapped would be one more.
        assert!(shown.lines().count() <= 7, "{columns} columns:\n{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn colours_of_a_build_end_with_their_line_and_are_left_out_without_colours() {
    let (plan, id) = one_build();
    for color in [true, false] {
        let written = Written::default();
        let settings = TtySettings { color, size: TerminalSize::fixed(24, 60) };
        let mut progress = Progress::new(ProgressMode::Tty, settings, written.clone());
        show(&mut progress, &[begins(&plan, "build")]);
        show(&mut progress, &running(id, "[2/2] RUN make", &["\u{1b}[31mred", "plain"]));
        progress.tick();
        let text = written.text();
        let line = text.rsplit('\n').find(|line| line.contains("red")).expect("it is shown");
        assert_eq!(line.contains("\u{1b}[31m"), color, "{line:?}");
        assert_eq!(line.trim_end().ends_with("\u{1b}[0m"), color, "{line:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_progress_bar_is_shown_as_it_stands() {
    let (plan, id) = one_build();
    let mut screen = Screen::new(&plan, 24, 50);
    screen.events(&running(id, "[2/2] RUN fetch", &["fetching"]));
    screen.events(&[stands(id, "10%"), stands(id, "20%")]);
    let with = |rest: &str| {
        format!(
            "[+] up 0/1\n ⠋ Image demo-web Building                 0.0s\n   ⠋ [2/2] RUN fetch                       0.0s\n     fetching\n{rest}"
        )
    };
    assert_eq!(screen.contents(), with("     20%"));
    tokio::time::sleep(Duration::from_secs(10)).await;
    screen.events(&[Fact::BuildLog { id, part: "1".to_owned(), line: "100%".to_owned() }, stands(id, "next")]);
    let shown = screen.contents();
    assert!(shown.ends_with("     fetching\n     100%\n     next"), "{shown}");
    // Only a screen can be overwritten.
    let events = [running(id, "[2/2] RUN fetch", &[]), vec![stands(id, "10%")]].concat();
    for mode in [ProgressMode::Plain, ProgressMode::Json, ProgressMode::Quiet] {
        let text = written(mode, &plan, &events);
        assert!(!text.contains("10%"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_running_step_shows_what_it_has_moved() {
    let (plan, id) = one_build();
    let mut screen = Screen::new(&plan, 24, 50);
    screen.events(&running(id, "[internal] load build context", &[]));
    let moved = |status: &str, current| Fact::Progress {
        id,
        part: "1".to_owned(),
        status: status.to_owned(),
        current: Some(current),
        total: None,
    };
    screen.events(&[moved("sha256:1", 1_000_000), moved("sha256:1", 12_300_000), moved("sha256:2", 200_000)]);
    let shown = screen.contents();
    assert!(shown.ends_with("   ⠋ [internal] load build context  12.5MB 0.0s"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_block_that_gives_way_to_lines_is_never_drawn_again() {
    let (plan, id) = one_build();
    let (written, lines) = (Written::default(), Written::default());
    let settings = TtySettings { color: true, size: TerminalSize::fixed(24, 60) };
    let mut progress = Progress::new(ProgressMode::Tty, settings, written.clone());
    show(&mut progress, &[begins(&plan, "up"), Fact::Started { id }]);
    progress.go_on_in_lines(lines.clone());
    assert!(written.text().ends_with('\n'), "{:?}", written.text());
    let before = written.text();
    show(&mut progress, &[finished(id), Fact::Ended]);
    progress.tick();
    progress.finish().expect("it can be written");
    assert_eq!(written.text(), before);
    assert_eq!(lines.text(), " Image demo-web Built \n");
}
