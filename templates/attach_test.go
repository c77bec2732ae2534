package templates

import (
	"testing"

	"copyscope/internal/locale"
)

func spoken(text string) locale.Spoken { return locale.Spoken{English: text, Chinese: "中：" + text} }

func TestAttachGolden(t *testing.T) {
	measured := func(text string) AttachNumber { return AttachNumber{Text: text, Provenance: "measured"} }
	flame := FlameView{Total: "100 B", Levels: 2, Left: 3, RowsLeft: 1,
		Frames: []FlameFrame{{Name: "nginx", Width: 100, Parent: -1, Bytes: "100 B", Share: "100 %"}, {Name: "<read>", X: 0, Width: 62.5, Level: 1, Bytes: "62 B", Share: "62.5 %"}},
		Rows:   []FlameRow{{Name: "<read>", Bytes: "62 B", Share: "62.5 %", Own: "62 B"}}}
	state := AttachState{Watch: 1, Phase: "done", Who: "nginx (pid 12)", ElapsedMs: 10_000, ForMs: 10_000, Profile: true, Flame: true,
		Trace: "attach-nginx-12-20261126-195106.json", Kept: spoken("2,500 calls"),
		FlameNotes: []AttachNote{{spoken("a note of the profile")}},
		Report: &AttachReport{Sentence: spoken("a `sentence` <b>"), Advice: spoken("turn on `sendfile on;`"), Verdict: "no", Gap: spoken("lost"), Rest: spoken("rest"),
			Processes: []AttachProcess{{PID: "12", Name: "<nginx>", Runtime: "nginx", Threads: "1", Ended: true}},
			Paths: []AttachPath{{From: spoken("/srv/<big>"), FromKind: "file", FromNote: spoken("64 MiB"), To: spoken("tcp port 80"), ToKind: "socket", Technique: "sendfile", ZeroCopy: true,
				Techniques: []AttachShare{{Technique: "sendfile", Share: "100 %", Evidence: spoken("names both ends")}},
				Bytes:      measured("1 MiB"), Source: measured("1 MiB"), Copies: AttachNumber{Text: "–", Provenance: "unavailable", Reason: spoken("nobody knows")},
				Switches: AttachNumber{Text: "32", Provenance: "derived"}, Calls: "sendfile × 16", Blocker: spoken("blocked")}},
			Calls: []AttachCall{{Name: "sendfile", Calls: "16", Errors: "2", Bytes: "1 MiB"}}, Notes: []AttachNote{{spoken("a note")}},
			Watched: measured("10 s"), Records: measured("40"), Lost: measured("7"), OwnCPU: measured("1 ms"), CPU: measured("2 ms"), CopyCPU: measured("3 ms")},
	}
	golden(t, "attach.zh", Attach(testPage("attach", locale.Chinese), AttachData{
		Targets: []AttachTarget{{Name: "<nginx>", PIDs: "12, 13", Ports: "80", Watch: []int{12, 13}}}, Hidden: "hidden", State: state, Most: 60, Usual: 10, Flame: &flame,
		Resume: AttachResume{Server: "run", Seq: 7, State: AttachState{Phase: "</script>"}},
	}))
	golden(t, "attach-closed.en", Attach(testPage("attach", locale.English), AttachData{Closed: "why", Enable: "sudo it", Instead: "instead", State: AttachState{Phase: "failed", Who: "x", Error: spoken("no such process")}}))
}
