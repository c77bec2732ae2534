package copyprofile

import (
	"fmt"
	"testing"

	"copyscope/internal/symbol"
)

// Of a chain all but the first are return addresses, and are named by the call before. A
// chain that leads to no code ends there; calls with the same stack and site are one
// sample.
func TestStacks(t *testing.T) {
	b := newBuilder()
	var asked []uint64
	frame := func(address uint64) symbol.Frame {
		asked = append(asked, address)
		if address > 1000 {
			return symbol.Frame{Function: symbol.Unmapped}
		}
		return symbol.Frame{Function: fmt.Sprint("f", address), Known: true}
	}
	read := site{syscall: "read", from: "file", fromName: "/a"}
	b.add(1, []uint64{100, 200, 5000, 300}, frame, read, effect{copied: 10})
	b.add(1, []uint64{100, 200, 6000}, frame, read, effect{copied: 20})
	b.add(1, []uint64{100, 200, 6000}, frame, read, effect{})
	b.add(1, []uint64{100, 200, 6000}, frame, site{syscall: "sendfile", to: "socket"}, effect{lent: 5})
	b.add(2, []uint64{100}, frame, read, effect{copied: 1})
	if got, want := fmt.Sprint(asked), "[100 199 4999 5999 100]"; got != want {
		t.Errorf("named were %s, want %s", got, want)
	}
	p, err := b.done([]string{"told"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range p.Sample {
		text := fmt.Sprint(s.Value, s.Label)
		for _, l := range s.Location {
			text += " " + l.Line[0].Function.Name
		}
		got = append(got, text)
	}
	want := []string{
		"[30 2 3 0] map[from:[file] from_name:[/a] syscall:[read]] f100 f199 [no frame pointers]",
		"[0 0 1 5] map[syscall:[sendfile] to:[socket]] f100 f199 [no frame pointers]",
		"[1 1 1 0] map[from:[file] from_name:[/a] syscall:[read]] f100",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("samples\n%q, want\n%q", got, want)
	}
}

// Names in labels are bounded: those beyond are one, and their bytes are kept.
func TestNamesAreBounded(t *testing.T) {
	b := newBuilder()
	frame := func(uint64) symbol.Frame { return symbol.Frame{Function: "f", Known: true} }
	for i := range maxNames + 10 {
		b.add(1, []uint64{1}, frame, site{syscall: "read", fromName: fmt.Sprint("/", i)}, effect{copied: 1})
	}
	if n := len(b.profile.Sample); n != maxNames+1 {
		t.Errorf("%d samples, want %d", n, maxNames+1)
	}
	last := b.profile.Sample[len(b.profile.Sample)-1]
	if last.Label["from_name"][0] != otherNames || last.Value[CopiedBytes] != 10 {
		t.Errorf("the last is %v with %v", last.Label, last.Value)
	}
}
