package scenario

import (
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/goccy/go-yaml/ast"

	"copyscope/internal/trace"
	"copyscope/internal/yamlfile"
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

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (s *Size) UnmarshalYAML(n ast.Node) error {
	text, ok := yamlfile.Scalar(n)
	v, err := humanize.ParseBytes(text)
	if !ok || err != nil || v > maxSize {
		return yamlfile.Wrong(n, "write a size such as 4096, 64KiB, 1GiB or 1GB, at most 1TiB")
	}
	*s = Size(v)
	return nil
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (r *Rate) UnmarshalYAML(n ast.Node) error {
	text, ok := yamlfile.Scalar(n)
	number, unit := strings.CutSuffix(text, "/s")
	v, err := humanize.ParseBytes(number)
	if !ok || !unit || err != nil || v == 0 || v > maxSize {
		return yamlfile.Wrong(n, "write a rate such as 10MB/s")
	}
	*r = Rate(v)
	return nil
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (d *Duration) UnmarshalYAML(n ast.Node) error {
	text, ok := yamlfile.Scalar(n)
	v, err := time.ParseDuration(text)
	if !ok || err != nil || v < 0 || v > maxDuration {
		return yamlfile.Wrong(n, "write a duration such as 5ms or 1.5s, at most 24h")
	}
	*d = Duration(v)
	return nil
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (s *Switch) UnmarshalYAML(n ast.Node) error {
	text, ok := yamlfile.Scalar(n)
	if !ok || text != "on" && text != "off" {
		return yamlfile.Wrong(n, "write on or off")
	}
	*s = text == "on"
	return nil
}
