package host

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// parseVMStat reads /proc/vmstat, lines of a name and a number
// (vmstat_show, mm/vmstat.c):
//
//	pgpgin 5166789
//	pgfault 27221696
//
// pgpgin and pgpgout are in KiB, all else in times or pages.
func parseVMStat(r io.Reader) (map[string]uint64, error) {
	out := map[string]uint64{}
	for lines := bufio.NewScanner(r); ; {
		if !lines.Scan() {
			return out, lines.Err()
		}
		name, number, ok := strings.Cut(lines.Text(), " ")
		n, err := strconv.ParseUint(number, 10, 64)
		if !ok || err != nil {
			return nil, fmt.Errorf("line %q: want a name and a number", lines.Text())
		}
		out[name] = n
	}
}
