//! The engine's words for an object in use in, the containers that use it out.

/// Digits of an ID that are enough to find a container.
const SHORT: usize = 12;

/// The containers that the refusal to remove an object names, or their IDs in short.
pub(super) fn users(words: &str) -> Vec<String> {
    let names: Vec<String> = words
        .split("name:\"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(name, _)| name.to_owned())
        .collect();
    if !names.is_empty() {
        return names;
    }
    let is_id = |word: &&str| word.len() >= SHORT && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let ids = |text: &str| {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        words.filter(is_id).map(|id| id[..SHORT].to_owned()).collect()
    };
    // Networks and images have IDs too: only those of containers count.
    let list =
        words.split_once("volume is in use - [").and_then(|(_, rest)| rest.split_once(']')).map(|(list, _)| list);
    let one = || words.split_once("container ").and_then(|(_, rest)| rest.split_whitespace().next());
    list.or_else(one).map(ids).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_in_the_words_of_engines() {
        let id = "0123456789abcdef".repeat(4);
        let short = "0123456789ab";
        for (words, expected) in [
            (
                format!(
                    "error while removing network: network n id {id} has active endpoints (name:\"a\" id:\"1\", name:\"b\" id:\"2\")"
                ),
                &["a", "b"][..],
            ),
            (format!("error while removing network: network n id {id} has active endpoints"), &[]),
            (format!("remove data: volume is in use - [{id}, {id}]"), &[short, short]),
            (
                format!(
                    "conflict: unable to remove repository reference \"i:1\" (must force) - container {short} is using its referenced image fedcba987654"
                ),
                &[short],
            ),
            ("volume is being used by é".to_owned(), &[]),
        ] {
            assert_eq!(users(&words), expected, "{words}");
        }
    }
}
