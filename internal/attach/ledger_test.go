package attach_test

import (
	"fmt"
	"strings"
	"testing"

	"copyscope/internal/attach"
)

// descriptors are those of process 1, as they are when somebody looks.
type descriptors struct {
	now  *int64
	open map[int]attach.Looked
	maps []attach.Mapping
}

func (d descriptors) Look(_, fd int) (attach.Looked, bool) {
	looked, ok := d.open[fd]
	looked.At = *d.now
	return looked, ok
}

func (d descriptors) Mappings(int) []attach.Mapping { return d.maps }

const fileFD, otherFD, clientFD, upstreamFD, pipeIn, pipeOut, logFD, remoteFD, wakeFD, limitFD, statFD, cacheFD, goneFD = 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15

func opened() map[int]attach.Looked {
	end := func(kind attach.Kind, name, peer string) attach.End {
		return attach.End{Kind: kind, Name: name, Peer: peer}
	}
	return map[int]attach.Looked{
		fileFD:     {End: end(attach.File, "/srv/film", "")},
		otherFD:    {End: end(attach.File, "/srv/other", "")},
		clientFD:   {End: end(attach.Socket, "tcp port 80", "127.0.0.1:40000")},
		remoteFD:   {End: end(attach.Socket, "tcp port 80", "192.0.2.1:40000")},
		upstreamFD: {End: end(attach.Socket, "tcp to 192.0.2.7:80", "192.0.2.7:80")},
		pipeIn:     {End: end(attach.Pipe, "a pipe", ""), Inode: 77},
		pipeOut:    {End: end(attach.Pipe, "a pipe", ""), Inode: 77},
		logFD:      {End: end(attach.File, "/data/0.log", "")},
		limitFD:    {End: end(attach.File, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "")},
		statFD:     {End: end(attach.File, "/proc/stat", "")},
		cacheFD:    {End: end(attach.File, "/cache/tmp/0000000001", "")},
		goneFD:     {End: end(attach.File, "/tmp/0000000002 (deleted)", "")},
		wakeFD:     {End: end(attach.Other, "anon_inode:[eventfd]", "")},
	}
}

// book makes calls, a microsecond apart, from a text of lines such as
//
//	pread64 3 0x10000000 = 4096
//
// with tls before it for what begins a TLS record, @2 before it for thread 2, and ×5 after it for five times. A sleep passes time.
func book(t *testing.T, l *attach.Ledger, now *int64, script string) {
	t.Helper()
	for line := range strings.Lines(script) {
		words := strings.Fields(strings.ReplaceAll(line, "=", " "))
		if len(words) == 0 {
			continue
		}
		thread, times := 1, 1
		if n, ok := strings.CutPrefix(words[0], "@"); ok {
			fmt.Sscan(n, &thread)
			words = words[1:]
		}
		if n, ok := strings.CutPrefix(words[len(words)-1], "×"); ok {
			fmt.Sscan(n, &times)
			words = words[:len(words)-1]
		}
		if words[0] == "sleep" {
			*now += 2e9
			continue
		}
		record := words[0] == "tls"
		if record {
			words = words[1:]
		}
		c := attach.Call{Process: 1, Thread: thread, Name: words[0], Record: record}
		for i, word := range words[1 : len(words)-1] {
			if _, err := fmt.Sscanf(word, "%v", &c.Args[i]); err != nil {
				t.Fatalf("%q: %v", word, err)
			}
		}
		if _, err := fmt.Sscan(words[len(words)-1], &c.Ret); err != nil {
			t.Fatal(err)
		}
		for range times {
			*now += 1000
			c.At = *now
			l.Book(c)
		}
	}
}

