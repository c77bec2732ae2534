package attach

import (
	"bytes"
	"debug/elf"
	"fmt"
	"slices"
	"strings"
)

// goCompressing names functions that are in a Go program only if it compresses: the
// linker leaves out what is never called.
var goCompressing = map[string]string{
	goFlate: "compress/flate.(*compressor).deflate", goKlauspost: "klauspost/compress/flate.(*compressor).", goBrotli: "andybalholm/brotli.(*Writer).Write",
}

// goCompressors are the packages that compress in the Go program of a process, by the
// names of its functions (.gopclntab), which even a stripped program has.
func goCompressors(pid int) (out []string) {
	f, err := elf.Open(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return nil
	}
	defer f.Close()
	for _, s := range f.Sections {
		if !strings.HasSuffix(s.Name, "gopclntab") {
			continue
		}
		names, err := s.Data()
		if err != nil {
			return nil
		}
		for library, function := range goCompressing {
			if bytes.Contains(names, []byte(function)) {
				out = append(out, library)
			}
		}
	}
	slices.Sort(out)
	return out
}
