package attach

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// underWay is the call that a thread is blocked in, by proc_pid_syscall(5): number and
// arguments, the latter in hexadecimal. ok is false if it runs, or nobody may know.
func underWay(process, thread int) (e entered, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/syscall", process, thread))
	if err != nil {
		return e, false
	}
	words := strings.Fields(string(text))
	if len(words) < 1+len(e.args) { // "running", or "-1" in no call
		return e, false
	}
	if e.id, err = strconv.ParseInt(words[0], 10, 64); err != nil {
		return e, false
	}
	for i := range e.args {
		if e.args[i], err = strconv.ParseUint(words[1+i], 0, 64); err != nil {
			return e, false
		}
	}
	return e, true
}