// Each way of sending is told apart by its calls alone.
func TestPathsByTheirCalls(t *testing.T) {
	for _, r := range []struct {
		name, script string
		want         []string // kind technique bytes copies calls, the most bytes first
	}{
		{"read and write, one buffer", `
			pread64 3 0x10000000 = 32768 ×4
			sleep
			pread64 3 0x10000000 = 32768
			write 5 0x10000000 = 32768
			pread64 3 0x10000000 = 0
			write 5 0x10000000 = -11`,
			[]string{"file-to-socket read-write 32768 2 pread64:6 write:2"}},
		{"a partial write, and the rest", `
			read 3 0x10000000 = 32768
			write 5 0x10000000 = 20000
			write 5 0x10004e20 = 12768`,
			[]string{"file-to-socket read-write 32768 2 read:1 write:2"}},
		{"a buffer that was another file's, which was closed, before it was the program's own", `
			read 4 0x20000000 = 60
			close 4 = 0
			read 3 0x10000000 = 102400
			write 9 0x20000000 = 16384 ×6
			write 9 0x20000000 = 4096`,
			[]string{"file-to-file read-write 102340 2 read:1 write:6"}}, // the 60 bytes are too small to list
		{"one buffer of several reads", `
			read 3 0x10000000 = 8192
			read 3 0x10002000 = 8192
			read 4 0x10004000 = 8192
			write 5 0x10000000 = 24576`,
			[]string{"file-to-socket read-write 16384 2 read:2 write:1", "file-to-socket read-write 8192 2 read:1"}},
		{"headers, and a vector that tells no address", `
			recvfrom 5 0x20000000 = 80
			writev 5 = 250
			pread64 3 0x10000000 = 32768
			writev 5 = 32768`,
			[]string{"file-to-socket read-write 32768 2 pread64:1 writev:1", "memory-to-socket write 250 1 writev:1"}},
		{"two connections in turn, one thread", `
			pread64 3 0x10000000 = 32768
			writev 5 = 20000
			pread64 4 0x11000000 = 32768
			writev 10 = 32768
			writev 5 = 12768`,
			[]string{"file-to-socket read-write 32768 2 pread64:1 writev:2", "file-to-socket read-write 32768 2 pread64:1 writev:1"}},
		{"two connections in turn, both with something left", `
			pread64 3 0x10000000 = 32768
			writev 5 = 20000
			pread64 4 0x11000000 = 30000
			writev 10 = 28000
			writev 5 = 12768
			writev 10 = 2000`,
			[]string{"file-to-socket read-write 32768 2 pread64:1 writev:2", "file-to-socket read-write 30000 2 pread64:1 writev:2"}},
		{"sendfile", `
			writev 5 = 240
			sendfile 5 3 = 65536 ×2
			sendfile 5 3 = -11`,
			[]string{"file-to-socket sendfile 131072 0 sendfile:3", "memory-to-socket write 240 1 writev:1"}},
		{"splice", `
			splice 3 0 8 0 = 65536
			splice 7 0 5 0 = 40000
			splice 7 0 5 0 = 25536`,
			[]string{"file-to-socket splice 65536 0 splice:3"}},
		{"a relay by splice", `
			splice 6 0 8 0 = 65536
			splice 7 0 5 0 = 65536`,
			[]string{"socket-to-socket relay-splice 65536 0 splice:2"}},
		{"a relay by copy", `
			recvfrom 6 0x10000000 = 16384 ×1
			sendto 5 0x10000000 = 16384`,
			[]string{"socket-to-socket relay-copy 16384 2 recvfrom:1 sendto:1"}},
		{"a request and its answer are no relay", `
			recvfrom 5 0x10000000 = 100
			sendto 6 0x20000000 = 200
			recvfrom 6 0x10000000 = 300
			sendto 5 0x20000000 = 400`,
			[]string{"memory-to-socket write 400 1 sendto:1", "memory-to-socket write 200 1 sendto:1"}},
		{"from a mapping", `
			mmap 0 1048576 1 1 3 = 1879048192
			write 5 0x70000000 = 65536
			write 5 0x70010000 = 65536
			munmap 0x70000000 1048576 = 0
			write 5 0x70000000 = 1000`,
			[]string{"file-to-socket mmap-write 131072 1 mmap:1 write:2", "memory-to-socket write 1000 1 write:1"}},
		{"private memory is no file", `
			mmap 0 1048576 3 2 3 = 1879048192
			write 5 0x70000000 = 65536`,
			[]string{"memory-to-socket write 65536 1 write:1"}},
		{"encrypted", `
			read 3 0x10000000 = 32768
			tls write 5 0x20000000 = 16406 ×2`,
			[]string{"file-to-socket tls 32812 2.00 read:1 write:2"}},
		{"encrypted in one buffer", `
			tls write 5 0x10000000 = 90
			pread64 3 0x10000000 = 8192
			tls write 5 0x10000000 = 8214
			pread64 3 0x10000000 = 8192
			tls write 5 0x10000000 = 8000
			write 5 0x10001f40 = 214`,
			[]string{"file-to-socket tls 16428 2.00 pread64:2 write:3", "memory-to-socket write 90 1 write:1"}},
		{"more is sent than was read, and who knows what", `
			read 3 0x10000000 = 32768
			write 5 0x20000000 = 33000`,
			[]string{"file-to-socket rewrite 33000 1.99 read:1 write:1"}},
		{"gathered in another buffer", `
			read 3 0x10000000 = 2048 ×4
			write 5 0x20000000 = 8192`,
			[]string{"file-to-socket read-write 8192 2 read:4 write:1"}},
		{"compressed", `
			read 3 0x10000000 = 32768 ×8
			write 5 0x20000000 = 8192`,
			[]string{"file-to-socket compress 8192 33 read:8 write:1"}},
		{"compressed, by a vector", `
			read 3 0x10000000 = 32768 ×8
			writev 5 = 8192`,
			[]string{"file-to-socket compress 8192 33 read:8 writev:1"}},
		{"one buffer, and a little by a vector", `
			pread64 3 0x10000000 = 65536
			write 5 0x10000000 = 65500
			writev 5 = 36
			pread64 3 0x10000000 = 65536
			write 5 0x10000000 = 65536`,
			[]string{"file-to-socket read-write 131072 2 pread64:2 write:2 writev:1"}},
		{"a small buffer is filled up first, and the rest sent as it is", `
			read 3 0x10000000 = 32768
			write 5 0x30000000 = 4096
			write 5 0x10000ff8 = 28680
			read 3 0x10000000 = 32768
			write 5 0x30000000 = 4096
			write 5 0x10000ff8 = 28680
			read 3 0x10000000 = 32768
			write 5 0x30000000 = 4096
			write 5 0x10000ff8 = 28680`,
			[]string{"file-to-socket read-write 98328 2 read:3 write:6"}},
		{"opened as ever, and read with O_DIRECT", `
			fcntl 3 4 0x4000 = 0
			pread64 3 0x10000000 = 32768
			writev 5 = 32768
			fcntl 3 4 0 = 0
			pread64 3 0x10000000 = 32768
			writev 5 = 32768`,
			[]string{"file-to-socket read-write 65536 1.50 pread64:2 writev:2"}},
		{"a pool of threads reads, and the thread that sends is late", `
			@2 pread64 3 0x10000000 = 32768
			@1 read 6 0x10000000 = -11 ×60000
			@1 writev 5 = 33018`,
			[]string{"file-to-socket read-write 32768 2 pread64:1 writev:1", "memory-to-socket write 250 1 "}},
		{"a thread that read wakes the one that sends", `
			@2 pread64 3 0x10000000 = 32768
			@2 write 11 0x30000000 = 8
			@1 read 11 0x40000000 = 8
			@1 writev 5 = 32768`,
			[]string{"file-to-socket read-write 32768 2 pread64:1 writev:1"}},
		{"a request of a connection that has ended is not what is sent", `
			@1 recvfrom 10 0x20000000 = 81
			@1 close 10 = 0
			@2 pread64 3 0x10000000 = 32768
			@1 writev 5 = 32768`,
			[]string{"file-to-socket read-write 32768 2 pread64:1 writev:1"}},
		{"by reference, to another host", `
			read 3 0x10000000 = 65536
			sendto 10 0x10000000 65536 0x4000000 = 65536`,
			[]string{"file-to-socket msg-zerocopy 65536 1 read:1 sendto:1"}},
		{"by reference, to this host", `
			read 3 0x10000000 = 65536
			sendto 5 0x10000000 65536 0x4000000 = 65536`,
			[]string{"file-to-socket msg-zerocopy 65536 2 read:1 sendto:1"}},
		{"what arrives is stored", `
			recvfrom 5 0x10000000 = 65536
			pwrite64 9 0x10000000 = 65536`,
			[]string{"socket-to-file read-write 65536 2 pwrite64:1 recvfrom:1"}},
		{"another thread sends", `
			@1 read 3 0x10000000 = 65536
			@2 write 5 0x10000000 = 65536`,
			[]string{"file-to-socket read-write 65536 2 read:1 write:1"}},
		{"what was read at the start is not sent", `
			openat 0 = 4
			read 4 0x10000000 = 70000
			close 4 = 0
			sendto 5 0x20000000 = 207`,
			[]string{"memory-to-socket write 207 1 sendto:1"}},
		{"a peek reads nothing", `
			recvfrom 6 0x10000000 16384 2 = 16384
			recvfrom 6 0x10000000 16384 0 = 16384
			sendto 5 0x10000000 = 16384`,
			[]string{"socket-to-socket relay-copy 16384 2 recvfrom:2 sendto:1"}},
		{"two descriptors of one file", `
			dup 3 = 20
			sendfile 5 20 = 1000
			sendfile 5 3 = 1000`,
			[]string{"file-to-socket sendfile 2000 0 sendfile:2"}},
		{"what the kernel makes up is no file that is served", `
			read 12 0x10000000 = 70000
			read 12 0x10000000 = 0
			close 12 = 0
			sendto 5 0x20000000 = 70000
			sendfile 5 13 = 70000`,
			[]string{"memory-to-socket write 70000 1 sendto:1"}},
		{"a file to a file", `
			copy_file_range 3 0 9 0 = 65536
			sendfile 9 4 = 1000`,
			[]string{"file-to-file copy-file-range 65536 - copy_file_range:1", "file-to-file sendfile 1000 1 sendfile:1"}},
	} {
		t.Run(r.name, func(t *testing.T) {
			var now int64 = 1
			l := attach.NewLedger(descriptors{now: &now, open: opened()})
			book(t, l, &now, r.script)
			if got := summary(l.Report()); strings.Join(got, "\n") != strings.Join(r.want, "\n") {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(r.want, "\n\t"))
			}
		})
	}
}

