//! How many positional arguments each command takes, and Docker Compose's errors if there are more or fewer.

/// The number of arguments of a command.
struct Count {
    command: &'static str,
    least: usize,
    most: usize,
    style: Style,
}

/// How a wrong number is reported.
enum Style {
    /// One line.
    Short,
    /// With the usage: its lines, and the first word of the last line.
    Long(&'static [&'static str], &'static str),
}

const ANY: usize = usize::MAX;

const fn short(command: &'static str, least: usize, most: usize) -> Count {
    Count { command, least, most, style: Style::Short }
}

const COUNTS: &[Count] = &[
    short("attach", 1, ANY),
    short("bridge convert", 0, 0),
    short("bridge transformations list", 0, 0),
    short("commit", 1, 2),
    Count {
        command: "cp",
        least: 2,
        most: 2,
        style: Style::Long(
            &["cp [OPTIONS] SERVICE:SRC_PATH DEST_PATH|-", "cp [OPTIONS] SRC_PATH|- SERVICE:DEST_PATH"],
            "Run",
        ),
    },
    short("exec", 2, ANY),
    short("export", 1, ANY),
    short("ls", 0, 0),
    short("port", 1, 2),
    Count { command: "publish", least: 1, most: 1, style: Style::Long(&["publish [OPTIONS] REPOSITORY[:TAG]"], "Run") },
    short("run", 1, ANY),
    short("scale", 1, ANY),
    short("stats", 0, 1),
    short("version", 0, 0),
    Count { command: "wait", least: 1, most: ANY, style: Style::Long(&["wait SERVICE [SERVICE...] [OPTIONS]"], "See") },
];

/// Whether the number of arguments of a command is limited.
pub(super) fn is_counted(command: &str) -> bool {
    COUNTS.iter().any(|count| count.command == command)
}

/// The error if `command` got the wrong number of arguments; `first` is the first one.
pub(super) fn problem(command: &str, given: usize, first: Option<&str>) -> Option<String> {
    let count = COUNTS.iter().find(|count| count.command == command)?;
    if (count.least..=count.most).contains(&given) {
        return None;
    }
    let Count { least, most, .. } = *count;
    Some(match (&count.style, least, most) {
        (Style::Long(usage, see), ..) => long(count, usage, see),
        (Style::Short, _, 0) => {
            format!("unknown command \"{}\" for \"docker compose {command}\"", first.unwrap_or_default())
        }
        (Style::Short, _, ANY) => format!("requires at least {least} arg(s), only received {given}"),
        (Style::Short, 0, _) => format!("accepts at most {most} arg(s), received {given}"),
        (Style::Short, ..) => format!("accepts between {least} and {most} arg(s), received {given}"),
    })
}

fn long(count: &Count, usage: &[&str], see: &str) -> String {
    let Count { command, least, most, .. } = count;
    let at_least = if least == most { "" } else { "at least " };
    let plural = if *least == 1 { "" } else { "s" };
    let usage = usage.join("\n\tdocker compose ");
    format!(
        "docker: 'docker compose {command}' requires {at_least}{least} argument{plural}\n\nUsage:  docker compose \
         {usage}\n\n{see} 'docker compose {command} --help' for more information"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from Docker Compose 5.6.1.
    #[test]
    fn a_wrong_number_is_reported_in_the_words_scripts_know() {
        for (command, given, first, expected) in [
            ("version", 1, Some("x"), "unknown command \"x\" for \"docker compose version\""),
            ("ls", 1, Some("x"), "unknown command \"x\" for \"docker compose ls\""),
            ("exec", 1, Some("web"), "requires at least 2 arg(s), only received 1"),
            ("run", 0, None, "requires at least 1 arg(s), only received 0"),
            ("port", 0, None, "accepts between 1 and 2 arg(s), received 0"),
            ("commit", 3, Some("a"), "accepts between 1 and 2 arg(s), received 3"),
            ("stats", 2, Some("a"), "accepts at most 1 arg(s), received 2"),
            (
                "wait",
                0,
                None,
                "docker: 'docker compose wait' requires at least 1 argument\n\nUsage:  docker compose wait SERVICE \
                 [SERVICE...] [OPTIONS]\n\nSee 'docker compose wait --help' for more information",
            ),
            (
                "cp",
                1,
                Some("a"),
                "docker: 'docker compose cp' requires 2 arguments\n\nUsage:  docker compose cp [OPTIONS] \
                 SERVICE:SRC_PATH DEST_PATH|-\n\tdocker compose cp [OPTIONS] SRC_PATH|- SERVICE:DEST_PATH\n\nRun \
                 'docker compose cp --help' for more information",
            ),
            (
                "publish",
                0,
                None,
                "docker: 'docker compose publish' requires 1 argument\n\nUsage:  docker compose publish [OPTIONS] \
                 REPOSITORY[:TAG]\n\nRun 'docker compose publish --help' for more information",
            ),
        ] {
            assert_eq!(problem(command, given, first).as_deref(), Some(expected), "{command} {given}");
        }
        for (command, given) in [("up", 7), ("wait", 2), ("attach", 2), ("port", 2), ("version", 0)] {
            assert_eq!(problem(command, given, Some("a")), None, "{command} {given}");
        }
    }
}
