package host_test

import (
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"copyscope/internal/host"
)

func TestDoctorTellsWhyAndHow(t *testing.T) {
	r := host.Doctor(context.Background())
	seen := map[string]host.Check{}
	for _, c := range r.Checks {
		t.Logf("%-20s %-9s %s [%s]", c.ID, c.Status, c.Why, c.Enable)
		if _, twice := seen[c.ID]; twice {
			t.Errorf("%s is there twice", c.ID)
		}
		seen[c.ID] = c
		if c.Why == "" || c.Gives == "" || c.TitleKey != "doctor.check."+c.ID+".title" {
			t.Errorf("%+v: a field is empty or wrong", c)
		}
		switch c.Status {
		case host.Active, host.NotHere:
			if c.Enable != "" {
				t.Errorf("%s is %s, yet would be enabled by %q", c.ID, c.Status, c.Enable)
			}
		case host.Missing:
		default:
			t.Errorf("%s has status %q", c.ID, c.Status)
		}
	}
	if runtime.GOOS != "linux" {
		return
	}
	for _, id := range []string{"kernel", "clock", "rusage", "thread-clock", "alias", "mincore"} {
		if seen[id].Status != host.Active {
			t.Errorf("%s needs no privilege, but is %s: %s", id, seen[id].Status, seen[id].Why)
		}
	}
	if why := seen["alias"].Why; !strings.Contains(why, "sendfile: lend") {
		t.Errorf("alias: %s", why)
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{`"facts":{`, `"checks":[`, `"id":"kernel"`, `"title_key":`, `"gives_key":`, `"status":"active"`, `"why":`} {
		if !strings.Contains(string(b), field) {
			t.Errorf("the JSON has no %s", field)
		}
	}
}
