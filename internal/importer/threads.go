package importer

import "fmt"

// threads numbers the threads of a trace from 0, in the order in which they appear.
type threads struct {
	index map[int]int
	names []string
}

// Thread is the number of a thread by its id in the system; name is the program's,
// where the trace tells it.
func (t *Timeline) Thread(tid int, name string) int {
	if i, ok := t.threads.index[tid]; ok {
		return i
	}
	i := len(t.threads.names)
	t.threads.index[tid] = i
	label := fmt.Sprintf("thread %d", tid)
	if name != "" {
		label = fmt.Sprintf("%s %d", name, tid)
	}
	t.threads.names = append(t.threads.names, label)
	return i
}
