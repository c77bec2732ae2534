//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/dustin/go-humanize"
)

// pageHead is what docs/servers.md says above the table.
const pageHead = `# Servers

What ` + "`copyscope attach`" + ` says of real servers. Written by ` + "`make servers`" + ` (as root),
which builds copyscope and runs each row twice: strace(1) counts the calls of a
load, then ` + "`copyscope attach`" + ` watches the same load. A row passes if attach names
the technique, if its bytes are those that the reader of the load counted, and if
its calls are strace's: the same number where the table says *equal*, otherwise a
number that fits the bytes, since how much one call carries then depends on who
was quicker. The pieces are what strace saw, and are looked at too. Each row also
has attach expect sendfile, and its exit code must say
whether it was. *CPU copies* are those between kernel and user memory, per byte, on
the server's side. CI runs the rows that take seconds.

Servers and load run in a network namespace of their own, with Reno and with a
send buffer that takes the whole file. So no call ends short because the reader
was late; on another machine the same server makes more calls for the same bytes.

`

// table is the page of a run. It holds nothing that changes when nothing did:
// no times, no addresses, no counts.
func table(k *kit, results []outcome) []byte {
	var b bytes.Buffer
	b.WriteString(pageHead)
	n := map[string]int{}
	for _, r := range results {
		n[r.verdict]++
	}
	fmt.Fprintf(&b, "%d passed, %d failed, %d skipped.\n", n[passed], n[failed], n[skipped])
	server := ""
	for _, r := range results {
		if r.server != server {
			server = r.server
			title := server
			if v := k.versions[server]; v != "" {
				title += " (" + v + ")"
			}
			fmt.Fprintf(&b, "\n## %s\n\n| setting | what carries the bytes | in pieces of | calls | CPU copies | attach | result |\n| --- | --- | --- | --- | --- | --- | --- |\n", title)
		}
		fmt.Fprintln(&b, r.line())
	}
	return b.Bytes()
}

func (o outcome) line() string {
	var legs, pieces, calls []string
	for _, l := range o.want.legs {
		legs = append(legs, "`"+strings.ReplaceAll(l.call, "|", "`, `")+"` "+l.from.shown()+" → "+l.to.shown())
		pieces = append(pieces, l.pieces())
		calls = append(calls, l.agree.String())
	}
	copies := "–"
	if o.want.copies >= 0 {
		copies = fmt.Sprintf("%g", o.want.copies)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s |", o.setup, strings.Join(legs, ", "), strings.Join(pieces, ", "), strings.Join(calls, ", "), copies, o.report.Verdict.Technique, o.verdict)
}

// pieces is what a call carries, for the table.
func (l leg) pieces() string {
	switch {
	case l.piece == 0:
		return "any size"
	case l.piece == callLimit:
		return "2 GiB less a page"
	default:
		return humanize.IBytes(uint64(l.piece))
	}
}

// writeTable writes the page; with check it holds the page that is there to it.
func writeTable(file string, page []byte, check bool) error {
	if !check {
		return os.WriteFile(file, page, 0o644)
	}
	have, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !bytes.Equal(pinned(have), pinned(page)) {
		return errors.New(file + " is stale: run make servers and commit what it wrote")
	}
	return nil
}

// machines are the headings of the servers that are the machine's own: their
// versions are not ours to choose.
var machines = regexp.MustCompile(`(?m)^## (` + strings.Join([]string{nginxServer, haproxyServer, pythonServer, jdkServer, goServer}, "|") + `) \(.*\)$`)

// pinned is a page without what differs from machine to machine.
func pinned(page []byte) []byte { return machines.ReplaceAll(page, []byte("## $1")) }

// allRows are the rows of every server, in the order of the table.
func allRows() (rows []row) {
	for _, more := range [][]row{nginxRows(), haproxyRows(), goRows(), pythonRows(), jdkRows(), tomcatRows(), kafkaRows(), ourRows()} {
		rows = append(rows, more...)
	}
	return rows
}
