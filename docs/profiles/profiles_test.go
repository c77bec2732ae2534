package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/sim"
)

// The table in the document is that of the profiles today.
func TestDocumentIsFresh(t *testing.T) {
	have, err := os.ReadFile("../profiles.md")
	if err != nil {
		t.Fatal(err)
	}
	want, err := renewed(have)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Error("docs/profiles.md is stale: run make generate, read the difference, commit it")
	}
}

// A document without the lines around the table is refused with the remedy.
func TestDocumentWithoutMarks(t *testing.T) {
	if _, err := renewed([]byte("# Profiles\n")); err == nil || !strings.Contains(err.Error(), "put back") {
		t.Errorf("said %v", err)
	}
}

// What the table calls calibrated was found by the calibration that is kept, and
// is not a shipped figure that it took over.
func TestCalibratedFiguresAreThoseKept(t *testing.T) {
	text, err := os.ReadFile("../bench/prediction/profile.json")
	if err != nil {
		t.Fatal(err)
	}
	var kept lab.ProfileFile
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	for _, c := range sim.ShippedCosts() {
		if c.Calibrated < 0 {
			continue
		}
		if k := kept.Costs[c.Name]; k.Value != c.Calibrated || k.Provenance != trace.Measured && k.Provenance != trace.Derived {
			t.Errorf("%s: calibrated %d in the table, %d (%q) in the file", c.Name, c.Calibrated, k.Value, k.Provenance)
		}
	}
}
