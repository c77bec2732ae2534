package main

import (
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"
	"golang.org/x/term"
)

// render draws rows, of which the first is the header.
func render(w io.Writer, rows [][]string) string {
	return draw(w, rows, func(col int) bool { return col > 0 && (rows[0][0] == "count" || rows[0][0] == storyTitle) })
}

// renderFigures draws rows of figures, which stand at the right of their
// columns.
func renderFigures(w io.Writer, rows [][]string) string {
	return draw(w, rows, func(col int) bool { return col > 0 })
}

// draw draws rows; right says which columns stand at the right. On a terminal the
// table has borders, and one that is too wide for it is drawn in blocks of columns
// below each other. Elsewhere it is one table of plain columns, whatever its
// width.
func draw(w io.Writer, rows [][]string, right func(col int) bool) string {
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return drawPlain(rows, right)
	}
	var blocks []string
	for _, block := range fit(rows, columns(w)) {
		cell := lipgloss.NewStyle().Padding(0, 1)
		part := pick(rows, block)
		blocks = append(blocks, table.New().Headers(part[0]...).Rows(part[1:]...).StyleFunc(func(row, col int) lipgloss.Style {
			return aligned(cell.Bold(row == table.HeaderRow), right(block[col]))
		}).String())
	}
	return strings.Join(blocks, "\n")
}

func drawPlain(rows [][]string, right func(col int) bool) string {
	cell := lipgloss.NewStyle().PaddingRight(2)
	text := table.New().Headers(rows[0]...).Rows(rows[1:]...).
		Border(lipgloss.HiddenBorder()).BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderHeader(false).BorderColumn(false).
		StyleFunc(func(_, col int) lipgloss.Style { return aligned(cell, right(col)) }).String()
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func aligned(s lipgloss.Style, right bool) lipgloss.Style {
	if right {
		return s.Align(lipgloss.Right)
	}
	return s
}

// fit shares a table's columns out to blocks that are at most so many characters
// wide with their borders, as far as one column beside the first allows. Each
// block has the first column, which names the rows.
func fit(rows [][]string, width int) (blocks [][]int) {
	const borders = 3 // of a column: padding on both sides and a line
	wide := make([]int, len(rows[0]))
	for _, row := range rows {
		for col, text := range row {
			wide[col] = max(wide[col], lipgloss.Width(text)+borders)
		}
	}
	block, used := []int{0}, 1+wide[0]
	for col := 1; col < len(wide); col++ {
		if len(block) > 1 && used+wide[col] > width {
			blocks = append(blocks, block)
			block, used = []int{0}, 1+wide[0]
		}
		block, used = append(block, col), used+wide[col]
	}
	return append(blocks, block)
}

// pick is the table with these columns alone; a row that ends before a column is
// empty there.
func pick(rows [][]string, columns []int) [][]string {
	out := make([][]string, len(rows))
	for i, row := range rows {
		for _, col := range columns {
			text := ""
			if col < len(row) {
				text = row[col]
			}
			out[i] = append(out[i], text)
		}
	}
	return out
}
