package web

import (
	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// darkLeg is a way that bytes take, or would take on other hardware, and that
// a measured run cannot observe. The page hatches it and tells the reason.
type darkLeg struct {
	From   trace.Place `json:"from"`
	To     trace.Place `json:"to"`
	Engine trace.Actor `json:"engine"`
	Label  string      `json:"label"`
	Reason string      `json:"reason"`
}

// darkLegs lists the legs that a run cannot see.
func darkLegs(t *locale.Translator, r *lab.Result) []darkLeg {
	legs := []darkLeg{}
	if r.Scenario.Side == trace.Sim {
		return legs
	}
	if r.Scenario.Net == lab.Loopback {
		legs = append(legs, darkLeg{From: trace.SocketBuffer, To: trace.NICRing, Engine: trace.NICDMA,
			Label: t.T("scope.dark.no-device"), Reason: t.T("scope.dark.loopback")})
	}
	program, _ := transfer.Lookup(r.Scenario.Path)
	fromDisk := r.Scenario.Cache == lab.Cold && program.Source == transfer.FromFile
	to := trace.PageCache
	if program.Path == "direct" { // past the page cache, whatever that holds
		fromDisk, to = true, trace.UserBuffer
	}
	if transfers := r.Run.Counter().Count(trace.DMATransfers); fromDisk && !transfers.Known() {
		legs = append(legs, darkLeg{From: trace.DiskPlace, To: to, Engine: trace.DiskDMA,
			Label: t.T("scope.dark.unseen"), Reason: t.Sentence(transfers.Reason)})
	}
	return legs
}
