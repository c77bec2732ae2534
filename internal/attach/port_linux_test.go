package attach_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"copyscope/internal/attach"
)

// An nginx with two ports: what goes by the one says nothing of the other, and the
// workers of a new configuration are watched like the old ones.
func TestOnePortOfNginx(t *testing.T) {
	const bytes = 8 << 20
	file := makeFile(t, bytes)
	other := freeAddress(t)
	s := startNginx(t, filepath.Dir(file), fmt.Sprintf("sendfile off;\n}\nserver {\nlisten %s;\nroot %s;\nsendfile on;", other, filepath.Dir(file)))
	url := func(address string) string { return "http://" + address + "/" + filepath.Base(file) }
	asked := port(t, s.address)
	pids, err := attach.OfPort(asked)
	if err != nil {
		t.Fatal(err)
	}
	r := watch(t, attach.Options{Processes: pids, Port: asked}, func() { get(t, url(other), bytes, bytes) })
	if err := r.Expect(attach.Sendfile); err == nil || r.Verdict.Bytes != 0 || !strings.Contains(r.Sentence, fmt.Sprintf("moved at port %d", asked)) {
		t.Errorf("with traffic at %s only: %v, %q", other, err, r.Sentence)
	}
	r = watch(t, attach.Options{Processes: pids, Port: asked}, func() {
		get(t, url(other), bytes, bytes)
		get(t, url(s.address), bytes, bytes)
	})
	if err := r.Expect(attach.ReadWrite); err != nil || r.Verdict.Bytes != bytes {
		t.Errorf("%v, %d bytes, want %d: %q", err, r.Verdict.Bytes, bytes, r.Sentence)
	}

	old := len(pids)
	r = watch(t, attach.Options{Processes: pids, Port: asked}, func() {
		if text, err := exec.Command("kill", "-HUP", fmt.Sprint(s.pid)).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, text)
		}
		for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(20 * time.Millisecond) {
			now, err := attach.OfPort(asked)
			if err == nil && len(now) == old && now[old-1] != pids[old-1] { // the old worker has left
				break
			}
		}
		get(t, url(s.address), bytes, bytes)
	})
	if r.Verdict.Bytes != bytes || len(r.Processes) <= old {
		t.Errorf("after a reload: %d bytes of %d by %+v: %q", r.Verdict.Bytes, bytes, r.Processes, r.Sentence)
	}
}
