package host

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// parsePaired reads /proc/net/snmp and /proc/net/netstat: lines come in pairs,
// names and then numbers, both after the same word (snmp_seq_show_tcp_udp,
// netstat_seq_show, net/ipv4/proc.c):
//
//	Tcp: ActiveOpens PassiveOpens
//	Tcp: 2808139 2785342
//
// The fields of the result are named "Tcp ActiveOpens". procfs reads these
// files too, but knows no TCPBacklogCoalesce.
func parsePaired(r io.Reader) (map[string]float64, error) {
	out := map[string]float64{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		names := strings.Fields(lines.Text())
		if !lines.Scan() {
			return nil, fmt.Errorf("line %q has no line of numbers", strings.Join(names, " "))
		}
		numbers := strings.Fields(lines.Text())
		if len(names) != len(numbers) || len(names) == 0 || names[0] != numbers[0] {
			return nil, fmt.Errorf("line %q does not fit the names above it", lines.Text())
		}
		group := strings.TrimSuffix(names[0], ":")
		for i := 1; i < len(names); i++ {
			n, err := strconv.ParseFloat(numbers[i], 64) // MaxConn is -1
			if err != nil {
				return nil, fmt.Errorf("%s %s is %q: want a number", group, names[i], numbers[i])
			}
			out[group+" "+names[i]] = n
		}
	}
	return out, lines.Err()
}