// summary is a line for each path.
func summary(r *attach.Report) (out []string) {
	for _, p := range r.Paths {
		copies := "-"
		if p.CPUCopiesPerByte.Known() {
			copies = strings.TrimSuffix(fmt.Sprintf("%.2f", p.CPUCopiesPerByte.Value), ".00")
			if p.Technique == attach.Rewrite || p.Technique == attach.TLS {
				copies = fmt.Sprintf("%.2f", p.CPUCopiesPerByte.Value)
			}
		}
		calls := fmt.Sprint(p.Calls)
		calls = strings.TrimSuffix(strings.TrimPrefix(calls, "map["), "]")
		out = append(out, fmt.Sprintf("%s %s %.0f %s %s", p.Kind, p.Technique, p.Bytes.Value, copies, calls))
	}
	return out
}

// A descriptor that was closed and used again before anybody looked at it is not
// given the later one's name.
func TestAReusedDescriptorKeepsItsOwnName(t *testing.T) {
	var now int64 = 1
	open := opened()
	l := attach.NewLedger(descriptors{now: &now, open: open})
	open[20] = attach.Looked{End: attach.End{Kind: attach.File, Name: "/srv/later"}}
	// All of this happened before now, when the ledger looks.
	at := func(when int64, name string, ret int64, args ...uint64) {
		c := attach.Call{Process: 1, Thread: 1, At: when, Name: name, Ret: ret}
		copy(c.Args[:], args)
		l.Book(c)
	}
	now = 1000
	at(100, "openat", 20)
	at(110, "sendfile", 5000, clientFD, 20)
	at(120, "close", 0, 20)
	at(130, "openat", 20)
	at(140, "sendfile", 7000, clientFD, 20)
	got := map[string]float64{}
	for _, p := range l.Report().Paths {
		got[p.From.Name] = p.Bytes.Value
	}
	if got["/srv/later"] != 7000 || len(got) != 2 {
		t.Errorf("got %v, want 7000 bytes of /srv/later and 5000 of a file without a name", got)
	}
}

