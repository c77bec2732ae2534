package clusterview

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
)

// opened says whether a process has a file of a directory open that is the same file
// here: another mount namespace may have another directory of that name.
func opened(pid int, dir string) error {
	files := filepath.Join(procfs.DefaultMountPoint, strconv.Itoa(pid), "fd")
	entries, err := os.ReadDir(files)
	if err != nil {
		return fmt.Errorf("the files of process %d may not be listed: %w; run copyscope as root or as the broker's user", pid, err)
	}
	for _, e := range entries {
		name := filepath.Join(files, e.Name())
		link, err := os.Readlink(name)
		if err != nil || filepath.Dir(link) != dir || !strings.HasSuffix(link, ".log") {
			continue
		}
		open, err := os.Stat(name)
		if err != nil {
			continue // closed meanwhile
		}
		if here, err := os.Stat(link); err != nil || !os.SameFile(open, here) {
			return errors.New("here it is another one: the broker may run in a container")
		}
		return nil
	}
	return errors.New("the process that listens at its port has no segment of it open")
}
