package attach

import "copyscope/internal/tracepoint"

// The tracepoints of io_uring: a request is submitted, its descriptors are looked up,
// it completes. Who makes the hit may be a thread of the kernel's own in the process.
const (
	pointSubmit   = "io_uring:io_uring_submit_req"
	pointFileGet  = "io_uring:io_uring_file_get"
	pointComplete = "io_uring:io_uring_complete"
)

// rings follows requests from their submission to their completion, by the kernel's
// address of them.
type rings struct {
	points map[string]*tracepoint.Event
	field  struct {
		submitted, opcode, got, fd, completed, result, flags tracepoint.Field
	}
	pending map[int64]*Request
}

// newRings is nil where the kernel has no io_uring, or was built without its
// tracepoints.
func newRings() *rings {
	points, err := tracepoint.LoadAll(pointSubmit, pointFileGet, pointComplete)
	if err != nil {
		return nil
	}
	r := &rings{points: points, pending: map[int64]*Request{}}
	for _, f := range []struct {
		to          *tracepoint.Field
		point, name string
	}{
		{&r.field.submitted, pointSubmit, "req"}, {&r.field.opcode, pointSubmit, "opcode"},
		{&r.field.got, pointFileGet, "req"}, {&r.field.fd, pointFileGet, "fd"},
		{&r.field.completed, pointComplete, "req"}, {&r.field.result, pointComplete, "res"}, {&r.field.flags, pointComplete, "cflags"},
	} {
		if *f.to, err = points[f.point].Field(f.name); err != nil {
			return nil
		}
	}
	return r
}

// wanted are the events that are to be seen.
func (r *rings) wanted() (out []tracepoint.Wanted) {
	if r == nil {
		return nil
	}
	for _, e := range r.points {
		out = append(out, tracepoint.Wanted{Event: e})
	}
	return out
}

// hit takes one record, and returns the request that it completes.
func (r *rings) hit(h tracepoint.Hit) (done Request, ok bool) {
	if r == nil {
		return Request{}, false
	}
	const more = 2 // IORING_CQE_F_MORE: more completions of it will come
	switch uint64(h.ID) {
	case r.points[pointSubmit].ID:
		r.pending[r.field.submitted.Int(h.Raw)] = &Request{Thread: int(h.Thread), Opcode: int(r.field.opcode.Int(h.Raw))}
	case r.points[pointFileGet].ID:
		if q := r.pending[r.field.got.Int(h.Raw)]; q != nil {
			q.Descriptors = append(q.Descriptors, int(r.field.fd.Int(h.Raw)))
		}
	case r.points[pointComplete].ID:
		at := r.field.completed.Int(h.Raw)
		q := r.pending[at]
		if q == nil {
			return Request{}, false
		}
		if r.field.flags.Int(h.Raw)&more == 0 {
			delete(r.pending, at)
		}
		q.At, q.Result = h.At, r.field.result.Int(h.Raw)
		return *q, true
	}
	return Request{}, false
}
