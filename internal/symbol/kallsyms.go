package symbol

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// ErrHidden: the kernel shows this user no addresses of its code.
var ErrHidden = errors.New("the kernel hides the addresses of its code")

// Kernel has the functions of the running kernel and its modules.
type Kernel struct{ functions ranges }

// ParseKallsyms reads /proc/kallsyms (kernel/kallsyms.c), lines of an address, a type
// and a name, and of a module where it is one's:
//
//	ffffffff81000000 T _text
//	ffffffffc0a01000 t nf_hook	[nf_tables]
//
// Of them it keeps code: t, and w where it is weak (nm(1)). ErrHidden means that all
// addresses are zero.
func ParseKallsyms(r io.Reader) (*Kernel, error) {
	k := &Kernel{}
	lines := bufio.NewScanner(r)
	hidden := true
	for n := 1; lines.Scan(); n++ {
		address, rest, _ := strings.Cut(lines.Text(), " ")
		kind, rest, ok := strings.Cut(rest, " ")
		a, err := strconv.ParseUint(address, 16, 64)
		if err != nil || !ok || len(kind) != 1 || rest == "" {
			return nil, fmt.Errorf("kallsyms, line %d: %q is not an address, a type and a name", n, lines.Text())
		}
		if !strings.Contains("tTwW", kind) {
			continue
		}
		name, _, _ := strings.Cut(rest, "\t")
		hidden = hidden && a == 0
		k.functions = append(k.functions, span{from: a, name: name})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("kallsyms: %w", err)
	}
	if hidden {
		return nil, ErrHidden
	}
	k.functions.sort()
	return k, nil
}

// Function is the function that an address lies in. Of several names for one place it
// is the first; that of constants and parts that the compiler made (".constprop.0",
// ".cold") is without them.
func (k *Kernel) Function(address uint64) (name string, ok bool) {
	s, ok := k.functions.find(address)
	if !ok {
		return "", false
	}
	name, _, _ = strings.Cut(s.name, ".")
	return name, name != ""
}

// span is where a function lies: size 0 means up to the next one.
type span struct {
	from, size uint64
	name       string
}

type ranges []span

func (r ranges) sort() {
	slices.SortStableFunc(r, func(a, b span) int { return cmp.Compare(a.from, b.from) })
}

// find is the span that an address lies in. Of those that begin at one place it is the
// first.
func (r ranges) find(address uint64) (span, bool) {
	i, found := slices.BinarySearchFunc(r, address, func(s span, a uint64) int { return cmp.Compare(s.from, a) })
	if !found {
		i--
	}
	for i > 0 && r[i-1].from == r[i].from {
		i--
	}
	if i < 0 || r[i].size > 0 && address-r[i].from >= r[i].size {
		return span{}, false
	}
	return r[i], true
}
