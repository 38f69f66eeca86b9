//! The template grammar of values: text with `$NAME`, `${NAME}` and `${NAME:-word}` in, expanded text out.
//!
//! The grammar is the one that Docker Compose implements (Compose spec: `12-interpolation.md`), including its quirks: a
//! brace directly after another is not counted, and a word ends at the end of its line.

use std::ops::Range;

/// Returns the value of a variable.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Problems found in an expansion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Forms that could not be expanded.
    pub faults: Vec<Fault>,
    /// Variables without a value or a default, and where they are in the template.
    pub unset: Vec<(String, Range<usize>)>,
}

/// A form that could not be expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong with it.
    pub kind: FaultKind,
    /// Where it is in the template, in bytes.
    pub range: Range<usize>,
}

/// What can be wrong with `${…}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// It is not one of the forms.
    Invalid(Invalid),
    /// `${NAME:?message}` or `${NAME?message}`, and the variable has no value.
    Required {
        /// The variable.
        variable: String,
        /// The message, expanded; may be empty.
        message: String,
        /// Whether it is set, but empty.
        empty: bool,
    },
    /// More than [`MOST_NESTED`] nested forms.
    TooDeep,
    /// The text would become longer than [`LONGEST`].
    TooLong,
}

/// Why `${…}` is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalid {
    /// No closing brace.
    Unclosed,
    /// The closing brace is on another line.
    SeveralLines,
    /// `${}`.
    Empty,
    /// A space next to the name.
    Blank,
    /// A name that does not begin with a letter or `_`.
    Name,
    /// `:=`, `/`, `:0:1`, `#`: shell syntax that Compose does not support.
    Operator,
}

/// Maximum nesting depth of forms.
pub const MOST_NESTED: usize = 100;

/// Maximum size of an expanded text in bytes: variables that repeat each other could grow without limit.
pub const LONGEST: usize = 4 << 20;

/// A variable that a template refers to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Whether loading fails without it.
    pub required: bool,
    /// The text used when it has no value, as written.
    pub default: String,
    /// The text used when it has one, as written.
    pub alternate: String,
}

/// `template` with every form replaced by its value; an invalid form is removed and reported.
pub fn expand(template: &str, lookup: Lookup<'_>, report: &mut Report) -> String {
    if !template.contains('$') {
        return template.to_owned();
    }
    Expansion { template, lookup, report }.expand(0..template.len(), 0)
}

/// The variables that `template` refers to, in order, including those in words.
#[must_use]
pub fn variables(template: &str) -> Vec<Variable> {
    let mut found = Vec::new();
    collect(template, 0..template.len(), 0, &mut found);
    found
}

fn collect(template: &str, range: Range<usize>, depth: usize, found: &mut Vec<Variable>) {
    let mut scan = Scan { template, range };
    while let Some(part) = scan.next() {
        match part {
            Part::Form { name, operator: Some((operator, word)), .. } if depth < MOST_NESTED => {
                let text = &template[word.clone()];
                let mut variable = Variable { name: template[name].to_owned(), ..Variable::default() };
                match operator {
                    Operator::Default { .. } => text.clone_into(&mut variable.default),
                    Operator::Alternate { .. } => text.clone_into(&mut variable.alternate),
                    Operator::Required { .. } => variable.required = true,
                }
                found.push(variable);
                collect(template, word, depth + 1, found);
            }
            Part::Form { name, .. } => {
                found.push(Variable { name: template[name].to_owned(), ..Variable::default() });
            }
            Part::Text(_) | Part::Dollar | Part::Invalid { .. } => {}
        }
    }
}

/// `:-`, `-` and so on; with the colon, empty counts as unset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Default { colon: bool },
    Alternate { colon: bool },
    Required { colon: bool },
}

/// A piece of a template; ranges are positions in it.
enum Part {
    Text(Range<usize>),
    /// `$$`.
    Dollar,
    Form {
        whole: Range<usize>,
        name: Range<usize>,
        operator: Option<(Operator, Range<usize>)>,
    },
    Invalid {
        range: Range<usize>,
        why: Invalid,
    },
}

/// Splits the `range` of `template` into parts, from front to back.
struct Scan<'a> {
    template: &'a str,
    range: Range<usize>,
}

