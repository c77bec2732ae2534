package locale_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"copyscope/internal/locale"
	"copyscope/internal/trace"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		name, accept, cookie, query string
		want                        locale.Lang
	}{
		{"nothing said", "", "", "", locale.English},
		{"the address wins", "en", "en", "zh", locale.Chinese},
		{"the cookie before the header", "en", "zh", "", locale.Chinese},
		{"an unknown address is passed over", "zh-CN,zh;q=0.9", "", "xx", locale.Chinese},
		{"an unknown cookie is passed over", "zh", "xx", "", locale.Chinese},
		{"simplified by region", "zh-CN,zh;q=0.9,en;q=0.8", "", "", locale.Chinese},
		{"traditional is still Chinese", "zh-TW", "", "", locale.Chinese},
		{"quality decides", "zh;q=0.2,en;q=0.9", "", "", locale.English},
		{"a foreign language falls back", "sw", "", "", locale.English},
		{"garbage is no language", ";;;q=", "", "", locale.English},
	} {
		if got := locale.Match(c.accept, c.cookie, c.query); got != c.want {
			t.Errorf("%s: Match(%q, %q, %q) = %q, want %q", c.name, c.accept, c.cookie, c.query, got, c.want)
		}
	}
}

func TestPlaceholdersAndPluralForms(t *testing.T) {
	en, zh := locale.New(locale.English), locale.New(locale.Chinese)
	for _, c := range []struct{ got, want string }{
		{en.T("page.missing", "Path", "/x"), "There is no page at /x."},
		{zh.T("page.missing", "Path", "/x"), "/x 处没有页面。"},
		{en.T("page.behind", "Count", 1), "1 message was dropped, because this page was too slow to take it."},
		{en.T("page.behind", "Count", uint64(7)), "7 messages were dropped, because this page was too slow to take them."},
		{zh.T("page.behind", "Count", 1), "本页来不及接收，有 1 条消息被丢弃。"},
		{zh.Term("kind", string(trace.ModeSwitch)), "模式切换"},
		{zh.Term("kind", string(trace.ContextSwitch)), "上下文切换"},
		{en.Term("verdict", string(trace.EqualByRule)), "equal by rule"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// A missing message must be seen, never a gap in the page.
func TestMissingMessageIsLoud(t *testing.T) {
	if got := locale.New(locale.Chinese).T("no.such.message"); got != "⟦no.such.message⟧" {
		t.Errorf("a missing message gave %q", got)
	}
}

func TestMessagesForScripts(t *testing.T) {
	en := locale.New(locale.English).Messages("page.behind", "side")
	if en["side.sim"] != "simulated" {
		t.Errorf("side.sim = %q", en["side.sim"])
	}
	if !strings.Contains(en["page.behind"], "{{.Count}} messages were") || !strings.Contains(en["page.behind#one"], "message was") {
		t.Errorf("plural forms: other %q, one %q", en["page.behind"], en["page.behind#one"])
	}
	if _, there := en["page.skip"]; there {
		t.Error("page.skip was not asked for")
	}
	zh := locale.New(locale.Chinese).Messages("page.behind")
	if _, there := zh["page.behind#one"]; there {
		t.Error("Chinese has no form for one, but the English form was given")
	}
}

// Every name of the vocabulary has a word in both languages.
func TestVocabularyIsTranslated(t *testing.T) {
	names := map[string][]string{
		"endpoint":   {string(trace.Sender), string(trace.Receiver), string(trace.Relay)},
		"phase":      {string(trace.SetUp), string(trace.Transfer), string(trace.TearDown)},
		"provenance": {string(trace.Measured), string(trace.Recorded), string(trace.Derived), string(trace.Modelled), string(trace.Unavailable)},
		"verdict":    {string(trace.Equal), string(trace.EqualByRule), string(trace.Within), string(trace.Differs), string(trace.NotMeasurable), string(trace.NotPredicted)},
		"unit":       {string(trace.Times), string(trace.Bytes), string(trace.PerByte), string(trace.Nanos)},
		"side":       {string(trace.Sim), string(trace.Real)},
	}
	for _, k := range trace.Kinds() {
		names["kind"] = append(names["kind"], string(k))
	}
	for _, a := range trace.Actors() {
		names["actor"] = append(names["actor"], string(a))
	}
	for _, p := range trace.Places() {
		names["place"] = append(names["place"], string(p))
	}
	for _, c := range trace.CountNames() {
		names["count"] = append(names["count"], string(c))
		if !slices.Contains(names["unit"], string(trace.UnitOf(c))) {
			t.Errorf("count %s has the unit %q, which has no word", c, trace.UnitOf(c))
		}
	}
	for area, list := range names {
		for _, name := range list {
			for _, lang := range locale.Languages() {
				if id := locale.TermID(area, name); !slices.Contains(locale.IDs(lang), id) {
					t.Errorf("%s: no message %s", lang, id)
				}
			}
		}
	}
}

// The two counts that articles confuse keep two names.
func TestModeSwitchIsNeverAContextSwitch(t *testing.T) {
	zh := locale.New(locale.Chinese)
	for _, id := range []string{"kind.mode-switch", "count.mode_switches"} {
		if got := zh.T(id); !strings.Contains(got, "模式切换") || strings.Contains(got, "上下文") {
			t.Errorf("%s = %q", id, got)
		}
	}
	for _, id := range []string{"kind.context-switch", "count.context_switches"} {
		if got := zh.T(id); !strings.Contains(got, "上下文切换") {
			t.Errorf("%s = %q", id, got)
		}
	}
}

var placeholder = regexp.MustCompile(`\{\{[^}]*\}\}`)

// Both languages hold the same messages with the same placeholders, and none
// of them is empty.
func TestCataloguesAgree(t *testing.T) {
	en, zh := catalogue(t, "en"), catalogue(t, "zh")
	for id, text := range en {
		other, ok := zh[id]
		if !ok {
			t.Errorf("%s is in English only", id)
			continue
		}
		if a, b := marks(text), marks(other); !slices.Equal(a, b) {
			t.Errorf("%s: placeholders differ: English %v, Chinese %v", id, a, b)
		}
		if strings.TrimSpace(text) == "" || strings.TrimSpace(other) == "" {
			t.Errorf("%s is empty", id)
		}
	}
	for id, text := range zh {
		if _, ok := en[id]; !ok {
			t.Errorf("%s is in Chinese only", id)
		}
		for _, m := range placeholder.FindAllString(text, -1) {
			if !regexp.MustCompile(`^\{\{\.\w+\}\}$`).MatchString(m) {
				t.Errorf("%s: write the placeholder %s as {{.Name}}; scripts fill no other form", id, m)
			}
		}
	}
}

func marks(text string) []string {
	m := placeholder.FindAllString(text, -1)
	slices.Sort(m)
	return slices.Compact(m)
}

// catalogue reads the files themselves and fails on an id that is in two.
func catalogue(t *testing.T, lang string) map[string]string {
	t.Helper()
	files, err := filepath.Glob("catalogue/*." + lang + ".json")
	if err != nil || len(files) == 0 {
		t.Fatalf("catalogues of %s: %v, %v", lang, files, err)
	}
	all := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var entries map[string]any
		if err := json.Unmarshal(b, &entries); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for id, v := range entries {
			if _, twice := all[id]; twice {
				t.Errorf("%s: %s is in another file too", f, id)
			}
			switch v := v.(type) {
			case string:
				all[id] = v
			case map[string]any:
				other, _ := v["other"].(string)
				all[id] = other
			default:
				t.Errorf("%s: %s is neither a text nor plural forms", f, id)
			}
		}
	}
	return all
}

// Calls that name a message: T("id"…) in Go and templ, t('id'…) in scripts.
// An id that ends in a dot or before a + is a prefix; some message must have it.
var (
	inGo     = regexp.MustCompile(`\.T\("([\w.-]+)"( \+)?`)
	inTerm   = regexp.MustCompile(`\.Term\("([\w-]+)", "([\w -]+)"\)`)
	inScript = regexp.MustCompile("\\bt\\(\\s*['\"`]([\\w.-]+)(\\$\\{)?")
)

// Every message that Go, templ or a script asks for exists.
func TestUsedMessagesExist(t *testing.T) {
	ids := locale.IDs(locale.English)
	used := 0
	check := func(file, id string, prefix bool) {
		used++
		exists := slices.Contains(ids, id)
		if prefix {
			exists = slices.ContainsFunc(ids, func(known string) bool { return strings.HasPrefix(known, id) })
		}
		if !exists {
			t.Errorf("%s asks for the message %q, which no catalogue has", file, id)
		}
	}
	for _, root := range []string{"../../web", "../../templates", "../../static", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
				return err
			}
			switch filepath.Ext(path) {
			case ".go", ".templ":
				b, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				for _, m := range inGo.FindAllStringSubmatch(string(b), -1) {
					check(path, m[1], m[2] != "" || strings.HasSuffix(m[1], "."))
				}
				for _, m := range inTerm.FindAllStringSubmatch(string(b), -1) {
					check(path, locale.TermID(m[1], m[2]), false)
				}
			case ".js":
				b, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				for _, m := range inScript.FindAllStringSubmatch(string(b), -1) {
					check(path, m[1], m[2] != "" || strings.HasSuffix(m[1], "."))
				}
			}
			return nil
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if used < 20 {
		t.Errorf("only %d uses of messages were found: the patterns no longer fit the code", used)
	}
}
