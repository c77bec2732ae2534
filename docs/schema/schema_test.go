package schema_test

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"copyscope/docs/schema"
	"copyscope/docs/schema/schematest"
)

// shipped are the files of this tree that are of a format, from its root.
var shipped = map[string][]string{
	"scenario":   {"sim/scenarios/*.yaml"},
	"lesson":     {"internal/lesson/lessons/*.yaml", "internal/lesson/testdata/example.yaml"},
	"claims":     {"internal/lesson/claims.yaml"},
	"glossary":   {"internal/lesson/glossary.yaml"},
	"talk":       {"internal/talk/decks/*.yaml"},
	"profile":    {"docs/bench/prediction/profile.json"},
	"recordings": {"internal/recordings/data/*/machine.json"},
	"trace":      {"internal/recordings/data/*/read-write-*.json.gz", "internal/recordings/data/*/tls-*.json.gz"},
}

func TestShippedFilesFit(t *testing.T) {
	for name, patterns := range shipped {
		for _, pattern := range patterns {
			files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pattern)))
			if err != nil || len(files) == 0 {
				t.Fatalf("%s: %d files, %v", pattern, len(files), err)
			}
			for _, file := range files {
				if err := schematest.Check(name, read(t, file)); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			}
		}
	}
}

// What a program that reads strictly refuses, the schema refuses too.
func TestMistakesDoNotFit(t *testing.T) {
	for name, wrong := range map[string][2]string{
		"scenario": {"title:", "titel:"},
		"lesson":   {"minutes:", "minuets:"},
		"claims":   {"verdict: \"false\"", "verdict: \"wrong\""},
		"glossary": {"term:", "word:"},
		"talk":     {"slides:", "pages:"},
		"profile":  {`"mode_switch_ns"`, `"mode_switches_ns"`},
		"trace":    {`"kind":"cpu-copy"`, `"kind":"copy"`},
	} {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(shipped[name][0])))
		if err != nil || len(files) == 0 {
			t.Fatal(name, err)
		}
		text := string(read(t, files[0]))
		if !strings.Contains(text, wrong[0]) {
			t.Fatalf("%s has no %s", files[0], wrong[0])
		}
		if err := schematest.Check(name, []byte(strings.Replace(text, wrong[0], wrong[1], 1))); err == nil {
			t.Errorf("%s: the schema lets %s pass", name, wrong[1])
		}
	}
}

// Each schema has its file's name as its identifier, by which others refer to it,
// and a title, by which it is listed.
func TestSchemasAreNamed(t *testing.T) {
	for _, name := range schema.Names() {
		text := string(read(t, schema.File(name)))
		if !strings.Contains(text, `"$id": "`+schema.File(name)+`"`) || !strings.Contains(text, `"title": "`) {
			t.Errorf("%s lacks its $id or a title", schema.File(name))
		}
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := io.Reader(f)
	if strings.HasSuffix(file, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
