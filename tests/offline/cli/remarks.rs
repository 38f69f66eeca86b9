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
