package attach_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"copyscope/internal/attach"
)

// copies copies from a file to another as many bytes as a line of the standard input
// says, and leaves both open until there is another.
const copies = `
import os, sys
a, b = os.open(sys.argv[1], os.O_RDONLY), os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT)
left = int(input())
while left > 0: left -= os.write(b, os.read(a, 4096))
print("done", flush=True)
input()
`

// What is written to /dev/null nobody looks at, and what is read of /dev/zero clears the
// buffer: both count as bytes, and neither as a copy.
func TestMemoryDevicesCopyNothing(t *testing.T) {
	privileged(t)
	python, err := exec.LookPath("python3")
	if err != nil {
		missing(t, "python3 is not installed")
	}
	const size = 4 << 20
	file, made := makeFile(t, size), filepath.Join(t.TempDir(), "made")
	for _, c := range []struct {
		from, to string
		copies   float64
		said     []string
	}{
		{file, made, 2, nil},
		{file, "/dev/null", 1, []string{"/dev/null does not look at"}},
		{"/dev/zero", made, 1, []string{"/dev/zero clears the buffer"}},
		{"/dev/zero", "/dev/null", 0, []string{"/dev/zero clears the buffer", "/dev/null does not look at"}},
	} {
		copier := exec.Command(python, "-c", copies, c.from, c.to)
		in, err := copier.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := copier.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := copier.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { in.Close(); _ = copier.Wait() })
		r := watch(t, attach.Options{Processes: []int{copier.Process.Pid}}, func() {
			fmt.Fprintln(in, size)
			if _, err := out.Read(make([]byte, 8)); err != nil {
				t.Error(err)
			}
		})
		i := slices.IndexFunc(r.Paths, func(p attach.Path) bool { return p.From.Name == c.from && p.To.Name == c.to })
		if i < 0 {
			t.Fatalf("%s to %s: %+v", c.from, c.to, r.Paths)
		}
		p := r.Paths[i]
		if p.Bytes.Value != size || p.CPUCopiesPerByte.Value != c.copies || p.Technique != attach.ReadWrite {
			t.Errorf("%s to %s: %+v, %+v copies, %s; want %d bytes, %v copies", c.from, c.to, p.Bytes, p.CPUCopiesPerByte, p.Technique, size, c.copies)
		}
		for _, words := range c.said {
			if !strings.Contains(p.Techniques[0].Evidence, words) {
				t.Errorf("%s to %s: %q does not say that %s", c.from, c.to, p.Techniques[0].Evidence, words)
			}
		}
	}
}