impl Scan<'_> {
    fn next(&mut self) -> Option<Part> {
        let rest = &self.template[self.range.clone()];
        if rest.is_empty() {
            return None;
        }
        let start = self.range.start;
        let Some(dollar) = rest.find('$') else {
            self.range.start = self.range.end;
            return Some(Part::Text(start..self.range.end));
        };
        if dollar > 0 {
            self.range.start += dollar;
            return Some(Part::Text(start..start + dollar));
        }
        let part = match rest.as_bytes().get(1) {
            Some(b'$') => Part::Dollar,
            Some(b'{') => self.braced(start),
            Some(byte) if is_name_start(*byte) => {
                let name = start + 1..start + 1 + name_length(&rest.as_bytes()[1..]);
                Part::Form { whole: start..name.end, name, operator: None }
            }
            _ => Part::Text(start..start + 1),
        };
        self.range.start = match &part {
            Part::Dollar => start + 2,
            Part::Text(range) | Part::Invalid { range, .. } | Part::Form { whole: range, .. } => range.end,
        };
        Some(part)
    }

    /// The form whose `${` is at `start`.
    fn braced(&self, start: usize) -> Part {
        let bytes = &self.template.as_bytes()[..self.range.end];
        let name_start = start + 2;
        let length =
            bytes.get(name_start).filter(|byte| is_name_start(**byte)).map_or(0, |_| name_length(&bytes[name_start..]));
        let name = name_start..name_start + length;
        let behind = &bytes[name.end..];
        let (operator, sign) = match behind {
            _ if length == 0 => return self.invalid(start),
            [b'}', ..] => return Part::Form { whole: start..name.end + 1, name, operator: None },
            [b':', b'-', ..] => (Operator::Default { colon: true }, 2),
            [b'-', ..] => (Operator::Default { colon: false }, 1),
            [b':', b'+', ..] => (Operator::Alternate { colon: true }, 2),
            [b'+', ..] => (Operator::Alternate { colon: false }, 1),
            [b':', b'?', ..] => (Operator::Required { colon: true }, 2),
            [b'?', ..] => (Operator::Required { colon: false }, 1),
            _ => return self.invalid(start),
        };
        // The last brace on the line bounds the form; within it, the closing brace is found by counting.
        let line = behind.iter().position(|byte| *byte == b'\n').unwrap_or(behind.len());
        let Some(last) = behind[..line].iter().rposition(|byte| *byte == b'}') else { return self.invalid(start) };
        let last = name.end + last;
        let close = closing_brace(&bytes[start..=last]).map_or(last, |length| start + length);
        let word = (name.end + sign).min(close)..close;
        Part::Form { whole: start..close + 1, name, operator: Some((operator, word)) }
    }

    fn invalid(&self, start: usize) -> Part {
        let rest = &self.template[start..self.range.end];
        let line = rest.find('\n').unwrap_or(rest.len());
        let close = rest[..line].find('}');
        let inner = rest.get(2..close.unwrap_or(line)).unwrap_or_default();
        let why = match close {
            None if rest.contains('}') && line < rest.len() => Invalid::SeveralLines,
            None => Invalid::Unclosed,
            Some(_) if inner.is_empty() => Invalid::Empty,
            Some(_) if inner.trim() != inner && is_name(inner.trim()) => Invalid::Blank,
            Some(_) if inner.trim().is_empty() => Invalid::Empty,
            Some(_) if inner.bytes().next().is_some_and(|byte| is_name_start(byte) || byte == b'#') => {
                Invalid::Operator
            }
            Some(_) => Invalid::Name,
        };
        // Expansion continues after the two characters, as if they were not there.
        let end = close.map_or(rest[..line].trim_end().len().max(2), |close| close + 1);
        Part::Invalid { range: start..start + end, why }
    }
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

fn name_length(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
}

fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|byte| is_name_start(*byte)) && name_length(bytes) == bytes.len()
}

