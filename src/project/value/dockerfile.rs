//! What a Dockerfile is made from: its text in, the images that its stages name out.

use std::collections::{BTreeMap, BTreeSet};

/// The images that the build of a Dockerfile starts from or copies from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BaseImages {
    /// Their names, as written, with build arguments filled in.
    pub images: BTreeSet<String>,
    /// Whether these are all: not if the text cannot be read, or a name depends on something that only the builder
    /// knows.
    pub complete: bool,
}

/// The instructions of a stage that matter here.
#[derive(Debug, Default)]
struct Stage {
    /// The name after `AS`, in lower case.
    name: Option<String>,
    /// The images and stages that it starts from, copies from or mounts; `None` for one whose name is unknown.
    sources: Vec<Option<String>>,
}

impl BaseImages {
    /// Reads a Dockerfile for the stage `target`, the last one by default. `args` are the build arguments, and `contexts`
    /// the names of additional contexts, which stand before images.
    ///
    /// ```
    /// use hoist::project::value::BaseImages;
    /// let text = "ARG TAG=1\nFROM node:$TAG AS deps\nFROM alpine\nCOPY --from=deps /app /app\nCOPY --from=tools /x /\n";
    /// let read = |target| BaseImages::read(text, target, &Default::default(), &["tools"]);
    /// assert_eq!(Vec::from_iter(read(None).images), ["alpine", "node:1"]);
    /// assert_eq!(Vec::from_iter(read(Some("deps")).images), ["node:1"]);
    /// assert!(!BaseImages::read("FROM $BASE\n", None, &Default::default(), &[]).complete);
    /// ```
    #[must_use]
    pub fn read(text: &str, target: Option<&str>, args: &BTreeMap<String, Option<String>>, contexts: &[&str]) -> Self {
        let stages = stages(text, args);
        let Some(target) = position(&stages, target) else { return Self::default() };
        let mut found = Self { images: BTreeSet::new(), complete: true };
        let mut left = vec![target];
        let mut seen = BTreeSet::from([target]);
        while let Some(at) = left.pop() {
            for (place, source) in stages[at].sources.iter().enumerate() {
                let Some(source) = source else {
                    found.complete = false;
                    continue;
                };
                let lower = source.to_lowercase();
                if lower == "scratch" || contexts.iter().any(|context| context.eq_ignore_ascii_case(source)) {
                    continue;
                }
                let named = stages[..at].iter().rposition(|stage| stage.name.as_ref() == Some(&lower));
                // `FROM 0` is an image.
                let numbered = || source.parse::<usize>().ok().filter(|number| place > 0 && *number < at);
                match named.or_else(numbered) {
                    Some(stage) if seen.insert(stage) => left.push(stage),
                    Some(_) => {}
                    None => {
                        found.images.insert(source.clone());
                    }
                }
            }
        }
        found
    }
}

/// The position of the stage to build.
fn position(stages: &[Stage], target: Option<&str>) -> Option<usize> {
    let Some(target) = target else { return stages.len().checked_sub(1) };
    let named = stages.iter().rposition(|stage| stage.name.as_deref() == Some(target.to_lowercase().as_str()));
    named.or_else(|| target.parse().ok().filter(|number| *number < stages.len()))
}

fn stages(text: &str, args: &BTreeMap<String, Option<String>>) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut variables: BTreeMap<String, String> = BTreeMap::new();
    for Instruction { word, rest } in instructions(text) {
        match (word.as_str(), stages.last_mut()) {
            // Only those before the first stage are known in `FROM`.
            ("ARG", None) => {
                for argument in words(&rest) {
                    let (name, default) = match argument.split_once('=') {
                        Some((name, default)) => (name, expanded(&unquoted(default), &variables)),
                        None => (argument.as_str(), None),
                    };
                    let given = args.get(name).cloned().flatten();
                    if let Some(value) = given.or(default) {
                        variables.insert(name.to_owned(), value);
                    }
                }
            }
            ("FROM", _) => {
                let words: Vec<_> = words(&rest).into_iter().filter(|word| !word.starts_with("--")).collect();
                let name = match &words[..] {
                    [_, word, name, ..] if word.eq_ignore_ascii_case("as") => Some(name.to_lowercase()),
                    _ => None,
                };
                let image = words.first().and_then(|image| expanded(&unquoted(image), &variables));
                stages.push(Stage { name, sources: vec![image.filter(|image| !image.is_empty())] });
            }
            ("COPY" | "ADD" | "RUN", Some(stage)) => stage.sources.extend(sources(&rest)),
            _ => {}
        }
    }
    stages
}

