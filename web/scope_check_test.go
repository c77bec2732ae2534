package web

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
)

// Whether a change can be is answered before any lane changes, in the language asked
// for and in that alone.
func TestScopeCheck(t *testing.T) {
	s := newServer(t, Config{Lab: lab.New(t.TempDir())})
	base := "sendfile,side=sim,model=linux,size=256KiB,net=nic"
	for _, c := range []struct {
		change, lang, field, remedy string
	}{
		{"6/sg=off", "en", "", ""},
		{"6/mtu=9000", "zh", "", ""},
		{"6/sg=nope", "en", "whatif", `sg cannot be "nope": use on or off`},
		{"6/sg=nope", "zh", "whatif", "sg 不能是“nope”：请用 on（开）或 off（关）"},
		{"6/mtu=huge", "zh", "whatif", "mtu 不能是“huge”：请写一个包的字节数，68 到 65536"},
		{"6/mtu=5", "en", "whatif", "68 to 65536"},
		{"6/sg=no pe", "zh", "whatif", "请用 on（开）或 off（关）"},
		{"6/profile=nope", "zh", "whatif", "profile 不能是“nope”："},
		{"6/send-buffer=x", "zh", "whatif", "send-buffer 不能是“x”："},
	} {
		r := ask(s, "GET", "/scope/check?"+url.Values{"run": {base + ",whatif=" + c.change}, "lang": {c.lang}}.Encode(), nil)
		if c.field == "" {
			if r.StatusCode != 204 {
				t.Errorf("%s: %s, want 204", c.change, r.Status)
			}
			continue
		}
		var got scopeFault
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil || r.StatusCode != 422 {
			t.Fatalf("%s: %s, %v", c.change, r.Status, err)
		}
		if got.Field != c.field || !strings.Contains(got.Remedy, c.remedy) {
			t.Errorf("%s in %s: %+v, want a remedy with %s", c.change, c.lang, got, c.remedy)
		}
		if c.lang == "zh" && strings.Contains(got.Remedy, "use ") {
			t.Errorf("%s: an English reason in a Chinese sentence: %s", c.change, got.Remedy)
		}
	}
}

// An address with a change that cannot be says so above the lanes, which keep their own
// settings.
func TestScopeAddressKeepsTheRunOfAChangeThatCannotBe(t *testing.T) {
	s := newServer(t, Config{Lab: lab.New(t.TempDir())})
	r := ask(s, "GET", "/scope?a=splice,model=linux,net=nic,size=256KiB,cache=warm,whatif=6/sg=nope&step=3&lang=zh", nil)
	got := body(t, r)
	if r.StatusCode != 400 || !strings.Contains(got, "a.whatif") || !strings.Contains(got, "请用 on（开）或 off（关）") || !strings.Contains(got, locale.New(locale.Chinese).T("scope.problem.unchanged")) {
		t.Errorf("%s: the page does not say in Chinese what is wrong with the change", r.Status)
	}
	_, opening, _ := strings.Cut(got, `data-opening="`)
	opening, _, _ = strings.Cut(opening, `"`)
	if want := `splice,side=sim,model=linux,size=256KiB`; !strings.Contains(opening, want) || strings.Contains(opening, "read-write") || strings.Contains(opening, "whatif") {
		t.Errorf("the page opens with %s, want %s alone", opening, want)
	}
}
