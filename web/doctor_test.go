package web

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
)

func ill(context.Context) host.Report {
	check := func(id string, status host.Status, why, enable string) host.Check {
		return host.Check{ID: id, TitleKey: "doctor.check." + id + ".title", GivesKey: "doctor.check." + id + ".gives", Status: status, Why: why, Enable: enable}
	}
	on := true
	return host.Report{User: 1000, Layers: []host.Layer{
		{ID: "tracepoints", Number: "1", TitleKey: "doctor.layer.tracepoints.title", GivesKey: "doctor.layer.tracepoints.gives", Status: host.Missing,
			Counts: []trace.CountName{trace.DiskReads, trace.PageCacheInsertions}, Checks: []string{"tracefs"}, Lacks: []string{"tracefs"},
			Why: "tracefs is not mounted at /sys/kernel/tracing", Enable: []string{"sudo setcap cap_sys_admin,cap_dac_override+ep copyscope"}},
		{ID: "alias", Number: "2", TitleKey: "doctor.layer.alias.title", GivesKey: "doctor.layer.alias.gives", Status: host.Active, Checks: []string{"alias"}},
	}, Surroundings: host.Surroundings{Container: "docker", Signs: []string{"/.dockerenv"}, NoNewPrivileges: true},
		Devices: []host.Device{{Name: "eth7", SG: &on}}, Facts: host.Facts{Kernel: "6.18.5", PageBytes: 4096, PipeMaxBytes: 1 << 20}, Checks: []host.Check{
			check("alias", host.Active, "over loopback, sendfile: lend", ""),
			check("tracefs", host.Missing, "open /sys/kernel/tracing: permission denied <root>", "sudo copyscope doctor"),
			check("ktls", host.NotHere, "setsockopt(TCP_ULP): ENOENT", ""),
		}}
}

func TestDoctorPageTellsTheLayers(t *testing.T) {
	s := newServer(t, Config{Doctor: ill})
	for lang, words := range map[string][]string{
		"en": {"1 Tracepoints", "could be enabled", "Counts: disk reads, page-cache insertions.", "Lacks Tracepoints (tracefs): tracefs is not mounted", "sudo setcap", "This is a container (docker): /.dockerenv.", "no_new_privs", "eth7"},
		"zh": {"1 跟踪点", "可以启用", "缺少跟踪点（tracefs）：tracefs 未挂载在", "这里是容器（docker）", "eth7", "未知"},
	} {
		html := body(t, ask(s, "GET", "/doctor?lang="+lang, nil))
		for _, w := range words {
			if !strings.Contains(html, w) {
				t.Errorf("%s lacks %q", lang, w)
			}
		}
	}
}

func TestDoctorPage(t *testing.T) {
	s := newServer(t, Config{Doctor: ill})
	for lang, words := range map[string][]string{
		"en": {"1 of 3 work here", "Alias probe", "Could be enabled", "Not on this host", "sudo copyscope doctor", "permission denied &lt;root&gt;", "as user 1000", "1 MiB", "not told"},
		"zh": {"共 3 项，其中 1 项", "别名探针", "可以启用", "本机没有", "未知"},
	} {
		html := body(t, ask(s, "GET", "/doctor?lang="+lang, nil))
		at := strings.Index(html, "status-active") + 1 // of a layer
		for _, w := range words {
			if !strings.Contains(html, w) {
				t.Errorf("%s lacks %q", lang, w)
			}
		}
		for _, group := range []string{"status-active", "status-missing", "status-not-here"} {
			i := strings.LastIndex(html, group)
			if i < at {
				t.Errorf("%s: %s is not in the order of what works, what could, what cannot", lang, group)
			}
			at = i
		}
	}
	without := body(t, ask(newServer(t, Config{}), "GET", "/doctor?lang=en", nil))
	if !strings.Contains(without, "cannot be examined") {
		t.Error("without an examination the page must say so")
	}
}

// An examination makes sockets and files: readers who come together share one.
func TestReadersShareAnExamination(t *testing.T) {
	var n atomic.Int32
	s := newServer(t, Config{Doctor: func(ctx context.Context) host.Report { n.Add(1); return ill(ctx) }})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { ask(s, "GET", "/doctor", nil) })
	}
	all.Wait()
	if n.Load() != 1 {
		t.Errorf("%d examinations for 8 readers", n.Load())
	}
}

// Whatever the doctor of this host tries has words in both languages.
func TestEveryCheckHasWords(t *testing.T) {
	report := host.Doctor(t.Context())
	var keys []string
	for _, c := range report.Checks {
		keys = append(keys, c.TitleKey, c.GivesKey)
	}
	for _, l := range report.Layers {
		keys = append(keys, l.TitleKey, l.GivesKey)
	}
	for _, lang := range locale.Languages() {
		for _, key := range keys {
			if !slices.Contains(locale.IDs(lang), key) {
				t.Errorf("%s: no message %s", lang, key)
			}
		}
	}
}