// What goes by another port of the same process answers nothing about the one that was
// asked for.
func TestOnlyThePortThatWasAskedFor(t *testing.T) {
	socket := func(local string) attach.Looked {
		protocol, name := "tcp", "tcp port "+local[strings.LastIndex(local, ":")+1:]
		if local == ":" {
			protocol, name, local = "", "", ""
		}
		return attach.Looked{End: attach.End{Kind: attach.Socket, Name: name, Protocol: protocol, Local: local}}
	}
	open := opened()
	open[20], open[21], open[22] = socket("127.0.0.1:18081"), socket("[::1]:18082"), socket(":")
	const busy, idle, unknown = "sendfile 20 3 = 1000000", "writev 21 = 200", "sendfile 22 3 = 500000"
	for _, r := range []struct {
		name, script, sentence, expect, note string
		paths                                int // that the answer is of
	}{
		{"nothing there", busy, "nothing to speak of moved at port 18082, and 977 KiB elsewhere", "no byte went from a file to a socket at port 18082", "977 KiB went by paths that are not of port 18082", 0},
		{"nothing at all", "", "nothing moved at port 18082", "no byte", "", 0},
		{"little there", busy + "\n read 3 0x10000000 = 3000\n write 21 0x10000000 = 3000\n" + idle, "files to sockets: read-write, 2 CPU copies", "they took read-write", "977 KiB went by paths", 2},
		{"the port is not known", "sendfile 21 3 = 100000\n" + unknown, "98 KiB from files to sockets: sendfile", "whose port is not known", "488 KiB went by sockets whose port nobody could look at", 1},
	} {
		t.Run(r.name, func(t *testing.T) {
			var now int64 = 1
			l := attach.NewLedger(descriptors{now: &now, open: open})
			l.ForPort(18082)
			book(t, l, &now, r.script)
			report := l.Report()
			report.Conclude("")
			if !strings.Contains(report.Sentence, r.sentence) {
				t.Errorf("%q, want %q in it", report.Sentence, r.sentence)
			}
			if err := report.Expect(attach.Sendfile); err == nil || !strings.Contains(err.Error(), r.expect) {
				t.Errorf("expecting sendfile: %v, want %q in it", err, r.expect)
			}
			if got := strings.Join(report.Notes, "\n"); !strings.Contains(got, r.note) || (got == "") != (r.note == "") {
				t.Errorf("notes %q, want %q", got, r.note)
			}
			answering := 0
			for _, p := range report.Paths {
				if p.At == attach.AtPort {
					answering++
				}
			}
			if answering != r.paths {
				t.Errorf("%d paths are of the port, want %d: %+v", answering, r.paths, report.Paths)
			}
		})
	}
}

