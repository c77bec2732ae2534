package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"copyscope/sim"
)

// The table stands between these two lines.
const (
	begin = "<!-- Written by make generate from sim/costsource.go; change that. -->\n"
	end   = "<!-- Here ends what make generate writes. -->\n"
)

// renewed is the document with its table as the profiles are today.
func renewed(old []byte) ([]byte, error) {
	before, rest, okBegin := bytes.Cut(old, []byte(begin))
	_, after, okEnd := bytes.Cut(rest, []byte(end))
	if !okBegin || !okEnd {
		return nil, errors.New("the lines around the table are missing; put back " + strings.TrimSpace(begin) + " and " + strings.TrimSpace(end))
	}
	return bytes.Join([][]byte{before, []byte(begin), table(), []byte(end), after}, nil), nil
}

// table has a line for each cost.
func table() []byte {
	var b bytes.Buffer
	b.WriteString("\n| cost | shipped | unit | basis | source | calibrated |\n| --- | ---: | --- | --- | --- | ---: |\n")
	for _, c := range sim.ShippedCosts() {
		name, unit := strings.TrimSuffix(c.Name, "_ns"), "ns"
		if name == c.Name {
			name, unit = strings.TrimSuffix(c.Name, "_bytes_per_second"), "bytes/s"
		}
		if c.Of != "" {
			name += " of " + c.Of
		}
		calibrated := ""
		if c.Calibrated >= 0 {
			calibrated = humanize.Comma(c.Calibrated)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", name, humanize.Comma(c.Value), unit, c.Basis, c.Source, calibrated)
	}
	b.WriteString("\n")
	return b.Bytes()
}
