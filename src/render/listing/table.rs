//! Tables of text: columns with a minimum width, separated by three spaces.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::diagnostic::visible::{Colors, visible};

/// The number of spaces between columns.
const SEPARATION: usize = 3;

/// Writes `rows`, the first of which is the heading. A column and the spaces after it are at least `narrowest` wide;
/// the last one is not padded.
pub(super) fn write(rows: &[Vec<String>], narrowest: usize, out: &mut impl Write) -> io::Result<()> {
    let shown = |cell: &String| visible(cell, Colors::Shown).replace(['\n', '\t'], " ");
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(shown).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let widest = rows.iter().filter_map(|row| Some(row.get(column)?.width())).max().unwrap_or_default();
        (widest + SEPARATION).max(narrowest)
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
