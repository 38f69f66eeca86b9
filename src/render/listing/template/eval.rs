//! A tree and data in, text out.

use super::error::{Purpose, TemplateError};
use super::function;
use super::parse::{Node, Operand, Pipeline, Term};
use super::value::Value;
use crate::diagnostic::suggest::closest;

pub(super) fn render(nodes: &[Node], data: &Value, purpose: Purpose) -> Result<String, TemplateError> {
    let mut scope = Scope { purpose, variables: vec![(String::new(), data.clone())], shown: String::new() };
    scope.nodes(nodes, data)?;
    Ok(scope.shown)
}

/// How a `range` continues after an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    GoOn,
    Break,
    Continue,
}

struct Scope {
    purpose: Purpose,
    /// The innermost last.
    variables: Vec<(String, Value)>,
    shown: String,
}

impl Scope {
    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, TemplateError> {
        for node in nodes {
            let flow = self.node(node, dot)?;
            if flow != Flow::GoOn {
                return Ok(flow);
            }
        }
        Ok(Flow::GoOn)
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Result<Flow, TemplateError> {
        let outer = self.variables.len();
        let flow = match node {
            Node::Text(text) => {
                self.shown.push_str(text);
                return Ok(Flow::GoOn);
            }
            Node::Show(pipeline) => {
                let value = self.take(pipeline, dot)?;
                if pipeline.variables.is_empty() {
                    self.shown.push_str(&value.to_string());
                }
                // A variable exists until the end of its block.
                return Ok(Flow::GoOn);
            }
            Node::If { condition, then, otherwise } => {
                let nodes = if self.take(condition, dot)?.is_true() { then } else { otherwise };
                self.nodes(nodes, dot)
            }
            Node::With { value, then, otherwise } => {
                let value = self.take(value, dot)?;
                if value.is_true() { self.nodes(then, &value) } else { self.nodes(otherwise, dot) }
            }
            Node::Range { items, each, otherwise } => self.range(items, each, otherwise, dot),
            Node::Break => Ok(Flow::Break),
            Node::Continue => Ok(Flow::Continue),
        };
        self.variables.truncate(outer);
        flow
    }

    fn range(
        &mut self,
        items: &Pipeline,
        each: &[Node],
        otherwise: &[Node],
        dot: &Value,
    ) -> Result<Flow, TemplateError> {
        let items_of = match self.value(items, dot)? {
            Value::List(items) => items,
            Value::Null => Vec::new(),
            other @ (Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Record(_) | Value::Lookup(_)) => {
                return Err(TemplateError::new(format!("range needs a list, not {}", other.kind())));
            }
        };
        if items_of.is_empty() {
            return self.nodes(otherwise, dot);
        }
        let outer = self.variables.len();
        for (at, item) in items_of.iter().enumerate() {
            let index = Value::Number(i64::try_from(at).unwrap_or(i64::MAX));
            let taken = match items.variables.as_slice() {
                [] => Vec::new(),
                [one] => vec![(one, item.clone())],
                [first, second, ..] => vec![(first, index), (second, item.clone())],
            };
            for (name, value) in taken {
                self.set(name, value, items.declares)?;
            }
            let flow = self.nodes(each, item)?;
            self.variables.truncate(outer);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::GoOn)
    }

    /// The value of a pipeline, also assigned to its variable.
    fn take(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, TemplateError> {
        let value = self.value(pipeline, dot)?;
        match pipeline.variables.as_slice() {
            [] => {}
            [name] => self.set(name, value.clone(), pipeline.declares)?,
            _ => return Err(TemplateError::new("only range sets two variables at once")),
        }
        Ok(value)
    }

    fn set(&mut self, name: &str, value: Value, declares: bool) -> Result<(), TemplateError> {
        if declares {
            self.variables.push((name.to_owned(), value));
            return Ok(());
        }
        match self.variables.iter_mut().rev().find(|(known, _)| known == name) {
            Some((_, slot)) => *slot = value,
            None => return Err(unknown_variable(name)),
        }
        Ok(())
    }

    fn value(&self, pipeline: &Pipeline, dot: &Value) -> Result<Value, TemplateError> {
        let mut last = None;
        for command in &pipeline.commands {
            last = Some(self.command(command, last, dot)?);
        }
        Ok(last.unwrap_or(Value::Null))
    }

    fn command(&self, operands: &[Operand], piped: Option<Value>, dot: &Value) -> Result<Value, TemplateError> {
        let Some((first, rest)) = operands.split_first() else { return Ok(Value::Null) };
        if let Term::Function(name) = &first.term {
            if let Some(decides) = function::decides(name) {
                return self.decide(decides, rest, piped, dot);
            }
            let mut arguments = self.operands(rest, dot)?;
            arguments.extend(piped);
            return function::call(name, arguments, self.purpose);
        }
        let mut arguments = self.operands(rest, dot)?;
        arguments.extend(piped);
        self.operand(first, arguments, dot)
    }

    /// `and` and `or`, which stop at the first decisive value.
    fn decide(
        &self,
        decides: bool,
        operands: &[Operand],
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Value, TemplateError> {
        let mut last = None;
        for operand in operands {
            let value = self.operand(operand, Vec::new(), dot)?;
            if value.is_true() == decides {
                return Ok(value);
            }
            last = Some(value);
        }
        piped.or(last).ok_or_else(|| TemplateError::new("and, or: wrong number of arguments: 0, wanted at least 1"))
    }

    fn operands(&self, operands: &[Operand], dot: &Value) -> Result<Vec<Value>, TemplateError> {
        operands.iter().map(|operand| self.operand(operand, Vec::new(), dot)).collect()
    }

    /// The value of an operand; `arguments` go to its last field.
    fn operand(&self, operand: &Operand, arguments: Vec<Value>, dot: &Value) -> Result<Value, TemplateError> {
        let mut value = match &operand.term {
            Term::Dot => dot.clone(),
            Term::Literal(literal) => literal.clone(),
            Term::Group(pipeline) => self.value(pipeline, dot)?,
            Term::Function(name) => function::call(name, Vec::new(), self.purpose)?,
            Term::Variable(name) => {
                let found = self.variables.iter().rev().find(|(known, _)| known == name);
                found.map(|(_, value)| value.clone()).ok_or_else(|| unknown_variable(name))?
            }
        };
        let mut arguments = Some(arguments).filter(|arguments| !arguments.is_empty());
        for (at, name) in operand.fields.iter().enumerate() {
            let own = if at + 1 == operand.fields.len() { arguments.take() } else { None };
            value = self.field(&value, name, &own.unwrap_or_default())?;
        }
        match arguments {
            Some(_) => Err(TemplateError::new("a value takes no arguments: only functions and fields do")),
            None => Ok(value),
        }
    }

    fn field(&self, value: &Value, name: &str, arguments: &[Value]) -> Result<Value, TemplateError> {
        let Value::Record(members) = value else {
            return if self.purpose == Purpose::Heading && *value == Value::Null {
                Ok(Value::Null)
            } else {
                Err(TemplateError::new(format!("can't take .{name} of {}", value.kind())))
            };
        };
        let member = members.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
        match (member, arguments) {
            (Some(Value::Lookup(texts)), [Value::Text(key)]) => Ok(match (self.purpose, texts.get(key)) {
                (Purpose::Heading, _) => Value::Text(heading_of(key)),
                (Purpose::Row, text) => Value::Text(text.cloned().unwrap_or_default()),
            }),
            (Some(Value::Lookup(_)), _) => {
                Err(TemplateError::new(format!(".{name} takes one string: .{name} \"key\"")))
            }
            (Some(value), []) => Ok(value.clone()),
            (Some(_), _) => Err(TemplateError::new(format!(".{name} takes no arguments"))),
            (None, _) if self.purpose == Purpose::Heading => Ok(Value::Null),
            (None, _) => Err(unknown_field(name, members)),
        }
    }
}

/// The heading of a column of labels: the last part of the label's name.
fn heading_of(key: &str) -> String {
    key.rsplit('.').next().unwrap_or(key).replace(['-', '_'], " ")
}

fn unknown_variable(name: &str) -> TemplateError {
    TemplateError::new(format!("undefined variable \"${name}\""))
}

fn unknown_field(name: &str, members: &[(&'static str, Value)]) -> TemplateError {
    let known = members.iter().map(|(known, _)| *known);
    let hint = match closest(name, known.clone()) {
        Some(closest) => format!("did you mean .{closest}?"),
        None => format!("there are .{}", known.collect::<Vec<_>>().join(" .")),
    };
    TemplateError::new(format!("can't evaluate field {name}: {hint}"))
}
