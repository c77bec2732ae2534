package lab

import (
	"context"
	"fmt"
	"strconv"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// MaxConnections bounds [Options].Connections.
const MaxConnections = 10_000

// checkConnections says whether a scenario can have so many connections: each
// sends a part of its own, of a page or more.
func checkConnections(s Scenario, n int) error {
	switch {
	case n > 1 && s.Side == trace.Real:
		return &FieldError{"connections", strconv.Itoa(n), "a real run has one; use side=sim for more"}
	case n < 0 || n > MaxConnections:
		return &FieldError{"connections", strconv.Itoa(n), fmt.Sprintf("use 1 to %d", MaxConnections)}
	case n > 1 && s.Size/sim.PageBytes < int64(n):
		return &FieldError{"size", FormatSize(s.Size), fmt.Sprintf("%d connections send a page of %d bytes or more each; use %s or more",
			n, sim.PageBytes, FormatSize(int64(n)*sim.PageBytes))}
	}
	return nil
}

// parts cuts size bytes into n ranges, each beginning on a page, that differ by
// a page at the most.
func parts(size int64, n int) []sim.Extent {
	pages := (size + sim.PageBytes - 1) / sim.PageBytes
	at := func(i int) int64 { return min(pages*int64(i)/int64(n)*sim.PageBytes, size) }
	out := make([]sim.Extent, n)
	for i := range out {
		out[i] = sim.Extent{Off: at(i), Len: at(i+1) - at(i)}
	}
	return out
}

// sendAll lets as many threads as there are connections run the program side by
// side, each for its part of the file and with a socket of its own.
func sendAll(ctx context.Context, machine *sim.Machine, program transfer.Program, s Scenario, o Options) error {
	var done int64
	for i, part := range parts(s.Size, o.Connections) {
		machine.Go(fmt.Sprintf("connection %d", i+1), func(k *sim.Kernel) error {
			job := s.job(k, program, part.Off, part.Len)
			job.UsePosition = false // threads share the file, each is at a place of its own
			before := int64(0)
			progress := func(n, _ int64) {
				done, before = done+n-before, n
				if o.Progress != nil {
					o.Progress(done, s.Size)
				}
			}
			sent, err := program.Send(&stoppable{Kernel: k, ctx: ctx, total: part.Len, last: program.Sinks, progress: progress}, job)
			if err == nil && sent != part.Len {
				err = fmt.Errorf("sent %d of %d bytes", sent, part.Len)
			}
			return err
		})
	}
	if err := machine.Run(); err != nil {
		return err
	}
	return machine.Finish()
}
