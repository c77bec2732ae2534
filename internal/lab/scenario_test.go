package lab_test

import (
	"errors"
	"strings"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

func TestScenarioTextIsComplete(t *testing.T) {
	for _, text := range []string{
		"read-write,side=sim,model=textbook,size=64KiB,chunk=64KiB,cache=cold,net=nic,dma=on,sg=on",
		"sendfile,side=sim,model=linux,size=1GiB,chunk=1MiB,cache=warm,net=loopback,dma=off,sg=off",
		"mmap-write,side=real,size=4097B,chunk=4KiB,cache=warm,net=loopback,touch=on",
		"splice,side=sim,model=linux,size=64MiB,chunk=64KiB,cache=cold,net=nic,dma=on,sg=off,profile=hdd-1g",
	} {
		s, err := lab.ParseScenario(text, lab.Default())
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if s.String() != text {
			t.Errorf("%s\ncame back as\n%s", text, s)
		}
	}
}

// Scenarios that give the same run are the same scenario.
func TestNormalScenario(t *testing.T) {
	real := lab.Default()
	real.Side, real.SG, real.DMA = trace.Real, false, false
	other := lab.Default()
	other.Side = trace.Real
	if real.Normal() != other.Normal() {
		t.Errorf("%v and %v differ, but a real run has no switches", real.Normal(), other.Normal())
	}
	book := lab.Default()
	book.Model = lab.Textbook
	if book.Normal().Net != lab.NIC {
		t.Error("the textbook sends through a network card")
	}
}

func TestBadScenarioNamesTheField(t *testing.T) {
	for text, field := range map[string]string{
		"teleport":                                  "path",
		"sendfile,side=moon":                        "side",
		"sendfile,model=bsd":                        "model",
		"sendfile,size=0":                           "size",
		"sendfile,size=-1":                          "size",
		"sendfile,size=9EiB":                        "size",
		"sendfile,size=lots":                        "size",
		"sendfile,chunk=0":                          "chunk",
		"sendfile,cache=lukewarm":                   "cache",
		"sendfile,net=token-ring":                   "net",
		"sendfile,dma=yes":                          "dma",
		"sendfile,sg":                               "scenario",
		"sendfile,colour=red":                       "scenario",
		"sendfile,touch=on":                         "touch",
		"sendfile,profile=floppy-1g":                "profile",
		strings.Repeat("x", 1000):                   "path",
		"sendfile,size=" + strings.Repeat("9", 400): "size",
	} {
		_, err := lab.ParseScenario(text, lab.Default())
		var f *lab.FieldError
		if !errors.As(err, &f) || f.Field != field || f.Remedy == "" {
			t.Errorf("%.40s: error %v, want one that names %s and a remedy", text, err, field)
		}
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{"1": 1, "4096": 4096, "64KiB": 65536, "1GiB": 1 << 30, "1GB": 1e9, "1.5KiB": 1536} {
		if n, err := lab.ParseSize("size", text); n != want || err != nil {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", text, n, err, want)
		}
	}
	for text, want := range map[string]string{
		"8": "", "64KiB": "", "1GiB": "", // the ends are within
		"7": "use 8B to 1GiB", "1TB": "use 8B to 1GiB", "0": "use 8B to 1GiB", "99999999999999999999": "use 8B to 1GiB", "99999999999999999999EiB": "use 8B to 1GiB",
		"": "write a size above 0 such as 4096, 64KiB, 1GiB or 1GB", "-9": "write a size above 0 such as 4096, 64KiB, 1GiB or 1GB",
	} {
		n, err := lab.ParseSizeWithin("size", text, 8, 1<<30)
		var f *lab.FieldError
		if want == "" && (err != nil || n < 8) || want != "" && (!errors.As(err, &f) || f.Remedy != want) {
			t.Errorf("ParseSizeWithin(%q) = %d, %v; want the remedy %q", text, n, err, want)
		}
	}
	for _, n := range []int64{1, 1023, 1024, 1 << 20, 3 << 29, 1e9, lab.MaxSize} {
		if back, err := lab.ParseSize("size", lab.FormatSize(n)); back != n || err != nil {
			t.Errorf("%d became %q, which reads as %d (%v)", n, lab.FormatSize(n), back, err)
		}
	}
}
