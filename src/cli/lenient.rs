//! Lenient booleans in answers and environment variables.

/// `y`, `1`, `t` and `true` in any letter case are true; everything else, even `yes` and `on`, is false.
#[must_use]
pub(super) fn is_yes(text: &str) -> bool {
    matches!(text.trim().to_lowercase().as_str(), "y" | "1" | "t" | "true")
}

#[cfg(test)]
mod tests {
    use super::is_yes;

    #[test]
    fn few_words_are_true() {
        for yes in ["y", "Y", "1", "t", "true", " TRUE "] {
            assert!(is_yes(yes), "{yes}");
        }
        for no in ["", "yes", "on", "0", "n", "false", "2"] {
            assert!(!is_yes(no), "{no}");
        }
    }
}
