package main

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"copyscope/internal/locale"
	"copyscope/sim"
)

// The document is what the table and the catalogue say today.
func TestDocumentIsFresh(t *testing.T) {
	have, err := os.ReadFile("../models.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, document()) {
		t.Error("docs/models.md is stale: run make generate, read the difference, commit it")
	}
}

// Every rule has its name and its note; one of which the models claim different
// levels says where they differ.
func TestEveryRuleHasItsTexts(t *testing.T) {
	for _, lang := range locale.Languages() {
		ids := locale.IDs(lang)
		for _, r := range sim.Fidelity() {
			want := []string{"model." + r.ID, "model." + r.ID + ".note", "model.area." + r.Area}
			if r.Textbook != r.Linux {
				want = append(want, "model."+r.ID+".differs")
			}
			for _, id := range want {
				if !slices.Contains(ids, id) {
					t.Errorf("%s lacks %s", lang, id)
				}
			}
		}
	}
}

// Every rule says where it stands, and each area is one heading.
func TestEveryRuleHasItsSourceUnderOneHeading(t *testing.T) {
	var areas []string
	for _, r := range sim.Fidelity() {
		if r.Source == "" {
			t.Errorf("%s: no source", r.ID)
		}
		if n := len(areas); n == 0 || areas[n-1] != r.Area {
			if slices.Contains(areas, r.Area) {
				t.Errorf("%s: the area %s comes again", r.ID, r.Area)
			}
			areas = append(areas, r.Area)
		}
	}
}
