package host

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// Alias makes the alias probe: it sends a file piece by piece with the very
// program, on the measured kernel, over loopback or the lab network. When a send has returned, and
// before the receiver reads, it overwrites the piece in the file. What arrives
// then shows whether the path took a copy or lent the page. It needs no
// privilege.
func Alias(ctx context.Context, program transfer.Program, o AliasOptions) (AliasResult, error) {
	if o.Pieces <= 0 {
		o.Pieces = 8
	}
	if o.PieceBytes <= 0 {
		o.PieceBytes = 16 << 10
	}
	r := AliasResult{Path: program.Path, Pieces: o.Pieces, PieceBytes: o.PieceBytes, Provenance: trace.Measured}
	if !Aliased(program) {
		return r, fmt.Errorf("alias probe of %s: its bytes do not come from a file, or do not arrive as they are in it", program.Path)
	}
	src, err := NewSource(ctx, o.Dir, int64(o.Pieces)*int64(o.PieceBytes))
	if err != nil {
		return r, err
	}
	defer src.Close()
	w, err := openWires(program, o.Net)
	if err != nil {
		return r, err
	}
	defer w.close()
	defer context.AfterFunc(ctx, w.abort)()

	done := make(chan error)
	go func() { done <- r.probe(program, src.file, w) }()
	if err := <-done; err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return r, fmt.Errorf("alias probe of %s: %w", program.Path, err)
	}
	r.judge(program.Sinks)
	return r, nil
}

func (r *AliasResult) probe(program transfer.Program, file *os.File, w *wires) error {
	m, err := NewMeasured(w.socket(), trace.NewCounter(0, trace.Measured, nil), MeasuredOptions{})
	if err != nil {
		return err
	}
	defer m.End()
	n := r.PieceBytes
	job := transfer.Job{In: m.File(file), Bytes: int64(n), Chunk: n}
	w.connect(m, &job)
	old, changed, got := make([]byte, n), make([]byte, n), make([]byte, n)
	for i := range r.Pieces {
		off := int64(i) * int64(n)
		if _, err := file.ReadAt(old, off); err != nil {
			return err
		}
		for j := range old {
			changed[j] = ^old[j]
		}
		job.Offset = off
		if _, err := program.Send(m, job); err != nil {
			return err
		}
		if _, err := file.WriteAt(changed, off); err != nil {
			return fmt.Errorf("overwrite the source: %w", err)
		}
		for _, l := range w.receivers() {
			if err := readFull(l.recv, got); err != nil {
				return fmt.Errorf("receive piece %d: %w", i, err)
			}
			if err := r.look(old, changed, got); err != nil {
				return fmt.Errorf("piece %d: %w", i, err)
			}
		}
	}
	return nil
}

// look sorts one piece that arrived.
func (r *AliasResult) look(old, changed, got []byte) error {
	var olds, news int64
	for i, b := range got {
		switch b {
		case old[i]:
			olds++
		case changed[i]:
			news++
		default:
			return fmt.Errorf("byte %d arrived as %#x, was %#x and became %#x", i, b, old[i], changed[i])
		}
	}
	r.OldBytes += olds
	r.NewBytes += news
	switch {
	case news == 0:
		r.Copied++
	case olds == 0:
		r.Lent++
	default:
		r.Mixed++
	}
	return nil
}

// readFull reads until b is full.
func readFull(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Read(fd, b)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return unix.ECONNRESET
		}
		b = b[n:]
	}
	return nil
}
