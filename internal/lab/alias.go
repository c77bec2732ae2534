package lab

import (
	"fmt"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// simulateAlias is the alias probe on the modelled kernel: what [host.Alias] does
// on the real one, with fewer pieces, since a model has no noise.
func (l *Lab) simulateAlias(s Scenario) (string, error) {
	const pieceBytes, pieceCount = 16 << 10, 4
	path := s.Path
	program, _ := transfer.Lookup(path)
	config, err := l.config(Scenario{Path: path, Side: trace.Sim, Model: Linux, Size: pieceBytes * pieceCount,
		Cache: Warm, Net: s.Net, DMA: true, SG: s.SG}, Options{AsThisHost: true})
	if err != nil {
		return "", err
	}
	config.HoldReader = true
	machine, err := sim.New(config, trace.NewLog(trace.NewCounter(config.FileBytes, trace.Modelled, nil), trace.LogOptions{}))
	if err != nil {
		return "", err
	}
	k := machine.Kernel()
	second := k.NewSocket()
	sawOld, sawNew := false, false
	for i := range int64(pieceCount) {
		at := i * pieceBytes
		if _, err := program.Send(k, transfer.Job{In: k.File(), Out: k.Socket(), Out2: second, Offset: at, Bytes: pieceBytes, Chunk: pieceBytes}); err != nil {
			return "", err
		}
		machine.Overwrite(at, pieceBytes)
		machine.Receive()
		old, new := machine.Overwritten()
		sawOld, sawNew = sawOld || old, sawNew || new
	}
	switch {
	case sawOld && sawNew:
		return host.AliasMixed, nil
	case sawOld:
		return host.AliasCopy, nil
	case sawNew:
		return host.AliasLend, nil
	}
	return "", fmt.Errorf("%s: nothing of the modelled alias probe arrived", path)
}
