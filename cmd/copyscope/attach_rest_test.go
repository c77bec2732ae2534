package main

import (
	"strings"
	"testing"

	"copyscope/internal/attach"
)

// What is too small to be listed is told apart from the ports that are not in the answer
// (of a watch of a port it may be of any of them), and from what nobody could look at,
// which may be large.
func TestAttachTellsWhatIsTooSmall(t *testing.T) {
	for want, r := range map[string]*attach.Report{
		"\ntoo small to list, of whatever port: 1 path, 589 B\n":                                                         {Port: 80, Rest: attach.Rest{Paths: 1, Bytes: 589}},
		"\ntoo small to list: 2 paths, 3.0 KiB\n":                                                                        {Rest: attach.Rest{Paths: 2, Bytes: 3 << 10}},
		"\nnot listed, as an end has no payload, or was closed before it could be looked at: 1 path, 2.0 MiB\n\nwatched": {Rest: attach.Rest{Paths: 1, Bytes: 2 << 20, OtherPaths: 1, OtherBytes: 2 << 20}},
		"\ntoo small to list: 1 path, 7 B\n\nnot listed":                                                                 {Rest: attach.Rest{Paths: 2, Bytes: 2<<20 + 7, OtherPaths: 1, OtherBytes: 2 << 20}},
	} {
		r.Paths = []attach.Path{{Sentence: "a path", At: attach.AtPort}}
		var out strings.Builder
		if err := printAttach(&out, r); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%v\n%s\nwant %q", err, out.String(), want)
		}
	}
}

// Of very many processes those that moved the most are told.
func TestAttachTellsTheForemostProcesses(t *testing.T) {
	r := &attach.Report{ForNs: 1e9}
	for pid := range 20 {
		r.Processes = append(r.Processes, attach.Process{PID: pid, Name: "p", Threads: 1, Bytes: int64(pid % 2)})
	}
	var out strings.Builder
	if err := printAttach(&out, r); err != nil || !strings.Contains(out.String(), " 17 (p, 1 threads) 19 (p, 1 threads) and 4 processes that moved less; ") || strings.Contains(out.String(), " 18 (p") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
