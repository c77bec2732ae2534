package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/pprof/profile"
)

// A copy profile replaces the file of its name when it is complete, and leaves it as it
// was, and nothing beside it, when it cannot be written.
func TestACopyProfileIsWrittenWhole(t *testing.T) {
	p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "copied_bytes", Unit: "bytes"}}, Comments: []string{"told"}}
	dir := t.TempDir()
	name := filepath.Join(dir, "copies.pb.gz")
	if err := os.WriteFile(name, []byte("what was there"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := &profile.Profile{SampleType: p.SampleType, Sample: []*profile.Sample{{Value: []int64{1, 2}}}}
	if err := writeCopyProfile(nil, name, bad); err == nil || !strings.Contains(err.Error(), "--pprof "+name) {
		t.Errorf("a profile that is not valid: %v", err)
	}
	if text, _ := os.ReadFile(name); string(text) != "what was there" {
		t.Errorf("the file has %q after a failure", text)
	}
	if err := writeCopyProfile(nil, name, p); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if read, err := profile.Parse(f); err != nil || len(read.Comments) != 1 || read.SampleType[0].Type != "copied_bytes" {
		t.Errorf("%v, read %v", err, read)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%v were left beside it", entries)
	}
	var out bytes.Buffer
	if err := writeCopyProfile(&out, "-", p); err != nil || out.Len() == 0 {
		t.Errorf("%v, %d bytes on the standard output", err, out.Len())
	}
	if err := writeCopyProfile(nil, filepath.Join(dir, "none", "x"), p); err == nil || !strings.HasPrefix(err.Error(), "--pprof: ") {
		t.Errorf("a folder that is not there: %v", err)
	}
}
