//! The order of keys in the YAML that `config` prints.

use std::cmp::Ordering;

/// Compares two keys in natural order: runs of digits compare as numbers; other characters come before letters, but
/// after digits.
///
/// ```
/// use hoist::project::natural_order;
/// let mut keys = ["b", "aa", "a10", "a2", "A", "10", "2", "_x"];
/// keys.sort_by(|a, b| natural_order(a, b));
/// assert_eq!(keys, ["_x", "2", "10", "A", "a2", "a10", "aa", "b"]);
/// ```
#[must_use]
pub fn natural_order(a: &str, b: &str) -> Ordering {
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let (before, rest_a) = a.split_at(same);
    let rest_b = &b[same..];
    let (Some(first_a), Some(first_b)) = (rest_a.chars().next(), rest_b.chars().next()) else {
        return rest_a.len().cmp(&rest_b.len());
    };
    match (first_a.is_alphabetic(), first_b.is_alphabetic()) {
        (true, true) => first_a.cmp(&first_b),
        (false, false) => by_number(before, rest_a, rest_b).then_with(|| first_a.cmp(&first_b)),
        (letter, _) => {
            let letters_first = before.chars().next_back().is_some_and(char::is_numeric);
            if letter == letters_first { Ordering::Less } else { Ordering::Greater }
        }
    }
}

/// Compares the numbers at the start of two texts; of two equal ones, the one with more digits is larger. A zero that
/// continues a number is not a leading zero.
fn by_number(before: &str, a: &str, b: &str) -> Ordering {
    let run = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits_a, digits_b) = (&a[..run(a)], &b[..run(b)]);
    let continues = (digits_a.starts_with('0') || digits_b.starts_with('0'))
        && before.bytes().rev().take_while(u8::is_ascii_digit).any(|digit| digit != b'0');
    let (value_a, value_b) =
        if continues { (digits_a, digits_b) } else { (without_zeros(digits_a), without_zeros(digits_b)) };
    let by_value = value_a.len().cmp(&value_b.len()).then_with(|| value_a.cmp(value_b));
    by_value.then_with(|| digits_a.len().cmp(&digits_b.len()))
}

fn without_zeros(digits: &str) -> &str {
    digits.trim_start_matches('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_the_order_people_expect() {
        let cases: [&[&str]; 4] = [
            &["_x", "1", "2", "10", "A", "B", "a-b", "a.b", "a1b", "a1-", "a2", "a10", "aa", "b"],
            &["a", "a0", "a1", "a01", "a2", "a02"],
            &["web", "web-1", "web-2", "web-10", "web1"],
            &["v1.2", "v1.10", "v10.1"],
        ];
        for expected in cases {
            let mut sorted = expected.to_vec();
            sorted.reverse();
            sorted.sort_by(|a, b| natural_order(a, b));
            assert_eq!(sorted, expected);
        }
    }

    #[test]
    fn order_is_total_over_odd_keys() {
        let keys = ["", "0", "00", "é", "1é", "a", "a0b", "a00b", "-", "--", "1-", "1a", "ß"];
        for a in keys {
            for b in keys {
                assert_eq!(natural_order(a, b), natural_order(b, a).reverse(), "{a} {b}");
                assert_eq!(natural_order(a, b) == Ordering::Equal, a == b, "{a} {b}");
            }
        }
    }
}
