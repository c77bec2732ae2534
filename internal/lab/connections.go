package lab

import (
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
	case n > 1 && s.Side != trace.Sim:
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
func sendAll(machine *sim.Machine, program transfer.Program, s Scenario, connections int) error {
	for i, part := range parts(s.Size, connections) {
		machine.Go(fmt.Sprintf("connection %d", i+1), func(k *sim.Kernel) error {
			job := s.job(k, program, part.Off, part.Len)
			job.UsePosition = false // threads share the file, each is at a place of its own
			sent, err := program.Send(k, job)
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
