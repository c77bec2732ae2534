package scenario

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"copyscope/internal/trace"
)

// The values of a scenario's fields, as they are written.

// Size is a number of bytes: 64KiB, 1GiB, 1GB or 4096; at most 1TiB.
type Size int64

const maxSize = 1 << 40

// Rate is bytes per second: 10MB/s.
type Rate int64

// Duration is Go's: 5ms, 1.5s; at most 24h.
type Duration trace.Ns

const maxDuration = 24 * time.Hour

// Switch is on or off.
type Switch bool

// unquoted is the text of a scalar.
func unquoted(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (s *Size) UnmarshalYAML(n ast.Node) error {
	text, ok := unquoted(n)
	v, err := humanize.ParseBytes(text)
	if !ok || err != nil || v > maxSize {
		return wrong(n, "write a size such as 4096, 64KiB, 1GiB or 1GB, at most 1TiB")
	}
	*s = Size(v)
	return nil
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (r *Rate) UnmarshalYAML(n ast.Node) error {
	text, ok := unquoted(n)
	number, unit := strings.CutSuffix(text, "/s")
	v, err := humanize.ParseBytes(number)
	if !ok || !unit || err != nil || v == 0 || v > maxSize {
		return wrong(n, "write a rate such as 10MB/s")
	}
	*r = Rate(v)
	return nil
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (d *Duration) UnmarshalYAML(n ast.Node) error {
	text, ok := unquoted(n)
	v, err := time.ParseDuration(text)
	if !ok || err != nil || v < 0 || v > maxDuration {
		return wrong(n, "write a duration such as 5ms or 1.5s, at most 24h")
	}
	*d = Duration(v)
	return nil
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (s *Switch) UnmarshalYAML(n ast.Node) error {
	text, ok := unquoted(n)
	if !ok || text != "on" && text != "off" {
		return wrong(n, "write on or off")
	}
	*s = text == "on"
	return nil
}

// fault is what is wrong with a value, and where.
type fault struct {
	at     *token.Position
	value  string
	remedy string
}

func (f *fault) Error() string { return fmt.Sprintf("%s: %s", quoted(f.value), f.remedy) }

func wrong(n ast.Node, remedy string) error {
	return &fault{n.GetToken().Position, strings.TrimSpace(n.String()), remedy}
}

// quoted is what stands in the file, as much of it as an error needs.
func quoted(text string) string {
	if len(text) > 60 {
		text = text[:60] + "…"
	}
	return strconv.Quote(text)
}
