package web

import (
	"cmp"
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
		Layers: doctorLayers(t, report), Around: around(t, report.Surroundings), Devices: doctorDevices(report.Devices),
	}
	for _, status := range []host.Status{host.Active, host.Missing, host.NotHere} {
		group := templates.DoctorGroup{Status: string(status)}
		for _, c := range report.Checks {
			if c.Status == status {
				check := templates.DoctorCheck{Title: t.T(c.TitleKey), Gives: t.T(c.GivesKey), Enable: t.Sentence(c.Enable)}
				check.Why, check.WhyLang = said(t, c.Why)
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

// said is a sentence in the reader's language, or as it is, with the language
// that it is in.
func said(t *locale.Translator, english string) (sentence, tag string) {
	if sentence = t.Sentence(english); sentence != english {
		return sentence, t.Lang().Tag()
	}
	return english, locale.English.Tag()
}

// doctorLayers are the layers as the page shows them.
func doctorLayers(t *locale.Translator, report host.Report) []templates.DoctorLayer {
	titles := map[string]string{}
	for _, c := range report.Checks {
		titles[c.ID] = t.T(c.TitleKey)
	}
	out := make([]templates.DoctorLayer, len(report.Layers))
	for i, l := range report.Layers {
		shown := templates.DoctorLayer{Number: l.Number, Title: t.T(l.TitleKey), Gives: t.T(l.GivesKey), Status: string(l.Status)}
		var counts, lacks []string
		for _, c := range l.Counts {
			counts = append(counts, t.Term("count", string(c)))
		}
		for _, id := range l.Lacks {
			lacks = append(lacks, cmp.Or(titles[id], id))
		}
		separator := t.T("doctor.separator")
		shown.Counts, shown.Lacks = strings.Join(counts, separator), strings.Join(lacks, separator)
		shown.Why, shown.WhyLang = said(t, l.Why)
		for _, command := range l.Enable {
			shown.Enable = append(shown.Enable, t.Sentence(command))
		}
		out[i] = shown
	}
	return out
}

// around says what stands around the process.
func around(t *locale.Translator, s host.Surroundings) (sentences []string) {
	if s.Container != "" {
		sentences = append(sentences, t.T("doctor.around.container", "Kind", s.Container, "Signs", strings.Join(s.Signs, "; ")))
	}
	for _, limit := range []struct {
		is bool
		id string
	}{{s.UserNamespace, "users"}, {s.NoNewPrivileges, "privileges"}, {s.Seccomp, "seccomp"}} {
		if limit.is {
			sentences = append(sentences, t.T("doctor.around."+limit.id))
		}
	}
	return sentences
}

func doctorDevices(all []host.Device) []templates.DoctorDevice {
	word := func(on *bool) string {
		switch {
		case on == nil:
			return "untold"
		case *on:
			return "on"
		}
		return "off"
	}
	out := make([]templates.DoctorDevice, len(all))
	for i, d := range all {
		out[i] = templates.DoctorDevice{Name: d.Name, SG: word(d.SG), TSO: word(d.TSO), GSO: word(d.GSO)}
	}
	return out
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
