package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// errNoInterrupts: nothing under /sys/devices tells of the disk's interrupts.
var errNoInterrupts = errors.New("the file's disk has no interrupts of its own that the kernel names")

// interruptsOf are the numbers of the interrupts of a disk's controller, as
// irq:irq_handler_entry tells them: those of its PCI function (msi_irqs,
// Documentation/ABI/testing/sysfs-bus-pci), else the one it has by wire. None if the
// disk is made of software.
func interruptsOf(major, minor uint32) (numbers []int) {
	dir, err := filepath.EvalSymlinks(fmt.Sprintf("/sys/dev/block/%d:%d", major, minor))
	for ; err == nil && strings.HasPrefix(dir, "/sys/devices/"); dir = filepath.Dir(dir) {
		entries, none := os.ReadDir(filepath.Join(dir, "msi_irqs"))
		for _, e := range entries {
			if n, bad := strconv.Atoi(e.Name()); bad == nil {
				numbers = append(numbers, n)
			}
		}
		if none == nil && len(numbers) > 0 {
			return numbers
		}
		if text, none := os.ReadFile(filepath.Join(dir, "irq")); none == nil {
			if n, bad := strconv.Atoi(strings.TrimSpace(string(text))); bad == nil && n > 0 {
				return []int{n}
			}
		}
	}
	return nil
}
