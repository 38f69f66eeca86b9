//! The menu of an attached `up`: below everything else, at any width, and nothing of it is left where it was.

use std::io::Write;
use std::time::Duration;

use hoist::event::{Fact, RunOutcome};
use hoist::plan::{WaitCondition, Waiter};
use hoist::render::menu::{Menu, MenuKey};
use hoist::render::warning::detached;
use hoist::render::{Progress, ProgressMode, TerminalSize, TtySettings};

use crate::executing::Plans;
use crate::rendering::{Screen, Written, begins, finished, show, stack};

fn menu() -> Menu {
    Menu::Keys(vec![MenuKey { key: 'w', does: "Watch" }, MenuKey { key: 'd', does: "Detach" }])
}

fn log(screen: &mut Screen, line: &str) {
    let mut out = screen.written.clone();
    screen.progress.above(|| writeln!(out, "{line}")).expect("written to memory");
}

#[tokio::test(start_paused = true)]
async fn it_stays_below_progress_and_logs() {
    let (plan, steps) = stack();
    let mut screen = Screen::new(&plan, 24, 60);
    screen.progress.set_menu(Some(menu()));
    assert_eq!(screen.contents(), "w Watch   d Detach");
    screen.events(&[Fact::Started { id: steps[0] }]);
    log(&mut screen, "web-1  | one");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let working = "\
web-1  | one
[+] up 0/1
 ⠋ Network demo_default Creating                     1.0s
w Watch   d Detach";
    assert_eq!(screen.contents(), working);
    screen.events(&[finished(steps[0]), Fact::Ended]);
    log(&mut screen, "web-1  | two");
    let ended = "\
web-1  | one
[+] up 1/1
 ✔ Network demo_default Created                      1.0s
web-1  | two
w Watch   d Detach";
    assert_eq!(screen.contents(), ended);
    screen.progress.set_menu(Some(Menu::Notice("Detaching...".into())));
    assert!(screen.contents().ends_with("web-1  | two\nDetaching..."), "{}", screen.contents());
    screen.progress.set_menu(None);
    log(&mut screen, "web-1  | three");
    screen.progress.finish().expect("written to memory");
    assert!(screen.contents().ends_with("web-1  | two\nweb-1  | three"), "{}", screen.contents());
}

#[tokio::test(start_paused = true)]
async fn it_is_cut_to_the_width_and_needs_one_line() {
    let (plan, steps) = stack();
    for columns in 1..40 {
        let mut screen = Screen::new(&plan, 4, columns);
        screen.progress.set_menu(Some(menu()));
        screen.events(&steps.iter().map(|id| Fact::Started { id: *id }).collect::<Vec<_>>());
        log(&mut screen, "x");
        let contents = screen.contents();
        let widest = contents.lines().map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(widest <= usize::from(columns), "{columns} columns:\n{contents}");
        let whole: String = "w Watch   d Detach".chars().take(usize::from(columns) - 1).collect();
        let last = contents.lines().last().unwrap_or_default();
        assert!(columns == 1 || last == whole.trim_end(), "{columns} columns:\n{contents}");
    }
}

#[test]
fn quiet_progress_has_a_menu_and_nothing_else() {
    let (plan, steps) = stack();
    let written = Written::default();
    let settings = TtySettings { color: false, size: TerminalSize::fixed(24, 60) };
    let mut progress = Progress::new(ProgressMode::Quiet, settings, written.clone());
    progress.set_menu(Some(menu()));
    show(&mut progress, &[begins(&plan, "up"), Fact::Started { id: steps[0] }, finished(steps[0]), Fact::Ended]);
    assert!(written.text().contains("d Detach") && !written.text().contains("demo_default"), "{}", written.text());
}

#[test]
fn what_was_not_started_is_told() {
    let mut plans = Plans::new();
    let wait = plans.pair(WaitCondition::Healthy, Waiter::Dependents, None);
    let plan = plans.build();
    let mut outcome = RunOutcome::default();
    assert_eq!(detached::message(&plan, &outcome), None);
    outcome.abandoned.insert(wait);
    outcome.skipped.extend(plan.steps().map(|(step, _)| (step, wait)).filter(|(step, _)| *step > wait));
    let told = r#""web" was not started, because it waits for "db"; `hoist up -d` waits and starts the rest"#;
    assert_eq!(detached::message(&plan, &outcome).as_deref(), Some(told));
}
