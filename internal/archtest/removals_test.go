package archtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// A removal belongs to the row whose attack it begins, and to a test of that row.
func TestRemovalsAreOfARow(t *testing.T) {
	const rows = "| attack | defence | test |\n| --- |\n| frames a page | b | `web.TestX`, `TestY` |\n"
	const another = "| frames a form | b | `web.TestX` |\n"
	for _, c := range []struct{ rows, patch, want string }{
		{rows, "Row: frames\nTest: web.TestX\n\ndiff", ""},
		{rows, "Row: frames a page\nTest: TestY\n\ndiff", ""},
		{rows, "Row: frames\nTest: web.TestY\n\ndiff", "name web.TestY"},
		{rows, "Row: names\nTest: web.TestX\n\ndiff", `begin with "names"`},
		{rows + another, "Row: frames\nTest: web.TestX\n\ndiff", "2 rows"},
		{rows + another, "Row: frames a page\nRow: frames a form\nTest: web.TestX\n\ndiff", ""},
		{rows + another, "Row: frames a page\nTest: web.TestX\n\ndiff", "takes away"},
		{rows, "diff --git", "does not begin with"},
	} {
		found, err := Removable(fstest.MapFS{
			"SECURITY.md":            {Data: []byte(c.rows)},
			removals + "/gone.patch": {Data: []byte(c.patch)},
		})
		if said := strings.Join(found, "\n"); err != nil || (c.want == "") != (said == "") || !strings.Contains(said, c.want) {
			t.Errorf("%q: said %q, %v; want %q", c.patch, said, err, c.want)
		}
	}
}

// Every removal applies to the code as it is: one that does not shows nothing.
func TestRemovalsApply(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("git is missing; install it")
		}
		t.Skip("git is missing; install it to see that the patches in " + removals + " still apply")
	}
	patches, err := filepath.Glob("../../" + removals + "/*.patch")
	if err != nil || len(patches) == 0 {
		t.Fatalf("%d patches in %s, %v", len(patches), removals, err)
	}
	for _, patch := range patches {
		path, err := filepath.Abs(patch)
		if err != nil {
			t.Fatal(err)
		}
		apply := exec.Command(git, "apply", "--check", path)
		apply.Dir = "../.."
		if said, err := apply.CombinedOutput(); err != nil {
			t.Errorf("%s does not apply any more; make it again: %v\n%s", filepath.Base(patch), err, said)
		}
	}
}
