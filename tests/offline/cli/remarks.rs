//! Remarks about the files: who makes them, and who is silent about them.

use super::Case;

const OLD: &str = "version: '3'\nservices: {web: {image: i}}\n";
const REMARK: &str = "the attribute `version` is obsolete and ignored";

#[test]
fn commands_that_carry_out_what_the_files_say_remark_on_them() {
    for command in ["config", "plan", "up -d", "create"] {
        let ran = Case::new(command).file("compose.yaml", OLD).run();
        assert!(ran.stderr.contains(REMARK), "{command}: {}", ran.stderr);
    }
}

#[test]
fn other_commands_make_no_remarks() {
    for command in ["ps", "logs", "down"] {
        let ran = Case::new(command).file("compose.yaml", OLD).run();
        assert!(!ran.stderr.contains("version"), "{command}: {}", ran.stderr);
        let ran = Case::new(command).file("compose.yaml", "services: {web: {imag: i}}\n").run();
        assert!(ran.stderr.contains("compose.yaml:1:"), "errors are told: {command}: {}", ran.stderr);
    }
}

#[test]
fn when_jobs_run_matters_to_few_commands() {
    let file = "services: {web: {image: i}}
jobs:
  often: {image: i, triggers: {manual: true, schedule: [often]}}
  never: {image: i, triggers: {manual: false}}
";
    let remarks = |command: &str| {
        let ran = Case::new(command).file("compose.yaml", file).run();
        ["`often` is not a cron expression", "job `never` never runs"].map(|remark| ran.stderr.contains(remark))
    };
    for command in ["config", "plan", "up -d", "create"] {
        assert_eq!(remarks(command), [true, true], "{command}");
    }
    for command in ["build", "down", "graph", "logs", "ps", "pull", "run web", "start", "viz", "why"] {
        assert_eq!(remarks(command), [false, false], "{command}");
    }
}
