package host_test

import (
	"strings"
	"testing"

	"copyscope/internal/host"
)

// A remedy names a program that is there when somebody types it, and where root, who
// has another PATH, finds it.
func TestRemediesNameAProgramThatLasts(t *testing.T) {
	const build = "make build && sudo setcap cap_x+ep bin/copyscope && bin/copyscope doctor"
	hash := strings.Repeat("0123456789abcdef", 4)
	for _, r := range []struct{ file, asRoot, with, setcap string }{
		{"/usr/local/bin/copyscope", "sudo copyscope doctor", "TMPDIR=DIR copyscope doctor", `sudo setcap cap_x+ep "$(command -v copyscope)"`},
		{"/usr/bin/copyscope", "sudo copyscope doctor", "TMPDIR=DIR copyscope doctor", `sudo setcap cap_x+ep "$(command -v copyscope)"`},
		{"", "sudo copyscope doctor", "TMPDIR=DIR copyscope doctor", `sudo setcap cap_x+ep "$(command -v copyscope)"`},
		{"/opt/a/go/bin/copyscope", "sudo /opt/a/go/bin/copyscope doctor", "TMPDIR=DIR /opt/a/go/bin/copyscope doctor", "sudo setcap cap_x+ep /opt/a/go/bin/copyscope"},
		{"/usr/local/bin/copyscope-next", "sudo /usr/local/bin/copyscope-next doctor", "TMPDIR=DIR /usr/local/bin/copyscope-next doctor", "sudo setcap cap_x+ep /usr/local/bin/copyscope-next"},
		{"/opt/a/it's mine/copyscope", `sudo '/opt/a/it'\''s mine/copyscope' doctor`, `TMPDIR=DIR '/opt/a/it'\''s mine/copyscope' doctor`, `sudo setcap cap_x+ep '/opt/a/it'\''s mine/copyscope'`},
		{"/opt/a/go-builders/copyscope", "sudo /opt/a/go-builders/copyscope doctor", "TMPDIR=DIR /opt/a/go-builders/copyscope doctor", "sudo setcap cap_x+ep /opt/a/go-builders/copyscope"},
		{"/tmp/go-build3141592653/b001/exe/copyscope", "go run -exec sudo ./cmd/copyscope doctor", "TMPDIR=DIR go run ./cmd/copyscope doctor", build},
		{"/opt/a/.cache/go-build/0a/" + hash + "-d/copyscope", "go run -exec sudo ./cmd/copyscope doctor", "TMPDIR=DIR go run ./cmd/copyscope doctor", build},
		{"/var/cache/go/0a/" + hash + "-d/copyscope", "go run -exec sudo ./cmd/copyscope doctor", "TMPDIR=DIR go run ./cmd/copyscope doctor", build},
	} {
		for got, want := range map[string]string{host.CallOf(r.file, "sudo", "doctor"): r.asRoot, host.CallOf(r.file, "TMPDIR=DIR", "doctor"): r.with, host.SetcapOf(r.file, "cap_x"): r.setcap} {
			if got != want {
				t.Errorf("%s: %s, want %s", r.file, got, want)
			}
		}
	}
}
