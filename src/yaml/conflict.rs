//! The marks of a merge conflict: the text of a file in, the first of them out.

/// The range of the first line that a version control system has left as the mark of a conflict.
pub(super) fn marker(text: &str) -> Option<(usize, usize)> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        if is_marker(content) {
            return Some((start, start + content.len()));
        }
        start += line.len();
    }
    None
}

fn is_marker(line: &str) -> bool {
    ["<<<<<<<", ">>>>>>>", "|||||||"].iter().any(|mark| {
        let rest = line.strip_prefix(mark);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    })
}

#[cfg(test)]
mod tests {
    use super::marker;

    #[test]
    fn a_marker_is_a_whole_line() {
        assert_eq!(marker("a: b\n<<<<<<< HEAD\n"), Some((5, 17)));
        assert_eq!(marker("a: b\n>>>>>>>\r\n"), Some((5, 12)));
        for text in ["a: |\n  <<<<<<< HEAD\n", "<<: *a\n", "<<<<<<<<\n", "=======\n"] {
            assert_eq!(marker(text), None, "{text}");
        }
    }
}
