//! Limits that the system sets to processes.

use super::Case;

#[test]
fn with_few_open_files_a_command_works_or_says_what_to_do() {
    let mut ends = 0;
    // The program itself needs some to load its libraries.
    for most in 4..24 {
        let ran =
            Case::new("ps").file("compose.yaml", "services: {web: {image: i}}\n").limited(&format!("-n {most}")).run();
        if ran.stderr.contains("shared libraries") {
            continue;
        }
        // There is no engine.
        let connects = ran.stderr.contains("/nonexistent/docker.sock: No such file or directory");
        let explains = ran.stderr.to_lowercase().contains("too many open files")
            && ran.stderr.ends_with("hint: allow more open files, with `ulimit -n 1024`\n");
        assert!(ran.status == 1 && (connects || explains), "{most}: {ran:?}");
        ends += usize::from(explains);
    }
    assert!(ends > 0, "some of them are too few");
}