/// The values of `--from=…` and of `from=…` in `--mount=…`, in the flags of an instruction.
fn sources(rest: &str) -> Vec<Option<String>> {
    let flags = words(rest).into_iter().take_while(|word| word.starts_with("--"));
    let from = flags.flat_map(|flag| {
        let values: Vec<String> = match (flag.strip_prefix("--from="), flag.strip_prefix("--mount=")) {
            (Some(from), _) => vec![unquoted(from)],
            (None, Some(mount)) => {
                mount.split(',').filter_map(|part| part.strip_prefix("from=")).map(unquoted).collect()
            }
            (None, None) => Vec::new(),
        };
        values
    });
    from.map(|value| Some(value).filter(|value| !value.contains('$'))).collect()
}

/// An instruction with its continuation lines.
struct Instruction {
    /// The keyword, in upper case.
    word: String,
    /// Everything after it.
    rest: String,
}

/// The instructions of a Dockerfile, without comments and the texts of here-documents.
fn instructions(text: &str) -> Vec<Instruction> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let escape = escape_character(text);
    let mut instructions = Vec::new();
    let mut lines = text.lines();
    let mut joined = String::new();
    while let Some(line) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(begun) = line.strip_suffix(escape) {
            joined.push_str(begun);
            continue;
        }
        joined.push_str(line);
        instructions.extend(instruction(&std::mem::take(&mut joined), &mut lines));
    }
    instructions.extend(instruction(&joined, &mut lines));
    instructions
}

/// The instruction in a line; skips the here-documents that follow it.
fn instruction(line: &str, lines: &mut std::str::Lines<'_>) -> Option<Instruction> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    if word.is_empty() {
        return None;
    }
    let word = word.to_uppercase();
    if matches!(word.as_str(), "RUN" | "COPY" | "ADD" | "ONBUILD") {
        for (end, tabs) in here_documents(rest) {
            let is_end = |line: &&str| {
                let line = if tabs { line.trim_start_matches('\t') } else { line };
                line == end
            };
            let _ = lines.by_ref().take_while(|line| !is_end(line)).count();
        }
    }
    Some(Instruction { word, rest: rest.trim().to_owned() })
}

/// The last lines of the here-documents that a line begins, and whether leading tabs do not count.
fn here_documents(rest: &str) -> Vec<(String, bool)> {
    let documents = words(rest).into_iter().filter_map(|word| {
        let digits = word.trim_start_matches(|character: char| character.is_ascii_digit());
        let name = digits.strip_prefix("<<")?;
        let (tabs, name) = name.strip_prefix('-').map_or((false, name), |name| (true, name));
        let name = unquoted(name);
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        is_name.then_some((name, tabs))
    });
    documents.collect()
}

/// The character at the end of a line that goes on: a backslash, unless the directive `escape` at the top says so.
fn escape_character(text: &str) -> char {
    for line in text.lines() {
        let Some((name, value)) = line.trim().strip_prefix('#').and_then(|comment| comment.split_once('=')) else {
            break;
        };
        match name.trim().to_lowercase().as_str() {
            "escape" if value.trim() == "`" => return '`',
            "escape" | "syntax" | "check" => {}
            _ => break,
        }
    }
    '\\'
}

/// The words of a line. Quotes hold blanks together and stay.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for character in line.chars() {
        match quote {
            None if character.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            None if matches!(character, '"' | '\'') => quote = Some(character),
            Some(open) if character == open => quote = None,
            None | Some(_) => {}
        }
        word.push(character);
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn unquoted(word: &str) -> String {
    word.chars().filter(|character| !matches!(character, '"' | '\'')).collect()
}

