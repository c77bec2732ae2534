package attach

import (
	"path/filepath"

	"copyscope/internal/tracepoint"
)

// pointExec is passed when a process begins another program.
const pointExec = "sched:sched_process_exec"

// commBytes is how long a thread's name is, without its NUL (TASK_COMM_LEN,
// include/linux/sched.h).
const commBytes = 15

// programs tells which program a process begins: one that ended before anybody looked has
// a name all the same.
type programs struct {
	point *tracepoint.Event
	file  tracepoint.Field
}

// newPrograms is nil where the kernel has no such tracepoint.
func newPrograms() *programs {
	points, err := tracepoint.LoadAll(pointExec)
	if err != nil {
		return nil
	}
	p := &programs{point: points[pointExec]}
	if p.file, err = p.point.Field("filename"); err != nil {
		return nil
	}
	return p
}

// wanted are the events that are to be seen.
func (p *programs) wanted() []tracepoint.Wanted {
	if p == nil {
		return nil
	}
	return []tracepoint.Wanted{{Event: p.point}}
}

// hit is the name that a process has from now on, if a record tells of one.
func (p *programs) hit(h tracepoint.Hit) (comm string, ok bool) {
	if p == nil || uint64(h.ID) != p.point.ID {
		return "", false
	}
	comm = filepath.Base(p.file.String(h.Raw))
	return comm[:min(len(comm), commBytes)], true
}
