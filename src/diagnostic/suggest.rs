//! "Did you mean": the known name that is closest to a mistyped one.

/// Maximum number of candidates compared with one name: a file with thousands of names may have thousands of mistakes.
const MOST_CANDIDATES: usize = 500;

/// The candidate closest to `name`, if one is close enough to be what was meant.
///
/// Allows one edit per three letters and ignores letter case; swapping two adjacent letters is one edit. If two are
/// equally close, one that begins with the same letter wins, else the first.
///
/// ```
/// use hoist::diagnostic::suggest::closest;
/// assert_eq!(closest("enviroment", ["environment", "env_file"]), Some("environment"));
/// assert_eq!(closest("images", ["image", "ports"]), Some("image"));
/// assert_eq!(closest("x", ["image", "ports"]), None);
/// ```
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    closest_within(name, candidates, 3)
}

/// Like [`closest`], for variables, whose names often differ in one word: allows one edit per six letters, or a fifth of
/// the letters to be left out.
///
/// ```
/// use hoist::diagnostic::suggest::closest_variable;
/// assert_eq!(closest_variable("IMAGE_TAG", ["IMAGETAG"]), Some("IMAGETAG"));
/// assert_eq!(closest_variable("DB_HOST", ["DB_PORT"]), None);
/// assert_eq!(closest_variable("DB_PASSWORD", ["DB_PASSWD"]), Some("DB_PASSWD"));
/// ```
pub fn closest_variable<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let candidates: Vec<&str> = candidates.into_iter().take(MOST_CANDIDATES).collect();
    closest_within(name, candidates.iter().copied(), 6)
        .or_else(|| candidates.into_iter().find(|other| is_abbreviation(name, other) || is_abbreviation(other, name)))
}

/// Whether `short` is `long` without a few of the letters in it.
fn is_abbreviation(short: &str, long: &str) -> bool {
    let missing = long.len().saturating_sub(short.len());
    let mut letters = long.chars();
    (1..=long.len() / 5).contains(&missing)
        && short.chars().next_back() == long.chars().next_back()
        && short.chars().all(|letter| letters.any(|other| other.eq_ignore_ascii_case(&letter)))
}

/// The closest candidate with at most one edit per `letters` letters.
fn closest_within<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>, letters: usize) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let length = lower.chars().count();
    let most = (length / letters).max(1);
    let mut best: Option<((usize, bool), &str)> = None;
    let near = |candidate: &&str| candidate.chars().count().abs_diff(length) <= most;
    for candidate in candidates.into_iter().take(MOST_CANDIDATES).filter(near) {
        let other = candidate.to_lowercase();
        let distance = strsim::damerau_levenshtein(&lower, &other);
        // In a name of one or two letters a single edit changes too much for a guess.
        let shared = other.chars().any(|letter| lower.contains(letter));
        let rank = (distance, other.chars().next() != lower.chars().next());
        if distance <= most && shared && best.is_none_or(|(least, _)| rank < least) {
            best = Some((rank, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn of_two_the_one_with_the_same_beginning_is_guessed() {
        assert_eq!(closest("wb", ["db", "web"]), Some("web"));
        assert_eq!(closest("xb", ["db", "web"]), Some("db"));
    }

    #[test]
    fn guesses() {
        for (name, expected) in [
            ("dbb", Some("db")),
            ("port", Some("ports")),
            ("Ports", Some("ports")),
            ("enviornment", Some("environment")),
            ("restrat", Some("restart")),
            ("kubernetes", None),
            ("dbs", Some("db")),
            ("q", None),
            ("", None),
        ] {
            let names = ["db", "ports", "environment", "restart"];
            assert_eq!(closest(name, names), expected, "{name}");
        }
    }
}
