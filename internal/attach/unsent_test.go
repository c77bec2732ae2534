package attach_test

import (
	"strings"
	"testing"

	"copyscope/internal/attach"
)

// What was read of a file counts, whatever sent it: the verdict is not zero copy where a
// filter or a checksum reads all that sendfile(2) sends, and what leaves in another size
// than it was read in is no case for sendfile.
func TestWhatWasReadAndNotSent(t *testing.T) {
	nginx := attach.Process{PID: 1, Name: "nginx", Runtime: "nginx", Libraries: []string{"libssl.so.3", "libz.so.1"}}
	python := attach.Process{PID: 1, Name: "python3", Runtime: "python", Libraries: []string{"libz.so.1"}}
	golang := attach.Process{PID: 1, Name: "serve", Runtime: "go"}
	gzips := attach.Process{PID: 1, Name: "serve", Runtime: "go", Libraries: []string{"compress/flate"}}
	const (
		filter   = "pread64 3 0x10000000 = 32768\n sendfile 5 3 = 32768\n"
		twice    = "openat 0 = 30\n read 30 0x10000000 = 1048576\n read 30 0x10000000 = 0\n close 30 = 0\n"
		head     = "read 3 0x10000000 = 4096\n sendfile 5 3 = 67108864"
		magic    = "read 3 0x10000000 = 4096\n sendfile 5 3 = 102400\n"
		request  = "recvfrom 5 0x20000000 = 80\n"
		hardly   = "pread64 3 0x10000000 = 32768\n writev 5 = 31130\n"
		grows    = "pread64 3 0x10000000 = 32768\n writev 5 = 32788\n"
		chunked  = "pread64 3 0x10000000 = 32768\n writev 5 = 32776\n"
		small    = request + "pread64 3 0x10000000 = 2000\n writev 5 = 2400\n"
		parts    = "pread64 3 0x10000000 = 32768\n writev 5 = 20000\n writev 5 = 12768\n"
		goGrows  = "read 3 0x10000000 = 32768\n write 5 0x20000000 = 32790\n"
		goHardly = "read 3 0x10000000 = 32768\n write 5 0x20000000 = 31130\n"
		base64   = "read 3 0x10000000 = 49152\n write 5 0x20000000 = 65536\n"
		pieces   = "read 3 0x10000000 = 32768\n write 5 0x20000000 = 32776\n"
		large    = "read 3 0x10000000 = 1048576\n write 5 0x20000000 = 1048586\n"
		// Every second read finds its memory where half of the one before it was copied to.
		half = "read 3 0x10000000 = 65536\n sendto 5 0x10100000 = 32768\n read 3 0x10100000 = 65536\n sendto 5 0x10000000 = 32768\n"
	)
	for _, r := range []struct {
		name     string
		process  attach.Process
		script   string
		summary  string // of the largest path
		zeroCopy bool
		expect   string // what expecting sendfile says; empty if it is met
		says     string
		never    string
	}{
		{"a filter before sendfile", nginx, request + strings.Repeat(filter, 64),
			"file-to-socket sendfile 2097152 1 pread64:64 sendfile:64", false, "the file is read as well",
			"sendfile, 1 CPU copy per byte; the file is read as well: a filter (sub_filter, ssi), a checksum", "which no"},
		{"a checksum by another descriptor", python, twice + strings.ReplaceAll(twice, "read 30 0x10000000 = 1048576", "sendfile 5 30 = 1048576"),
			"file-to-socket sendfile 1048576 1 ", false, "the file is read as well", "beside the file: then it is 0", "sub_filter, ssi) off"},
		{"the head of a large file", python, head, "file-to-socket sendfile 67108864 0 ", true, "", "sendfile, 0 CPU copies", "as well"},
		{"the heads of many files", python, strings.Repeat(magic, 10), "file-to-socket sendfile 1024000 0.04 ", true, "", "sendfile, 0.04 CPU copies", "as well"},
		{"compressed to a little less", nginx, request + strings.Repeat(hardly, 400),
			"file-to-socket rewrite 12452000 2.05 ", false, "they took rewrite", "compressed, probably (it has libz.so.1)", "sendfile on"},
		{"compressed to a little more", nginx, request + "writev 5 = 300\n" + strings.Repeat(grows, 400),
			"file-to-socket rewrite 13107200 2.00 ", false, "they took rewrite", "compressed, probably (it has libz.so.1)", "TLS"},
		{"chunks of what was read", nginx, request + "writev 5 = 300\n" + strings.Repeat(chunked, 400),
			"file-to-socket read-write 13107200 2 ", false, "they took read-write", "sendfile on", "compressed, probably"},
		{"headers as large as small files", nginx, strings.Repeat(small, 400),
			"file-to-socket read-write 800000 2 ", false, "they took read-write", "sendfile on", "compressed, probably"},
		{"a page of its own after a file", nginx, request + strings.Repeat(chunked, 8) + strings.Repeat(request+"writev 5 = 30000\n", 4),
			"file-to-socket read-write 262144 2 ", false, "they took read-write", "sendfile on", "compressed, probably"},
		{"a slow client, and a transfer that is under way", nginx, request + strings.Repeat(parts, 8) + "pread64 3 0x10000000 = 32768\n pread64 3 0x10010000 = 32768\n writev 5 = 300",
			"file-to-socket read-write 262444 2 ", false, "they took read-write", "sendfile on", "compressed, probably"},
		{"Go that compresses to a little more", gzips, strings.Repeat(goGrows, 64),
			"file-to-socket rewrite 2098560 2.00 ", false, "they took rewrite", "compressed, probably (it has compress/flate)", "*os.File"},
		{"Go that compresses to a little less", gzips, strings.Repeat(goHardly, 64),
			"file-to-socket rewrite 1992320 2.05 ", false, "they took rewrite", "compressed, probably (it has compress/flate)", "*os.File"},
		{"a third more is no compression", gzips, strings.Repeat(base64, 64),
			"file-to-socket rewrite 3571712 1.88 ", false, "they took rewrite", "what is done to them is not known", "*os.File"},
		{"chunks that a program frames", golang, strings.Repeat(pieces, 64),
			"file-to-socket rewrite 2097664 2.00 ", false, "they took rewrite", "*os.File", "not known"},
		{"large chunks of a program that could compress", gzips, strings.Repeat(large, 64),
			"file-to-socket rewrite 67109504 2.00 ", false, "they took rewrite", "*os.File", "compressed, probably"},
		{"half of what was read", python, strings.Repeat(half, 16),
			"file-to-socket rewrite 1048576 3.00 ", false, "they took rewrite", "less was sent than was read, and why is not known", "socket.sendfile"},
	} {
		t.Run(r.name, func(t *testing.T) {
			var now int64 = 1
			l := attach.NewLedger(descriptors{now: &now, open: opened()})
			script := r.script
			if strings.Contains(script, "openat") {
				script = strings.ReplaceAll(script, "openat 0 = 30", "dup 3 = 30")
			}
			book(t, l, &now, script)
			report := l.Report()
			report.Processes = []attach.Process{r.process}
			report.Conclude("")
			if got := summary(report); len(got) == 0 || !strings.HasPrefix(got[0], r.summary) {
				t.Errorf("got %q, want %q", got, r.summary)
			}
			if z := report.Verdict.ZeroCopy; z == nil || *z != r.zeroCopy {
				t.Errorf("zero copy: %v, want %v", z, r.zeroCopy)
			}
			err := report.Expect(attach.Sendfile)
			if (err == nil) != (r.expect == "") || err != nil && !strings.Contains(err.Error(), r.expect) {
				t.Errorf("expecting sendfile: %v, want %q in it", err, r.expect)
			}
			said := report.Sentence + "\n" + report.Advice
			if !strings.Contains(said, r.says) || strings.Contains(said, r.never) {
				t.Errorf("%q, want %q in it and no %q", said, r.says, r.never)
			}
		})
	}
}
