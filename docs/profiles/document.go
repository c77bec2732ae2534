package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/sim"
)

// The table stands between these two lines.
const (
	begin = "<!-- Written by make generate from sim/costsource.go; change that. -->\n"
	end   = "<!-- Here ends what make generate writes. -->\n"
)

// renewed is the document with its table as the profiles are today, beside what a
// calibration found.
func renewed(old []byte, kept *lab.ProfileFile) ([]byte, error) {
	before, rest, okBegin := bytes.Cut(old, []byte(begin))
	_, after, okEnd := bytes.Cut(rest, []byte(end))
	if !okBegin || !okEnd {
		return nil, errors.New("the lines around the table are missing; put back " + strings.TrimSpace(begin) + " and " + strings.TrimSpace(end))
	}
	return bytes.Join([][]byte{before, []byte(begin), table(kept), []byte(end), after}, nil), nil
}

// table has a line for each cost. What the calibration took over from a shipped
// profile it did not find.
func table(kept *lab.ProfileFile) []byte {
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
		if k, ok := kept.Costs[c.Name]; ok && k.Provenance != trace.Modelled {
			calibrated = humanize.Comma(k.Value)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", name, humanize.Comma(c.Value), unit, c.Basis, c.Source, calibrated)
	}
	b.WriteString("\n")
	return b.Bytes()
}
