package web

import (
	"net/http"

	"copyscope/sim"
	"copyscope/templates"
)

// models is the page of the fidelity table.
func (s *Server) models(w http.ResponseWriter, r *http.Request) {
	p := s.pageData(w, r, "models")
	p.Styles = []string{"models/models.css"}
	s.render(w, r, http.StatusOK, templates.Models(p, fidelityAreas(sim.Fidelity())))
}

// fidelityAreas groups the rules by their area, in the table's order.
func fidelityAreas(rules []sim.Rule) []templates.FidelityArea {
	var areas []templates.FidelityArea
	for _, r := range rules {
		if len(areas) == 0 || areas[len(areas)-1].Name != r.Area {
			areas = append(areas, templates.FidelityArea{Name: r.Area})
		}
		last := &areas[len(areas)-1]
		last.Rows = append(last.Rows, templates.FidelityRow{
			ID: r.ID, Area: r.Area, Textbook: string(r.Textbook), Linux: string(r.Linux), Kernel: r.Kernel, Source: r.Source,
		})
	}
	return areas
}