/// The position of the brace that closes the first one of `form`. As in Docker Compose, the byte after an opening brace
/// is skipped, so `{}` counts as one opening brace.
fn closing_brace(form: &[u8]) -> Option<usize> {
    let mut open = 0_usize;
    let mut at = 0;
    while at < form.len() {
        match form[at] {
            b'}' => {
                open = open.saturating_sub(1);
                if open == 0 {
                    return Some(at);
                }
            }
            b'{' => {
                open += 1;
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

struct Expansion<'a> {
    template: &'a str,
    lookup: Lookup<'a>,
    report: &'a mut Report,
}

impl Expansion<'_> {
    fn expand(&mut self, range: Range<usize>, depth: usize) -> String {
        let start = range.start;
        let mut text = String::with_capacity(range.len());
        let mut scan = Scan { template: self.template, range };
        while let Some(part) = scan.next() {
            match part {
                Part::Text(range) => text.push_str(&self.template[range]),
                Part::Dollar => text.push('$'),
                Part::Form { whole, .. } if depth >= MOST_NESTED => self.fault(FaultKind::TooDeep, whole),
                Part::Form { whole, name, operator: None } => text += &self.plain(name, whole),
                Part::Form { whole, name, operator: Some((operator, word)) } => {
                    text += &self.with_operator(whole, name, operator, word, depth);
                }
                Part::Invalid { range, why } => self.fault(FaultKind::Invalid(why), range),
            }
            if text.len() > LONGEST {
                self.fault(FaultKind::TooLong, start..scan.range.start);
                return String::new();
            }
        }
        text
    }

    fn fault(&mut self, kind: FaultKind, range: Range<usize>) {
        self.report.faults.push(Fault { kind, range });
    }

    fn plain(&mut self, name: Range<usize>, whole: Range<usize>) -> String {
        let name = &self.template[name];
        (self.lookup)(name).unwrap_or_else(|| {
            self.report.unset.push((name.to_owned(), whole));
            String::new()
        })
    }

    fn with_operator(
        &mut self,
        whole: Range<usize>,
        name: Range<usize>,
        operator: Operator,
        word: Range<usize>,
        depth: usize,
    ) -> String {
        let name = &self.template[name];
        let value = (self.lookup)(name);
        let (Operator::Default { colon } | Operator::Alternate { colon } | Operator::Required { colon }) = operator;
        let given = value.as_ref().is_some_and(|value| !colon || !value.is_empty());
        match operator {
            Operator::Default { .. } | Operator::Required { .. } if given => value.unwrap_or_default(),
            Operator::Default { .. } => self.expand(word, depth + 1),
            Operator::Alternate { .. } if given => self.expand(word, depth + 1),
            Operator::Alternate { .. } => String::new(),
            Operator::Required { .. } => {
                let message = self.expand(word, depth + 1);
                let kind = FaultKind::Required { variable: name.to_owned(), message, empty: value.is_some() };
                self.fault(kind, whole);
                String::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        let value = match name {
            "V" => "value",
            "E" => "",
            "A" => "a",
            "B" => "b",
            "FOO" => "1",
            "FOO_bar" => "2",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn run(template: &str) -> (String, Report) {
        let mut report = Report::default();
        let text = expand(template, &lookup, &mut report);
        (text, report)
    }

    #[test]
    fn forms() {
        for (template, expected) in [
            ("plain", "plain"),
            ("$V", "value"),
            ("${V}", "value"),
            ("${V:-word}", "value"),
            ("${V-word}", "value"),
            ("${V:+word}", "word"),
            ("${V+word}", "word"),
            ("${V:?word}", "value"),
            ("${V?word}", "value"),
            ("${E:-word}", "word"),
            ("${E-word}", ""),
            ("${E:+word}", ""),
            ("${E+word}", "word"),
            ("${E?word}", ""),
            ("${E}", ""),
            ("${U:-word}", "word"),
            ("${U-word}", "word"),
            ("${U:+word}", ""),
            ("${U+word}", ""),
            ("$FOO_bar", "2"),
            ("$FOO-bar", "1-bar"),
            ("$FOO.bar", "1.bar"),
            ("${FOO}bar$FOO", "1bar1"),
            ("${FOO}}", "1}"),
            ("{{${FOO}}}", "{{1}}"),
            ("{{.Name}}", "{{.Name}}"),
            ("$$V", "$V"),
            ("$$$V", "$value"),
            ("$$$$", "$$"),
            ("$${V}", "${V}"),
            ("${U:-$$x}", "$x"),
            ("a$", "a$"),
            ("$1", "$1"),
            ("$(cmd)", "$(cmd)"),
            ("$-", "$-"),
            ("$ x", "$ x"),
            ("$}", "$}"),
            ("100%$", "100%$"),
            ("${U:-${A}}", "a"),
            ("${U:-${W:-${B}}}", "b"),
            ("${U:-x-${A}-$B-y}", "x-a-b-y"),
            ("${A:+${B}!}", "b!"),
            ("${U-a?b}", "a?b"),
            ("${U:-http://host:80/path}", "http://host:80/path"),
            ("${U:--}", "-"),
            ("${U:-a b  c}", "a b  c"),
            ("${U:-{\"a\":1}}", "{\"a\":1}"),
            ("${U:-}", ""),
            ("${U:-{}}", "{}"),
            ("${V:-{}}", "value"),
            ("${U:-{{x}}}", "{{x}}"),
            ("${V:-{{x}}}", "value}"),
            ("${U:-a}${U:-b} ${V}", "ab value"),
            ("${U:-é}ü$V", "éüvalue"),
            ("echo $V\necho ${U:-y} $$HOME\n", "echo value\necho y $HOME\n"),
        ] {
            let (text, report) = run(template);
            assert_eq!(text, expected, "{template}");
            assert_eq!(report, Report::default(), "{template}");
        }
    }

    #[test]
    fn unset_variables_are_reported_every_time_and_only_where_used() {
        let (text, report) = run("$U-${U}${V:-$W}${X:-$Y}");
        assert_eq!(text, "-value");
        let unset: Vec<&str> = report.unset.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(unset, ["U", "U", "Y"]);
        assert_eq!(report.unset[0].1, 0..2);
        assert_eq!(report.faults, []);
    }

    #[test]
    fn invalid_forms() {
        use Invalid::{Blank, Empty, Name, Operator, SeveralLines, Unclosed};
        for (template, why, range) in [
            ("${", Unclosed, 0..2),
            ("app:${TAG", Unclosed, 4..9),
            ("${A:-x", Unclosed, 0..6),
            ("${}", Empty, 0..3),
            ("${ }", Empty, 0..4),
            ("${ A}", Blank, 0..5),
            ("x${A }y", Blank, 1..6),
            ("${1}", Name, 0..4),
            ("${-x}", Name, 0..5),
            ("${A:}", Operator, 0..5),
            ("${A:0:1}", Operator, 0..8),
            ("${A/x/y}", Operator, 0..8),
            ("${A:=x}", Operator, 0..7),
            ("${#A}", Operator, 0..5),
            ("${A!}", Operator, 0..5),
            ("${U:-a\nb}", SeveralLines, 0..6),
            ("${TAG:-x${V}", Unclosed, 8..11),
        ] {
            let (_, report) = run(template);
            assert_eq!(report.faults, [Fault { kind: FaultKind::Invalid(why), range }], "{template}");
        }
    }

    #[test]
    fn an_empty_pair_of_braces_confuses_what_follows() {
        let (_, report) = run("${U:-{}} ${F}");
        assert_eq!(report.faults, [Fault { kind: FaultKind::Invalid(Invalid::Unclosed), range: 9..12 }]);
    }

    #[test]
    fn required_variables() {
        for (template, variable, message, empty) in [
            ("app:${TAG:?set the tag}", "TAG", "set the tag", false),
            ("${TAG?}", "TAG", "", false),
            ("${E:?x}", "E", "x", true),
            ("${TAG:?$V must set it}", "TAG", "value must set it", false),
            ("${U?a-b}", "U", "a-b", false),
            ("${U:-${OTHER:?needed}}", "OTHER", "needed", false),
        ] {
            let (_, report) = run(template);
            let kind = FaultKind::Required { variable: variable.to_owned(), message: message.to_owned(), empty };
            assert_eq!(report.faults.len(), 1, "{template}");
            assert_eq!(report.faults[0].kind, kind, "{template}");
        }
        assert_eq!(run("${V:-${OTHER:?needed}}${NOPE:+${ALSO:?needed}}").1, Report::default());
    }

    #[test]
    fn towers_end() {
        let tower = "${U:-".repeat(5000) + &"}".repeat(5000);
        assert_eq!(run(&tower).1.faults[0].kind, FaultKind::TooDeep);

        let mut report = Report::default();
        let long = "x".repeat(LONGEST / 2);
        assert_eq!(expand("${A}${A}${A}", &|_| Some(long.clone()), &mut report), "");
        assert_eq!(report.faults, [Fault { kind: FaultKind::TooLong, range: 0..12 }]);
        assert!(variables(&tower).len() > MOST_NESTED);
    }

    #[test]
    fn variables_of_a_template() {
        let found = variables("$A ${B:?x} ${C:-d${D-e}}${F:+g} $$H ${bad!}");
        let shown: Vec<_> =
            found.iter().map(|v| (v.name.as_str(), v.required, v.default.as_str(), v.alternate.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("A", false, "", ""),
                ("B", true, "", ""),
                ("C", false, "d${D-e}", ""),
                ("D", false, "e", ""),
                ("F", false, "", "g"),
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_expands(template in "[$\\{\\}:?+a-zé\n -]{0,60}") {
            let (_, report) = run(&template);
            for fault in report.faults {
                proptest::prop_assert!(template.get(fault.range).is_some());
            }
            let _ = variables(&template);
        }
    }
}
