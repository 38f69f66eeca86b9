//! Pieces in, a tree out.

use super::error::TemplateError;
use super::function;
use super::lex::{Kind, Piece, Token};
use super::value::Value;

/// Maximum nesting of actions and parentheses.
const DEEPEST: usize = 64;

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// Shown as it is.
    Text(String),
    /// The value of a pipeline, unless a variable takes it.
    Show(Pipeline),
    /// `if`: one of two.
    If { condition: Pipeline, then: Vec<Node>, otherwise: Vec<Node> },
    /// `with`: like `if`, and the value becomes the dot.
    With { value: Pipeline, then: Vec<Node>, otherwise: Vec<Node> },
    /// `range`: once for each item, which becomes the dot.
    Range { items: Pipeline, each: Vec<Node>, otherwise: Vec<Node> },
    /// Ends the innermost `range`.
    Break,
    /// Continues with the next item of the innermost `range`.
    Continue,
}

/// Commands; each gets the value of the previous one as its last argument.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pipeline {
    /// The variables that the value is assigned to.
    pub variables: Vec<String>,
    /// Whether they are new.
    pub declares: bool,
    pub commands: Vec<Vec<Operand>>,
}

/// A value, and the fields to access one after the other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operand {
    pub term: Term,
    pub fields: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    Dot,
    Variable(String),
    Literal(Value),
    Function(String),
    Group(Pipeline),
}

/// Why a list of nodes ended.
#[derive(Debug, PartialEq)]
enum End {
    /// The end of the template.
    Template,
    /// `{{end}}`
    Block,
    /// `{{else}}`, with what may follow it.
    Else(Vec<Token>),
}

pub(super) fn parse(pieces: Vec<Piece>) -> Result<Vec<Node>, TemplateError> {
    let mut parser = Parser { pieces: pieces.into_iter(), depth: 0, ranges: 0 };
    let (nodes, end) = parser.nodes()?;
    match end {
        End::Template => Ok(nodes),
        End::Block => Err(TemplateError::new("unexpected {{end}}: there is nothing to end")),
        End::Else(_) => Err(TemplateError::new("unexpected {{else}}: there is no if, range or with before it")),
    }
}

struct Parser {
    pieces: std::vec::IntoIter<Piece>,
    depth: usize,
    ranges: usize,
}

impl Parser {
    fn nodes(&mut self) -> Result<(Vec<Node>, End), TemplateError> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let tokens = match piece {
                Piece::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Piece::Action(tokens) => tokens,
            };
            let keyword = match tokens.first().map(|token| &token.kind) {
                Some(Kind::Word(word)) => word.clone(),
                _ => String::new(),
            };
            let rest = tokens.get(1..).unwrap_or_default();
            match keyword.as_str() {
                "end" => return nothing_after("end", rest).map(|()| (nodes, End::Block)),
                "else" => return Ok((nodes, End::Else(rest.to_vec()))),
                "if" | "with" | "range" => nodes.push(self.block(&keyword, rest)?),
                "break" | "continue" if self.ranges == 0 => {
                    return Err(TemplateError::new(format!("{{{{{keyword}}}}} outside of {{{{range}}}}")));
                }
                "break" => nodes.push(Node::Break),
                "continue" => nodes.push(Node::Continue),
                "define" | "template" | "block" => {
                    return Err(TemplateError::new(format!(
                        "{{{{{keyword}}}}} is not supported: write the template out where it is used"
                    )));
                }
                _ => nodes.push(Node::Show(pipeline(&tokens)?)),
            }
        }
        Ok((nodes, End::Template))
    }

    fn block(&mut self, keyword: &str, head: &[Token]) -> Result<Node, TemplateError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(too_deep());
        }
        let head = pipeline(head)?;
        let in_range = usize::from(keyword == "range");
        self.ranges += in_range;
        let (then, end) = self.nodes()?;
        self.ranges -= in_range;
        let otherwise = match end {
            End::Block => Vec::new(),
            End::Else(rest) if rest.is_empty() => match self.nodes()? {
                (nodes, End::Block) => nodes,
                (_, End::Else(_)) => return Err(TemplateError::new(format!("{{{{{keyword}}}}} has two {{{{else}}}}"))),
                (_, End::Template) => return Err(not_ended(keyword)),
            },
            // `else if` is an `if` in the `else` that ends together with it.
            End::Else(rest) => {
                let chains = |word: &str| word == keyword && keyword != "range";
                if !matches!(&rest[0].kind, Kind::Word(word) if chains(word)) {
                    return Err(TemplateError::new(format!("{{{{else}}}} of {keyword} is followed by something else")));
                }
                vec![self.block(keyword, &rest[1..])?]
            }
            End::Template => return Err(not_ended(keyword)),
        };
        self.depth -= 1;
        Ok(match keyword {
            "if" => Node::If { condition: head, then, otherwise },
            "with" => Node::With { value: head, then, otherwise },
            _ => Node::Range { items: head, each: then, otherwise },
        })
    }
}

