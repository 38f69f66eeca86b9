//! A pack gives back what went in, to the byte.

use proptest::prelude::*;

use crate::pack::{Files, Pack};

fn pack_of(files: &[(&str, &[u8])]) -> Pack {
    let files: Files = files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
    Pack { preamble: "About it.\n\n".to_owned(), cases: [("case".to_owned(), files)].into() }
}

#[test]
fn files_are_written_as_they_are_or_escaped() {
    let pack = pack_of(&[
        ("a.txt", b"one\n\n\ttwo: \xc3\xbc\n"),
        ("crlf", b"\xef\xbb\xbfone\r\ntwo\\\r\n"),
        ("empty", b""),
        ("folder/x", b"no end"),
        ("invalid", b"a\xff\n-- b --\n"),
        ("marker", b"one\n-- two --\n"),
    ]);
    let text = "\
About it.

-- case/a.txt --
one

\ttwo: ü
-- case/crlf escaped --
\\xef\\xbb\\xbfone\\r\\n
two\\\\\\r\\n
-- case/empty --
-- case/folder/x escaped --
no end
-- case/invalid escaped --
a\\xff\\n
\\x2d- b --\\n
-- case/marker escaped --
one\\n
\\x2d- two --\\n
";
    assert_eq!(pack.to_string(), text);
    assert_eq!(Pack::parse(text), Ok(pack));
}

#[test]
fn what_is_not_a_pack_is_refused_with_its_line() {
    let cases = [
        ("\n-- case/file\n", "line 2: `-- case/file` is not `-- CASE/FILE --`"),
        ("-- file --\n", "line 1: `-- file --` is not `-- CASE/FILE --`"),
        ("-- a/b --\n-- a/b --\n-- a/c --\n", "line 3: `a/b` is there twice"),
        ("-- a/b escaped --\n\\q\n", "at the end: `\\q` means nothing"),
        ("-- a/b escaped --\n\\xg0\n", "at the end: `\\xg0` is not a byte"),
    ];
    for (text, problem) in cases {
        assert_eq!(Pack::parse(text), Err(problem.to_owned()), "{text}");
    }
}

proptest! {
    #[test]
    fn packing_and_unpacking_is_the_identity(
        files in prop::collection::btree_map("[a-z.]{1,8}(/[a-z ]{1,4}[a-z])?", prop::collection::vec(any::<u8>(), 0..40), 1..4),
        text in "[-\\\\ \ta-c\r\n\u{feff}\u{7f}ü]{0,40}",
    ) {
        let mut files: Files = files;
        files.insert("of text".to_owned(), text.into_bytes());
        let pack = Pack { preamble: String::new(), cases: [("case".to_owned(), files)].into() };
        prop_assert_eq!(Pack::parse(&pack.to_string()), Ok(pack));
    }
}
