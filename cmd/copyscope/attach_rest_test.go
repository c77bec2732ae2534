package main

import (
	"strings"
	"testing"

	"copyscope/internal/attach"
)

// What is too small to be listed is told apart from the ports that are not in the answer:
// of a watch of a port it may be of any of them.
func TestAttachTellsWhatIsTooSmall(t *testing.T) {
	for want, r := range map[string]*attach.Report{
		"\ntoo small to list, of whatever port: 1 path, 589 B\n": {Port: 80, Rest: attach.Rest{Paths: 1, Bytes: 589}},
		"\ntoo small to list: 2 paths, 3.0 KiB\n":                {Rest: attach.Rest{Paths: 2, Bytes: 3 << 10}},
	} {
		r.Paths = []attach.Path{{Sentence: "a path", At: attach.AtPort}}
		var out strings.Builder
		if err := printAttach(&out, r); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%v\n%s\nwant %q", err, out.String(), want)
		}
	}
}
