package attach_test

import (
	"fmt"
	"os/exec"
	"slices"
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
	want := slices.Concat([]string{"sh", "seq"}, slices.Repeat([]string{"cat"}, times), []string{"sh"})
	if !slices.Equal(names, want) {
		t.Errorf("the processes are %q, want %q", names, want)
	}
	if len(r.Paths) != 1 || r.Paths[0].From.Name != file || r.Paths[0].To.Name != "/dev/null" || r.Paths[0].To.Kind != attach.Device || r.Paths[0].Bytes.Value != times*size || r.Paths[0].CPUCopiesPerByte.Value != 1 {
		t.Errorf("%+v; want %d bytes from %s to /dev/null with 1 copy", r.Paths, times*size, file)
	}
}
