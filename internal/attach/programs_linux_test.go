package attach_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"copyscope/internal/attach"
)

// A program that was over before anybody looked has its name, and so have the files that it
// opened, and the device that its output went to.
func TestAProgramThatWasOverAtOnce(t *testing.T) {
	privileged(t)
	const size, times = 1 << 20, 20
	file := makeFile(t, size)
	shell := exec.Command("sh", "-c", fmt.Sprintf("read line; for i in $(seq %d); do cat %s >/dev/null; done; (:); read line", times, file))
	in, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	r := watch(t, attach.Options{Processes: []int{shell.Process.Pid}, Follow: true}, func() {
		fmt.Fprintln(in, "go")
		time.Sleep(time.Second)
	})
	in.Close()
	_ = shell.Wait()
	var names []string
	for _, p := range r.Processes {
		names = append(names, p.Name)
	}
	slices.Sort(names) // the numbers may have begun anew
	want := append(slices.Repeat([]string{"cat"}, times), "seq", "sh", "sh")
	if !slices.Equal(names, want) {
		t.Errorf("the processes are %q, want %q", names, want)
	}
	if len(r.Paths) != 1 || r.Paths[0].From.Name != file || r.Paths[0].To.Name != "/dev/null" || r.Paths[0].To.Kind != attach.Device || r.Paths[0].Bytes.Value != times*size || r.Paths[0].CPUCopiesPerByte.Value != 1 {
		t.Errorf("%+v; want %d bytes from %s to /dev/null with 1 copy", r.Paths, times*size, file)
	}
}

// Processes that have ended take no room from those that come: the last of thousands has its
// file named, as the first.
func TestTheLastOfThousandsOfProcesses(t *testing.T) {
	privileged(t)
	const size, before = 1 << 20, 5000
	file := makeFile(t, size)
	shell := exec.Command("sh", "-c", fmt.Sprintf("read line; for i in $(seq %d); do (:); done; cat %s >/dev/null; echo done; read line", before, file))
	in, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = shell.Wait() })
	r := watch(t, attach.Options{Processes: []int{shell.Process.Pid}, Follow: true}, func() {
		fmt.Fprintln(in, "go")
		if _, err := out.Read(make([]byte, 8)); err != nil {
			t.Error(err)
		}
	})
	if len(r.Processes) < before || len(r.Paths) != 1 || r.Paths[0].From.Name != file {
		t.Errorf("%d processes, %+v; want %d at least, and %s", len(r.Processes), r.Paths, before, file)
	}
	if said := strings.Join(r.Notes, "; "); !strings.Contains(said, " processes ended while they were watched") || strings.Contains(said, "process ") {
		t.Errorf("the notes are %.300q; want one of all that ended", said)
	}
	if shown, others := r.Foremost(1); len(shown) != 1 || shown[0].Name != "cat" || others != len(r.Processes)-1 {
		t.Errorf("%+v and %d others; want cat", shown, others)
	}
}