/// The text with variables filled in; `None` if one is not known, or something else than a name, a default or a
/// replacement is asked for.
fn expanded(text: &str, variables: &BTreeMap<String, String>) -> Option<String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(braced) = rest.strip_prefix('{') {
            let (inside, after) = braced.split_once('}')?;
            rest = after;
            let length = inside.find(|character: char| !is_name(character)).unwrap_or(inside.len());
            let (name, operation) = inside.split_at(length);
            let value = variables.get(name);
            let set = value.filter(|value| !value.is_empty());
            result.push_str(match (operation.get(..2), operation) {
                (_, "") => value?,
                (Some(":-"), _) => set.map_or(&operation[2..], String::as_str),
                (Some(":+"), _) => set.map_or("", |_| &operation[2..]),
                (_, operation) => match (operation.strip_prefix('-'), operation.strip_prefix('+')) {
                    (Some(default), _) => value.map_or(default, String::as_str),
                    (None, Some(other)) => value.map_or("", |_| other),
                    (None, None) => return None,
                },
            });
        } else {
            let length = rest.find(|character: char| !is_name(character)).unwrap_or(rest.len());
            result.push_str(variables.get(&rest[..length])?);
            rest = &rest[length..];
        }
    }
    result.push_str(rest);
    Some(result)
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, bool) {
        let args = [("GIVEN".to_owned(), Some("given".to_owned()))].into();
        let found = BaseImages::read(text, None, &args, &[]);
        (Vec::from_iter(found.images).join(" "), found.complete)
    }

    fn images(text: &str) -> String {
        let (images, complete) = read(text);
        assert!(complete, "{text}: {images}");
        images
    }

    #[test]
    fn images_are_where_stages_begin_and_where_they_copy_from() {
        for (text, expected) in [
            ("FROM a", "a"),
            ("\u{feff}from a as b\nFROM --platform=$BUILDPLATFORM c:1", "c:1"),
            ("FROM a AS one\nFROM b AS two\nFROM one", "a"),
            ("FROM a AS one\nFROM b AS ONE\nFROM one", "b"),
            ("FROM scratch\nCOPY --from=0 x /\n", "0"),
            ("FROM a\nFROM scratch\nCOPY --chown=1 --from=0 x /\nADD --from=tools:1 x y", "a tools:1"),
            ("FROM a\nRUN --mount=type=bind,from=b,target=/x --mount=type=cache,target=/y make --from=c\n", "a b"),
            ("FROM a\nFROM 0\n", "0"),
            ("", ""),
        ] {
            let found = read(text);
            assert_eq!(found.0, expected, "{text}");
            assert_eq!(found.1, !text.is_empty(), "{text}");
        }
    }

    #[test]
    fn arguments_before_the_first_stage_are_known_in_it() {
        for (text, expected) in [
            ("ARG A=x\nFROM $A:${A}-${A:-z}${A:+y}", "x:x-xy"),
            ("ARG A=\"x\" B=$A:1\nFROM ${B}", "x:1"),
            ("ARG GIVEN=default\nFROM ${GIVEN}", "given"),
            ("ARG GIVEN\nFROM $GIVEN", "given"),
            ("FROM ${NONE:-b}${NONE:+c}${NONE-d}${NONE+e}", "bd"),
        ] {
            assert_eq!(images(text), expected, "{text}");
        }
        for text in ["FROM $NONE", "FROM ${TARGETARCH}/x", "ARG A\nFROM $A", "FROM ${A%x}", "FROM ${A", "FROM"] {
            assert!(!read(text).1, "{text}");
        }
        // Those of a stage are not.
        assert_eq!(read("FROM a\nARG B=b\nFROM $B"), (String::new(), false));
        assert_eq!(read("FROM a\nCOPY --from=$X y z"), ("a".to_owned(), false));
    }

    #[test]
    fn what_only_looks_like_an_instruction_is_none() {
        for (text, expected) in [
            ("# FROM x\nFROM \\\n# FROM y\n\n  a \\\n  AS b\n", "a"),
            ("FROM a\nRUN <<EOF\nFROM b\nEOF\nCOPY --from=c x y", "a c"),
            ("FROM a\nRUN <<-\"E O\" cat\nFROM b\n\tE O\nRUN x", "a"),
            ("FROM a\nCOPY <<ONE <<TWO /x/\nFROM b\nONE\nFROM c\nTWO\nRUN x", "a"),
            ("FROM a\nRUN echo $((1 << 2)) <<<x\nCOPY --from=b x y", "a b"),
            ("FROM a\nRUN echo \\\nFROM b", "a"),
            ("# syntax=docker/dockerfile:1\n# escape=`\nFROM `\na\nRUN dir C:\\\nCOPY --from=b x y", "a b"),
            ("# a comment\n# escape=`\nFROM a\nRUN x \\\nFROM b", "a"),
            ("FROM a\nRUN <<EOF\nFROM b\n", "a"),
        ] {
            assert_eq!(images(text), expected, "{text}");
        }
    }

    #[test]
    fn a_target_has_a_name_or_a_number() {
        let text = "FROM a AS one\nFROM b\nFROM c";
        for (target, expected) in [(Some("ONE"), "a"), (Some("1"), "b"), (None, "c"), (Some("none"), "")] {
            let found = BaseImages::read(text, target, &BTreeMap::new(), &[]);
            assert_eq!(Vec::from_iter(found.images).join(" "), expected, "{target:?}");
        }
    }
}
