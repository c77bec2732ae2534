package host

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// interrupt is one line of /proc/interrupts.
type interrupt struct {
	// name is what the reader knows it by: the devices of a numbered line
	// ("virtio1-req.0"), the description of another ("Local timer interrupts").
	name  string
	byCPU map[string]float64
}

// parseInterrupts reads /proc/interrupts (show_interrupts, kernel/irq/proc.c):
//
//	           CPU0       CPU1
//	 36:          0   12621950 PCI-MSIX-0000:00:02.0   1-edge      virtio1-req.0
//	LOC:   47029566   42334947   Local timer interrupts
//	ERR:          0
//
// A processor may come or go while the kernel writes the lines: one with fewer
// numbers than the first line names is taken as it is. procfs reads the file
// too, and panics there.
func parseInterrupts(r io.Reader) (map[string]interrupt, error) {
	lines := bufio.NewScanner(r)
	if !lines.Scan() {
		return nil, errors.Join(errors.New("the file is empty"), lines.Err())
	}
	cpus := strings.Fields(lines.Text())
	out := map[string]interrupt{}
	for lines.Scan() {
		id, rest, ok := strings.Cut(lines.Text(), ":")
		if !ok {
			return nil, fmt.Errorf("line %q: want a number or a short name before a colon", lines.Text())
		}
		words := strings.Fields(rest)
		in := interrupt{byCPU: map[string]float64{}}
		for len(words) > 0 && len(in.byCPU) < len(cpus) {
			n, err := strconv.ParseUint(words[0], 10, 64)
			if err != nil {
				break
			}
			in.byCPU[cpus[len(in.byCPU)]] = float64(n)
			words = words[1:]
		}
		id = strings.TrimSpace(id)
		if _, err := strconv.Atoi(id); err == nil && len(words) > 2 {
			words = words[2:] // the controller, and the line's number and kind there
		}
		if in.name = strings.Join(words, " "); in.name == "" {
			in.name = id
		}
		out[id] = in
	}
	return out, lines.Err()
}

// interruptsShown is how many interrupts are shown one by one: a server has
// hundreds.
const interruptsShown = 8

// shownInterrupt is one that came often since the system started.
type shownInterrupt struct{ id, name string }

// mostFrequent picks those to show, in the order of their names.
func mostFrequent(all map[string]interrupt) []shownInterrupt {
	total := func(id string) (sum float64) {
		for _, n := range all[id].byCPU {
			sum += n
		}
		return sum
	}
	ids := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(-cmp.Compare(total(a), total(b)), cmp.Compare(a, b))
	})
	ids = slices.DeleteFunc(ids[:min(len(ids), interruptsShown)], func(id string) bool { return total(id) == 0 })
	shown := make([]shownInterrupt, len(ids))
	for i, id := range ids {
		shown[i] = shownInterrupt{id, all[id].name}
	}
	slices.SortFunc(shown, func(a, b shownInterrupt) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id)) })
	return shown
}
