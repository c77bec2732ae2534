//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

// The test binary is the broker's process, too, as the program itself is.
func TestMain(m *testing.M) {
	if text := os.Getenv(childEnv); text != "" {
		if err := beChild(text); err != nil {
			fmt.Fprintln(os.Stderr, "torture: the broker:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// Bugs that the program gives a broker are found, by faults that they need, and what
// is kept is there. These are found soon; bugs.sh has them all.
func TestBugsAreFound(t *testing.T) {
	for _, name := range []string{"ack-before-append", "fsync-does-nothing", "read-past-stable"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var out, said bytes.Buffer
			code := run([]string{"-for", "2m", "-seed", "3", "-json", "-dir", dir, "-faults", "kill,power", "-bug", name}, &out, &said)
			var v verdict
			if err := json.Unmarshal(out.Bytes(), &v); err != nil {
				t.Fatalf("the verdict is no JSON: %v\n%s", err, out.Bytes())
			}
			if code != 1 || len(v.Violations) == 0 {
				t.Fatalf("exit code %d, %d violations; the bug was not found in %v s", code, len(v.Violations), v.Seconds)
			}
			t.Logf("found after %v s: %.300s", v.Seconds, v.Violations[0])
			for _, file := range []string{"history.jsonl", "serve.log", "data"} {
				if _, err := os.Stat(v.Kept + "/" + file); err != nil {
					t.Errorf("%s was not kept: %v", file, err)
				}
			}
		})
	}
}

// What is wrong with the flags is told in a line that names it, with exit code 2. One
// that is let pass torments nobody for long.
func TestWrongFlags(t *testing.T) {
	for args, want := range map[string]string{
		"-for 1ns -faults kill,fire": `there is no fault "fire"`,
		"-for 1ns -bug none":         `there is no bug "none"`,
		"-for 0s":                    "give a time above zero",
		"-for 1ns now":               `argument "now"`,
	} {
		var said bytes.Buffer
		if code := run(strings.Fields(args), io.Discard, &said); code != 2 || !strings.Contains(said.String(), want) {
			t.Errorf("%s: exit code %d, %q; want 2 and %q", args, code, said.String(), want)
		}
	}
}
