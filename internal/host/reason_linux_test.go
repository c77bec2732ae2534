package host_test

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/trace"
)

// Without privilege the reason of each count names the tracepoint that would tell it, though
// all are opened together and the first of them is what fails.
func TestACountNamesItsOwnTracepoint(t *testing.T) {
	const child = "COPYSCOPE_TEST_UNPRIVILEGED"
	if os.Geteuid() == 0 && os.Getenv(child) == "" {
		c := exec.Command(os.Args[0], "-test.run", "^TestACountNamesItsOwnTracepoint$")
		c.Env = append(os.Environ(), child+"=1")
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	if os.Geteuid() == 0 {
		for _, err := range []error{syscall.Setgroups(nil), syscall.Setgid(65534), syscall.Setuid(65534)} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	watch := host.Watch(host.Options{})
	for count, point := range map[trace.CountName]string{trace.Interrupts: "irq:irq_handler_entry", trace.PageCacheEvictions: "filemap:mm_filemap_delete_from_page_cache"} {
		if b := watch[count]; b.Provenance == trace.Measured || b.Reason != point+" would tell: this user may not read the kernel's tracepoints, root may; see copyscope doctor" {
			t.Errorf("%s: %+v", count, b)
		}
	}
}
