package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"copyscope/internal/host"
	"copyscope/internal/locale"
	"copyscope/templates"
)

// examineEvery is how long an examination stands: it makes sockets, files and
// namespaces, so that reloading must not repeat it at will.
const examineEvery = 5 * time.Second

// doctor examines the host for the doctor page.
type doctor struct {
	server *Server

	mu     sync.Mutex // held while examining: one examination at a time
	at     time.Time
	report host.Report
}

// examine gives the last report, or a new one if that is old.
func (d *doctor) examine() (host.Report, time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at.IsZero() || time.Since(d.at) > examineEvery {
		// Not the request's context: others may wait for the same report.
		ctx, cancel := context.WithTimeout(d.server.hub.ctx, 20*time.Second)
		defer cancel()
		d.report = d.server.config.Doctor(ctx)
		d.at = time.Now()
	}
	return d.report, d.at
}

func (d *doctor) page(w http.ResponseWriter, r *http.Request) {
	p := d.server.pageData(w, r, "doctor")
	p.Styles = []string{"doctor/doctor.css"}
	data := templates.DoctorData{Missing: p.T("doctor.nothing")}
	if d.server.config.Doctor != nil {
		data = doctorData(p.Translator, d.examine)
	}
	d.server.render(w, r, http.StatusOK, templates.Doctor(p, data))
}

func doctorData(t *locale.Translator, examine func() (host.Report, time.Time)) templates.DoctorData {
	report, at := examine()
	data := templates.DoctorData{
		TriedAt: at.Format(time.TimeOnly), User: strconv.Itoa(report.User),
		Facts: doctorFacts(report.Facts), Checks: len(report.Checks),
	}
	for _, status := range []host.Status{host.Active, host.Missing, host.NotHere} {
		group := templates.DoctorGroup{Status: string(status)}
		for _, c := range report.Checks {
			if c.Status == status {
				check := templates.DoctorCheck{Title: t.T(c.TitleKey), Gives: t.T(c.GivesKey), Enable: t.Sentence(c.Enable)}
				check.Why, check.WhyLang = t.Sentence(c.Why), t.Lang().Tag()
				if check.Why == c.Why {
					check.WhyLang = locale.English.Tag()
				}
				group.Checks = append(group.Checks, check)
			}
		}
		if status == host.Active {
			data.Works = len(group.Checks)
		}
		if len(group.Checks) > 0 {
			data.Groups = append(data.Groups, group)
		}
	}
	return data
}

// doctorFacts are the host's settings as texts; what it does not tell is empty.
func doctorFacts(f host.Facts) []templates.DoctorFact {
	return []templates.DoctorFact{
		{Name: "kernel", Text: f.Kernel},
		{Name: "cpus", Text: told(int64(f.CPUs), humanize.Comma)},
		{Name: "page", Text: told(int64(f.PageBytes), templates.Size)},
		{Name: "pipe", Text: told(f.PipeMaxBytes, templates.Size)},
		{Name: "filesystem", Text: f.Filesystem},
		{Name: "readahead", Text: told(f.ReadaheadBytes, templates.Size)},
		{Name: "congestion", Text: f.Congestion},
		{Name: "congestion-allowed", Text: strings.Join(f.CongestionAllowed, ", ")},
	}
}

// told writes a number, or nothing for one that the host does not tell.
func told(n int64, write func(int64) string) string {
	if n == 0 {
		return ""
	}
	return write(n)
}
