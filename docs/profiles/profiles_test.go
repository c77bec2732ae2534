package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"copyscope/internal/lab"
)

// The table in the document is that of the profiles today.
func TestDocumentIsFresh(t *testing.T) {
	have, err := os.ReadFile("../profiles.md")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := read("../bench/prediction/profile.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := renewed(have, kept)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Error("docs/profiles.md is stale: run make generate, read the difference, commit it")
	}
}

// A document without the lines around the table is refused with the remedy.
func TestDocumentWithoutMarks(t *testing.T) {
	if _, err := renewed([]byte("# Profiles\n"), &lab.ProfileFile{}); err == nil || !strings.Contains(err.Error(), "put back") {
		t.Errorf("said %v", err)
	}
}
