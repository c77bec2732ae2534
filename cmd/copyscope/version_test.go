package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

// What a build recorded is told as it is, and what it did not record is not made up.
func TestWhatABuildRecorded(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	clone := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: commit}, {Key: "vcs.time", Value: "2026-11-27T12:00:00Z"}, {Key: "vcs.modified", Value: modified}}
	}
	const from = "commit " + commit + " of 2026-11-27T12:00:00Z, "
	for _, c := range []struct {
		of, given, tag  string
		settings        []debug.BuildSetting
		version, second string
	}{
		{"a version that was given", "v1.2.3", "v1.2.4", clone("false"), "v1.2.3", from + "unmodified"},
		{"the same, and no clone", "v1.2.3", "(devel)", nil, "v1.2.3", ""},
		{"a tag", "", "v1.2.3", clone("false"), "v1.2.3", from + "unmodified"},
		{"a pre-release's tag", "", "v1.2.3-rc.1", clone("false"), "v1.2.3-rc.1", from + "unmodified"},
		{"changes on top of a tag", "", "v1.2.3+dirty", clone("true"), "v1.2.3+dirty", from + "modified"},
		{"a commit before any tag", "", "v0.0.0-20261127120000-0123456789ab", clone("false"), "dev-0123456789ab", from + "unmodified"},
		{"a commit after a tag, with changes", "", "v1.2.4-0.20261127120000-0123456789ab+dirty", clone("true"), "dev-0123456789ab", from + "modified"},
		{"a commit after a pre-release", "", "v1.2.3-rc.1.0.20261127120000-0123456789ab", clone("false"), "dev-0123456789ab", from + "unmodified"},
		{"go run", "", "(devel)", nil, "dev", ""},
		{"no build information", "", "", nil, "dev", ""},
	} {
		b := reportBuild(c.given, &debug.BuildInfo{Main: debug.Module{Version: c.tag}, Settings: c.settings})
		out := describe(b)
		first, second, _ := strings.Cut(strings.TrimSuffix(out, "\n"), "\n")
		if !strings.HasPrefix(first, "copyscope "+c.version+" go") || second != c.second {
			t.Errorf("%s: %q, want version %s and %q", c.of, out, c.version, c.second)
		}
		if (b.Commit == "") != (b.Modified == nil) {
			t.Errorf("%s: commit %q, modified %v: one is known without the other", c.of, b.Commit, b.Modified)
		}
	}
}
