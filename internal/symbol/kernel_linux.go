package symbol

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
)

// LoadKernel reads the running kernel's functions, once. The error says what would let
// this user see them.
var LoadKernel = sync.OnceValues(func() (*Kernel, error) {
	f, err := os.Open("/proc/kallsyms")
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("the kernel was built without its names (CONFIG_KALLSYMS): %w", err)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	k, err := ParseKallsyms(f)
	if errors.Is(err, ErrHidden) {
		restrict, _ := os.ReadFile("/proc/sys/kernel/kptr_restrict")
		return nil, fmt.Errorf("%w from user %d (kernel.kptr_restrict=%s): run it as root, or sudo sysctl -w kernel.kptr_restrict=0 kernel.perf_event_paranoid=1",
			err, os.Geteuid(), strings.TrimSpace(string(restrict)))
	}
	return k, err
})
