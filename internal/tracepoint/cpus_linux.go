package tracepoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// OnlineCPUs are the numbers of the processors that run, which sysfs lists as
// ranges (Documentation/admin-guide/cputopology.rst).
func OnlineCPUs() ([]int, error) {
	text, err := os.ReadFile("/sys/devices/system/cpu/online")
	if err != nil {
		return nil, err
	}
	return parseCPUs(strings.TrimSpace(string(text)))
}

func parseCPUs(list string) (out []int, err error) {
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, err := strconv.Atoi(first)
		if err != nil {
			return nil, fmt.Errorf("the list of processors is %q", list)
		}
		b, err := strconv.Atoi(last)
		if err != nil {
			return nil, fmt.Errorf("the list of processors is %q", list)
		}
		for ; a <= b; a++ {
			out = append(out, a)
		}
	}
	return out, nil
}
