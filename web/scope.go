package web

import (
	"context"
	"net/http"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// Lab runs scenarios.
type Lab interface {
	Run(ctx context.Context, s lab.Scenario) (*trace.Run, error)
}

func (s *Server) scopeRoutes() {
	s.mux.HandleFunc("GET /scope", func(w http.ResponseWriter, r *http.Request) { s.missing(w, r) })
}
