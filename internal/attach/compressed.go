package attach

import (
	"cmp"
	"slices"
)

// The packages of Go programs that compress.
const (
	goFlate     = "compress/flate"
	goKlauspost = "klauspost/compress"
	goBrotli    = "andybalholm/brotli"
)

// compressors are the libraries, and the packages of Go programs, that compress.
var compressors = []string{"libz.", "libz-", "libzstd", "libbrotlienc", goFlate, goKlauspost, goBrotli}

// compressor is what one of the processes has that compresses; empty if nothing does.
// An interpreter maps such a library for its own sake: that of Python is no sign.
func (r *Report) compressor() string {
	for _, p := range r.Processes {
		if p.Runtime == python {
			continue
		}
		if found := library(p.Libraries, compressors...); found != "" {
			return found
		}
	}
	return ""
}

// judgeLess says of a path that sends less than is read for it that it compresses only
// where there is something to do it with; else why is not known.
func (p *Path) judgeLess(compressor string) {
	i := slices.IndexFunc(p.Techniques, func(s Share) bool { return s.Technique == Compress })
	if i < 0 {
		return
	}
	s := p.Techniques[i]
	if compressor != "" {
		p.Techniques[i].Evidence = s.Evidence + "; it has " + compressor
		return
	}
	p.less = true
	s.Technique, s.Evidence = Rewrite, s.Evidence+"; why is not known"
	p.Techniques = slices.Delete(p.Techniques, i, i+1)
	if j := slices.IndexFunc(p.Techniques, func(s Share) bool { return s.Technique == Rewrite }); j >= 0 {
		s.Bytes += p.Techniques[j].Bytes
		s.Share += p.Techniques[j].Share
		p.Techniques = slices.Delete(p.Techniques, j, j+1)
	}
	p.Techniques = append(p.Techniques, s)
	slices.SortFunc(p.Techniques, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Technique, b.Technique))
	})
	p.Technique = dominant(p.Techniques)
}
