package symbol_test

import (
	"errors"
	"strings"
	"testing"

	"copyscope/internal/symbol"
)

const kallsyms = `0000000000000000 A fixed_percpu_data
ffffffff81000000 T _text
ffffffff81000000 T startup_64
ffffffff81000100 t helper.constprop.0
ffffffff81000200 D some_data
ffffffff81000200 W weak_one
ffffffffc0a01000 t nf_hook	[nf_tables]
`

func TestKernelFunctions(t *testing.T) {
	k, err := symbol.ParseKallsyms(strings.NewReader(kallsyms))
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[uint64]string{
		0: "", 0xffffffff80ffffff: "", 0xffffffff81000000: "_text", 0xffffffff810000ff: "_text",
		0xffffffff81000100: "helper", 0xffffffff81000201: "weak_one", 0xffffffffc0a01010: "nf_hook",
	} {
		if got, ok := k.Function(address); got != want || ok != (want != "") {
			t.Errorf("%x is %q, %t, want %q", address, got, ok, want)
		}
	}
}

// A user to whom the kernel shows zeros is no user for whom all is at zero.
func TestHiddenKernelFunctions(t *testing.T) {
	_, err := symbol.ParseKallsyms(strings.NewReader("0000000000000000 T _text\n0000000000000000 t helper\n"))
	if !errors.Is(err, symbol.ErrHidden) {
		t.Errorf("%v, want ErrHidden", err)
	}
	for _, bad := range []string{"x T a\n", "ff\n", "ff T\n", "ff TT a\n", "\n"} {
		if _, err := symbol.ParseKallsyms(strings.NewReader(bad)); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%q: %v, want an error that names the line", bad, err)
		}
	}
}

// What a compiler made later replaces what lay there; a line that it is still writing is
// left out.
func TestCompiledFunctions(t *testing.T) {
	const text = "1000 100 old one\n1080 10 in its place\n2000 0 empty\n0x3000 0x20 LFoo;::bar (int)\n1000 40 new one\n4000 10 unfinis"
	c, err := symbol.ParsePerfMap(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[uint64]string{
		0xfff: "", 0x1000: "new one", 0x103f: "new one", 0x1040: "", 0x1080: "in its place", 0x1090: "",
		0x2000: "", 0x301f: "LFoo;::bar (int)", 0x3020: "", 0x4000: "",
	} {
		if got, ok := c.Function(address); got != want || ok != (want != "") {
			t.Errorf("%x is %q, %t, want %q", address, got, ok, want)
		}
	}
	for _, bad := range []string{"1000\n", "1000 x name\n", "x 10 name\n", "1000 10 \n", "ffffffffffffffff 10 past the end\n"} {
		if _, err := symbol.ParsePerfMap(strings.NewReader(bad)); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%q: %v, want an error that names the line", bad, err)
		}
	}
}

func FuzzParsePerfMap(f *testing.F) {
	f.Add("1000 100 a\n1080 10 b c\n", uint64(0x1085))
	f.Add("ffffffffffffffff 1 a\n0 ffffffffffffffff b\n", uint64(1)<<63)
	f.Fuzz(func(t *testing.T, text string, address uint64) {
		c, err := symbol.ParsePerfMap(strings.NewReader(text))
		if err != nil {
			return
		}
		if name, ok := c.Function(address); ok && !strings.Contains(text, name) {
			t.Errorf("%x has the name %q, which is not in %q", address, name, text)
		}
	})
}

func FuzzParseKallsyms(f *testing.F) {
	f.Add(kallsyms, uint64(0xffffffff81000150))
	f.Fuzz(func(t *testing.T, text string, address uint64) {
		k, err := symbol.ParseKallsyms(strings.NewReader(text))
		if err != nil {
			return
		}
		if name, ok := k.Function(address); ok && !strings.Contains(text, name) {
			t.Errorf("%x has the name %q, which is not in %q", address, name, text)
		}
	})
}
