package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// head is what docs/clients.md says above the table.
const head = `# Clients

Which client did what with the broker. Written by ` + "`make clients`" + `, which builds the
broker, starts it on a temporary directory and runs each row; CI runs it too and
fails if a row fails or this page is stale. Each row looks at what came, not only
at exit codes. ` + "`go run ./clients/matrix --server kafka`" + ` runs the same rows against a
real Apache Kafka, so that a row asks for what Kafka does.

`

// table is the page of a run. It holds nothing that changes when nothing did:
// no times, no addresses.
func table(k *kit, results []outcome) []byte {
	var b bytes.Buffer
	b.WriteString(head)
	n := map[string]int{}
	for _, r := range results {
		n[r.verdict]++
	}
	fmt.Fprintf(&b, "%d passed, %d failed, %d skipped.\n", n[passed], n[failed], n[skipped])
	client := ""
	for _, r := range results {
		if r.client != client {
			client = r.client
			title := client
			if v := k.versions[client]; v != "" {
				title += " (" + v + ")"
			}
			fmt.Fprintf(&b, "\n## %s\n\n| scenario | result | what is looked at |\n| --- | --- | --- |\n", title)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.scenario, r.verdict, strings.ReplaceAll(r.asserts, "|", `\|`))
	}
	return b.Bytes()
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
		return errors.New(file + " is stale: run make clients and commit what it wrote")
	}
	return nil
}

// machines is the heading of the client that is the machine's own: its version
// is not ours to choose.
var machines = regexp.MustCompile(`(?m)^## kcat .*$`)

// pinned is a page without what differs from machine to machine.
func pinned(page []byte) []byte { return machines.ReplaceAll(page, []byte("## kcat")) }
