//! Tables of text: columns with a minimum width, separated by spaces.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::diagnostic::visible::{Colors, visible};

/// The widths of a table.
#[derive(Debug, Clone, Copy)]
pub(in crate::render) struct Layout {
    /// Minimum width of a column, including the spaces after it.
    pub(in crate::render) narrowest: usize,
    /// The number of spaces between columns.
    pub(in crate::render) separation: usize,
}

impl Default for Layout {
    fn default() -> Self {
        Self { narrowest: 10, separation: 3 }
    }
}

/// Writes `rows`, the first of which is the heading. The last column is not padded.
pub(in crate::render) fn write(rows: &[Vec<String>], layout: Layout, out: &mut impl Write) -> io::Result<()> {
    let shown = |cell: &String| visible(cell, Colors::Shown).replace(['\n', '\t'], " ");
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(shown).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let widest = rows.iter().filter_map(|row| Some(row.get(column)?.width())).max().unwrap_or_default();
        (widest + layout.separation).max(layout.narrowest)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in &rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            line.push_str(cell);
            if column + 1 < row.len() {
                line.extend(std::iter::repeat_n(' ', widths[column] - cell.width()));
            }
        }
        writeln!(out, "{line}")?;
    }
    Ok(())
}
