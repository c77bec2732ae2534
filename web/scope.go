package web

import (
	"context"

	"copyscope/internal/lab"
	"copyscope/internal/lesson"
	"copyscope/internal/trace"
)

// Lab runs scenarios.
type Lab interface {
	// Run runs one scenario, on the modelled or on the real kernel.
	Run(ctx context.Context, s lab.Scenario, o lab.Options) (*lab.Result, error)
	// Compare holds the prediction for a real result's scenario against it.
	Compare(ctx context.Context, measured *lab.Result) ([]trace.Comparison, error)
	// Predict is the prediction alone, for a real scenario.
	Predict(ctx context.Context, s lab.Scenario) (*lab.Result, error)
}

// Limits of the runs that a page may ask for; the command line has wider ones.
const (
	// scopeEvents is how many events of a run a page is sent.
	scopeEvents = lesson.ShownEvents
	// scopeBatch is how many of them travel in one message.
	scopeBatch = 1000
	// maxRealSize bounds what a page may make this host move, in bytes.
	maxRealSize = 1 << 30
	// maxTextbookSize bounds a transfer on the textbook's model, in bytes,
	// maxLinuxSize one on the linux model, which cuts every call into windows of
	// readahead and packets of 64 KiB.
	maxTextbookSize = 64 << 30
	maxLinuxSize    = 4 << 30
	// maxPieces bounds size ÷ chunk, the calls that a run may need: of a simulated
	// run, which makes some ten million events in a few seconds of one CPU, and of
	// a real one. Of the runs with more pieces than largePieces one goes at a time.
	maxPieces     = 1 << 20
	maxRealPieces = 1 << 16
	largePieces   = 1 << 16
)

// scope is what the scope page's handlers share.
type scope struct {
	*Server
	lab Lab
	// local: no other machine can reach the pages.
	local bool
	sims  *queue
	// large has the turns of the simulations that take much memory.
	large *queue
	kept  *keptRuns
	// exports has the turns of the exports of whole runs, which hold their logs.
	exports *queue
	// imports has the turns of the traces that pages send, which are read, two at a
	// time.
	imports *queue
}

func (s *Server) scopeRoutes() *scope {
	sc := &scope{Server: s, lab: s.config.Lab, local: s.local(), sims: newQueue(2), large: newQueue(1), exports: newQueue(2), imports: newQueue(2), kept: &keptRuns{budget: keptBytes}}
	s.mux.HandleFunc("GET /scope", sc.page)
	sc.exportRoutes()
	s.mux.HandleFunc("POST /scope/import", sc.importTrace)
	s.mux.HandleFunc("GET /scope/check", sc.check)
	s.hub.Handle("scope.run", sc.run)
	s.hub.Handle("scope.cancel", sc.cancel)
	s.hub.Handle("scope.window", sc.window)
	s.hub.Handle("scope.find", sc.find)
	s.hub.Handle("scope.part", sc.part)
	return sc
}

// allow refuses a scenario that is too much for a page.
func allow(s lab.Scenario) error {
	most := int64(maxTextbookSize)
	switch {
	case s.Side != trace.Sim:
		most = maxRealSize
	case s.Model == lab.Linux:
		most = maxLinuxSize
	}
	if s.Size > most {
		return &lab.FieldError{Field: "size", Value: lab.FormatSize(s.Size),
			Remedy: "a page runs up to " + lab.FormatSize(most) + " in this way; use copyscope run for more"}
	}
	pieces, calls := int64(maxPieces), "1,048,576"
	if s.Side != trace.Sim {
		pieces, calls = maxRealPieces, "65,536"
	}
	if s.Size/s.Chunk > pieces {
		return &lab.FieldError{Field: "chunk", Value: lab.FormatSize(s.Chunk),
			Remedy: "a page makes up to " + calls + " calls; use a chunk of at least " + lab.FormatSize(s.Size/pieces+1) + ", or copyscope run"}
	}
	return nil
}

// allowHere refuses real runs to pages that other machines can reach: they load
// this host, and nobody has said who may. So it does to pages within another
// site's, which chose the scenario.
func (s *scope) allowHere(scenario lab.Scenario, framed bool) error {
	if scenario.Side == trace.Real && framed {
		return &lab.FieldError{Field: "side", Value: string(scenario.Side),
			Remedy: "a page within another site's starts no real runs; open it by itself"}
	}
	if scenario.Side != trace.Real || s.local {
		return nil
	}
	return &lab.FieldError{Field: "side", Value: string(scenario.Side),
		Remedy: "pages that other machines can reach start no real runs; use copyscope run on the host, or serve the pages on 127.0.0.1"}
}