// What is said of a path: no more than there is a sign of.
func TestWhatIsSaidOfAPath(t *testing.T) {
	nginx := attach.Process{PID: 1, Name: "nginx", Runtime: "nginx", Libraries: []string{"libz.so.1"}}
	python := attach.Process{PID: 1, Name: "python3", Runtime: "python", Libraries: []string{"libz.so.1"}}
	golang := attach.Process{PID: 1, Name: "serve", Runtime: "go"}
	gzips := attach.Process{PID: 1, Name: "serve", Runtime: "go", Libraries: []string{"compress/flate"}}
	const (
		less    = "read 3 0x10000000 = 32768 ×8\n write 5 0x20000000 = 8192"
		chunk   = "read 3 0x10000000 = 32768\n write 5 0x30000000 = 4096\n write 5 0x10000ff8 = 28680\n"
		pages   = "read 3 0x10000000 = 8192\n write 5 0x20000000 = 16\n"
		inPart  = "read 3 0x10000000 = 16777216\n close 3 = 0\n sendto 5 0x50000000 = 4194304"
		directs = "fcntl 3 4 0x4000 = 0\n pread64 3 0x10000000 = 65536\n writev 5 = 65536"
	)
	for _, r := range []struct {
		name    string
		process attach.Process
		script  string
		says    []string // in what a person reads
		never   string
	}{
		{"a library that compresses", nginx, less, []string{"compress, 33 CPU copies per byte sent", "gzip_static", "8192 sent: 3 %; it has libz.so.1"}, "not known"},
		{"a package that compresses", gzips, less, []string{"compress, 33 CPU copies per byte sent", "it has compress/flate"}, "gzip_static"},
		{"nothing that compresses", golang, less, []string{"rewrite, 33 CPU copies per byte sent", "less was sent than was read, and why is not known"}, "compress, "},
		{"parts of pages", python, strings.Repeat(pages, 16), []string{"rewrite", "why is not known"}, "gzip_static"},
		{"chunks of net/http", golang, strings.Repeat(chunk, 4), []string{"read-write, 2 CPU copies per byte;", "set Content-Length, or use http.ServeContent"}, "compress"},
		{"part of what was read at once", python, inPart, []string{"where it was filled is not known: 16 MiB that were read of files"}, "no file was read"},
		{"TLS of a library", nginx, "read 3 0x10000000 = 16384\n tls write 5 0x20000000 = 16406", []string{"TLS in user space", "kernel TLS would not on this host: the module is not there"}, "KTLS;"},
		{"TLS of Go", golang, "read 3 0x10000000 = 16384\n tls write 5 0x20000000 = 16406", []string{"crypto/tls encrypts in user space and has no kernel TLS"}, "would bring sendfile back"},
		{"a proxy that buffers on disk", nginx, "openat 0 0 0xc2 = 30\n recvfrom 6 0x10000000 = 65536\n pwrite64 30 0x10000000 = 65536\n sendfile 5 30 = 65536", []string{"64 KiB from sockets to sockets (a proxy that buffers on disk: 64 KiB by way of temporary files", "2 CPU copies per byte", "proxy_max_temp_file_size"}, "sendfile on"},
		{"a proxy that fills its cache", nginx, "openat 0 0 0xc2 = 14\n readv 6 = 65536\n pwrite64 14 0x10000000 = 65536\n sendfile 5 14 = 65536", []string{"64 KiB from sockets to sockets (a proxy that buffers on disk: 64 KiB by way of temporary files", "2 CPU copies per byte", "a cache did not have it yet"}, "slower"},
		{"a proxy whose client is slow", nginx, "openat 0 0 0xc2 = 15\n readv 6 = 65536\n pwrite64 15 0x10000000 = 65536\n sendfile 5 15 = 65536", []string{"64 KiB from sockets to sockets", "the client was slower than", "proxy_max_temp_file_size"}, "a cache did not"},
		{"a new file of its own content", golang, "openat 0 0 0xc2 = 14\n pwrite64 14 0x10000000 = 65536\n sendfile 5 14 = 65536", []string{"64 KiB from files to sockets: sendfile, 0 CPU copies"}, "buffers on disk"},
		{"a log that is appended to and served", golang, "recvfrom 6 0x10000000 = 65536\n pwrite64 9 0x10000000 = 65536\n sendfile 5 9 = 65536", []string{"64 KiB from files to sockets: sendfile, 0 CPU copies"}, "buffers on disk"},
		{"past the page cache", nginx, directs, []string{"read-write, 1 CPU copy per byte", "O_DIRECT", "directio off;"}, "sendfile is off"},
	} {
		t.Run(r.name, func(t *testing.T) {
			var now int64 = 1
			l := attach.NewLedger(descriptors{now: &now, open: opened()})
			book(t, l, &now, r.script)
			report := l.Report()
			report.Processes = []attach.Process{r.process}
			report.Conclude("the module is not there")
			said := report.Sentence + "\n" + report.Advice
			for _, p := range report.Paths {
				said += fmt.Sprintf("\n%s\n%v", p.Sentence, p.Techniques)
			}
			for _, want := range r.says {
				if !strings.Contains(said, want) {
					t.Errorf("%q is not in what it says:\n%s", want, said)
				}
			}
			if strings.Contains(said, r.never) {
				t.Errorf("%q is in what it says:\n%s", r.never, said)
			}
		})
	}
}

