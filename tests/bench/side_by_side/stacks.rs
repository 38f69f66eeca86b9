//! The Compose files that are brought up.

use std::fmt::Write as _;

const IDLE: &str = "{image: 'busybox:latest', command: [sleep, '3600'], stop_grace_period: 0s";

/// Ten services of all kinds: three volumes, one network.
pub(crate) fn ten() -> String {
    let mut text = String::from("services:\n");
    for number in 0..10 {
        let mount = if number < 3 { format!(", volumes: ['data-{number}:/data']") } else { String::new() };
        writeln!(text, "  s{number}: {IDLE}, environment: {{NUMBER: '{number}'}}, expose: ['80']{mount}}}")
            .expect("memory");
    }
    text.push_str("volumes: {data-0: {}, data-1: {}, data-2: {}}\n");
    text
}

/// Independent services.
pub(crate) fn independent(services: usize) -> String {
    let mut text = String::from("services:\n");
    for number in 0..services {
        writeln!(text, "  s{number}: {IDLE}}}").expect("memory");
    }
    text
}

/// Services each of which waits for the one before to be healthy. Each is after half a second.
pub(crate) fn chain(services: usize, interval: &str) -> String {
    let mut text = String::from("services:\n");
    for number in 0..services {
        let needs = match number {
            0 => String::new(),
            _ => format!(", depends_on: {{s{}: {{condition: service_healthy}}}}", number - 1),
        };
        let check = format!("healthcheck: {{test: [CMD, test, -e, /ready], interval: {interval}}}");
        let command = "command: [sh, -c, 'sleep 0.5; touch /ready; exec sleep 3600']";
        writeln!(text, "  s{number}: {{image: 'busybox:latest', {command}, stop_grace_period: 0s, {check}{needs}}}")
            .expect("memory");
    }
    text
}

/// A service that has written that many lines and does nothing any more.
pub(crate) fn talkative(lines: usize) -> String {
    let command = format!(
        "yes 'a line as applications write them, of about eighty characters, again and again' | head -n {lines}; touch /done; exec sleep 3600"
    );
    format!(
        "services:\n  talker:\n    image: busybox:latest\n    command: [sh, -c, \"{command}\"]\n    stop_grace_period: 0s\n    \
         healthcheck: {{test: [CMD, test, -e, /done], interval: 500ms, retries: 600}}\n"
    )
}