fn not_ended(keyword: &str) -> TemplateError {
    TemplateError::new(format!("{{{{{keyword}}}}} has no {{{{end}}}}"))
}

fn too_deep() -> TemplateError {
    TemplateError::new("it is nested too deeply")
}

fn nothing_after(keyword: &str, rest: &[Token]) -> Result<(), TemplateError> {
    if rest.is_empty() { Ok(()) } else { Err(TemplateError::new(format!("{{{{{keyword}}}}} takes no arguments"))) }
}

fn pipeline(tokens: &[Token]) -> Result<Pipeline, TemplateError> {
    let mut reader = Reader { tokens, depth: 0 };
    let pipeline = reader.pipeline()?;
    match reader.tokens {
        [] => Ok(pipeline),
        _ => Err(TemplateError::new("`)` without `(`")),
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    depth: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    fn pipeline(&mut self) -> Result<Pipeline, TemplateError> {
        let (variables, declares) = self.variables();
        let mut commands = Vec::new();
        loop {
            commands.push(self.command()?);
            match self.tokens.first().map(|token| &token.kind) {
                Some(Kind::Pipe) => self.tokens = &self.tokens[1..],
                Some(_) | None => return Ok(Pipeline { variables, declares, commands }),
            }
        }
    }

    /// `$one, $two :=` and the like.
    fn variables(&mut self) -> (Vec<String>, bool) {
        let kinds: Vec<&Kind> = self.tokens.iter().take(4).map(|token| &token.kind).collect();
        let (names, taken, declares) = match kinds.as_slice() {
            [Kind::Variable(name), sign @ (Kind::Declare | Kind::Assign), ..] => {
                (vec![name.clone()], 2, **sign == Kind::Declare)
            }
            [Kind::Variable(one), Kind::Comma, Kind::Variable(two), sign @ (Kind::Declare | Kind::Assign)] => {
                (vec![one.clone(), two.clone()], 4, **sign == Kind::Declare)
            }
            _ => return (Vec::new(), false),
        };
        self.tokens = &self.tokens[taken..];
        (names, declares)
    }

    fn command(&mut self) -> Result<Vec<Operand>, TemplateError> {
        let mut operands: Vec<Operand> = Vec::new();
        while let Some(token) = self.tokens.first() {
            if matches!(token.kind, Kind::Pipe | Kind::Close) {
                break;
            }
            let Some(token) = self.next() else { break };
            match (token, operands.last_mut()) {
                (Token { kind: Kind::Field(name), glued: true }, Some(operand)) if operand.takes_fields() => {
                    operand.fields.push(name);
                }
                (token, _) => operands.push(self.operand(token.kind)?),
            }
        }
        match operands.split_first() {
            None => Err(TemplateError::new("missing command: there must be something to show")),
            Some((first, rest)) if !rest.is_empty() && !first.takes_arguments() => {
                Err(TemplateError::new("only functions and fields take arguments, and they come first"))
            }
            Some(_) => Ok(operands),
        }
    }

    fn operand(&mut self, kind: Kind) -> Result<Operand, TemplateError> {
        let (term, fields) = match kind {
            Kind::Dot => (Term::Dot, Vec::new()),
            Kind::Field(name) => (Term::Dot, vec![name]),
            Kind::Variable(name) => (Term::Variable(name), Vec::new()),
            Kind::Literal(value) => (Term::Literal(value), Vec::new()),
            Kind::Word(name) => {
                function::check(&name)?;
                (Term::Function(name), Vec::new())
            }
            Kind::Open => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err(too_deep());
                }
                let group = self.pipeline()?;
                self.depth -= 1;
                match self.next().map(|token| token.kind) {
                    Some(Kind::Close) => (Term::Group(group), Vec::new()),
                    _ => return Err(TemplateError::new("`(` is not closed")),
                }
            }
            Kind::Pipe | Kind::Close | Kind::Declare | Kind::Assign | Kind::Comma => {
                return Err(TemplateError::new("`:=`, `=` and `,` may only follow a variable at the start"));
            }
        };
        Ok(Operand { term, fields })
    }
}

impl Operand {
    fn takes_fields(&self) -> bool {
        match self.term {
            Term::Dot => !self.fields.is_empty(),
            Term::Variable(_) | Term::Group(_) => true,
            Term::Literal(_) | Term::Function(_) => false,
        }
    }

    fn takes_arguments(&self) -> bool {
        matches!(self.term, Term::Function(_)) || !self.fields.is_empty()
    }
}