// Every technique may be expected: a relay's of what went from sockets to sockets.
func TestExpectOtherKinds(t *testing.T) {
	for _, r := range []struct {
		script string
		held   attach.Technique
		not    map[attach.Technique]string
	}{
		{"splice 6 0 8 0 = 65536\nsplice 7 0 5 0 = 65536", attach.RelaySplice, map[attach.Technique]string{
			attach.RelayCopy: "it carried 0 % of the 64 KiB that went from sockets to sockets", attach.Sendfile: "no byte went from a file to a socket"}},
		{"read 6 0x10000000 = 65536\nwrite 5 0x10000000 = 65536", attach.RelayCopy, map[attach.Technique]string{
			attach.RelaySplice: "they took relay-copy", attach.Write: "no byte went from its own memory to a socket"}},
		{"copy_file_range 3 0 4 0 = 65536", attach.CopyFileRange, map[attach.Technique]string{attach.RelaySplice: "no byte went from a socket to a socket"}},
		{"write 5 0x10000000 = 65536", attach.Write, map[attach.Technique]string{attach.CopyFileRange: "no byte went from a file to a file"}},
	} {
		var now int64 = 1
		l := attach.NewLedger(descriptors{now: &now, open: opened()})
		book(t, l, &now, r.script)
		report := l.Report()
		report.Conclude("")
		if err := report.Expect(r.held); err != nil {
			t.Errorf("%q: %v", r.script, err)
		}
		for technique, want := range r.not {
			if err := report.Expect(technique); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q, expecting %s: %v, want %q in it", r.script, technique, err, want)
			}
		}
	}
}

// What arrives and is thrown away is told, and is no traffic that nobody saw.
func TestArrivalsThatGoNowhere(t *testing.T) {
	for _, r := range []struct {
		name, script, sentence, note string
	}{
		{"an upload", "read 5 0x10000000 = 65536 ×16", "1.0 MiB were received from sockets and went nowhere", "1.0 MiB were received from tcp port 80 and went nowhere that was seen (read, 1 CPU copy per byte)"},
		{"an upload with an answer", "read 5 0x10000000 = 65536 ×16\nwrite 5 0x20000000 = 100", "1.0 MiB were received from sockets and went nowhere", "1.0 MiB were received from tcp port 80 and went nowhere that was seen (read, 1 CPU copy per byte)"},
		{"requests", "read 5 0x10000000 = 100 ×1000\nsendfile 5 3 0 65536 = 1000000 ×100", "sendfile", ""},
		{"a relay", "read 6 0x10000000 = 65536\nwrite 5 0x10000000 = 65536", "relay-copy", ""},
	} {
		var now int64 = 1
		l := attach.NewLedger(descriptors{now: &now, open: opened()})
		book(t, l, &now, r.script)
		report := l.Report()
		report.Conclude("")
		notes := strings.Join(report.Notes, "\n")
		if !strings.Contains(report.Sentence, r.sentence) || notes != r.note || report.Idle() {
			t.Errorf("%s: %q, notes %q", r.name, report.Sentence, notes)
		}
	}
}

// Files of which the same is to be said are one path to a reader, with the sums of all,
// those beyond the limit of names among them. What another is to be said of stays apart.
func TestPathsThatSayTheSameStandTogether(t *testing.T) {
	var now int64 = 1
	open := opened()
	script := "sendfile 5 3 0 900000 = 900000\n"
	for i := range 200 {
		open[100+i] = attach.Looked{End: attach.End{Kind: attach.File, Name: fmt.Sprintf("/srv/s%03d", i)}}
		script += fmt.Sprintf("read %d 0x10000000 = 48000\nwrite 5 0x10000000 = 48000\n", 100+i)
	}
	l := attach.NewLedger(descriptors{now: &now, open: open})
	book(t, l, &now, script)
	report := l.Report()
	report.Conclude("")
	paths := report.Together()
	if len(paths) != 2 {
		t.Fatalf("%d paths, want 2: %+v", len(paths), paths)
	}
	all := paths[0]
	if want := "200 files (/srv/s"; all.Bytes.Value != 200*48000 || all.Calls["read"] != 200 || all.ModeSwitches.Value != 800 ||
		!strings.HasPrefix(all.Sentence, want) || !strings.Contains(all.Sentence, ", …) → tcp port 80: read-write, 2 CPU copies per byte; ") || all.Techniques[0].Bytes != 200*48000 {
		t.Errorf("%+v", all)
	}
	if paths[1].Technique != attach.Sendfile || paths[1].From.Name != "/srv/film" {
		t.Errorf("%+v", paths[1])
	}
}

// A path whose calls are counted at another has no number of mode switches, rather than 0.
func TestModeSwitchesOfSharedCalls(t *testing.T) {
	var now int64 = 1
	l := attach.NewLedger(descriptors{now: &now, open: opened()})
	book(t, l, &now, "read 3 0x10000000 = 4096\nwrite 5 0x0ffff000 = 8192")
	found := false
	for _, p := range l.Report().Paths {
		if len(p.Calls) == 0 {
			found = true
			if p.ModeSwitches.Known() || !strings.Contains(p.ModeSwitches.Reason, "counted there") {
				t.Errorf("%+v", p)
			}
		}
	}
	if !found {
		t.Error("no path is without calls of its own")
	}
}
