package check

import (
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

const (
	rulesFile     = "../copyscope.rules.yml"
	dashboardFile = "../grafana.json"
)

var promQL = parser.NewParser(parser.Options{})

// ruleGroups are the rules as Prometheus reads them: it checks names, templates,
// durations and expressions.
func ruleGroups(t *testing.T) *rulefmt.RuleGroups {
	t.Helper()
	groups, errs := rulefmt.ParseFile(rulesFile, false, model.LegacyValidation, promQL, slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Error(err)
	}
	if groups == nil || t.Failed() {
		t.FailNow()
	}
	return groups
}

// recorded are the labels of what the rules record, which are those that their
// expressions keep.
func recorded(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, g := range ruleGroups(t).Groups {
		for _, r := range g.Rules {
			if r.Record == "" {
				continue
			}
			expr := parse(t, r.Record, r.Expr)
			kept := []string{}
			parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
				if a, ok := n.(*parser.AggregateExpr); ok && len(a.Grouping) > len(kept) {
					kept = a.Grouping
				}
				if v, ok := n.(*parser.VectorSelector); ok && len(all[v.Name]) > len(kept) {
					kept = all[v.Name] // of another record
				}
				return nil
			})
			all[r.Record] = kept
		}
	}
	return all
}

func parse(t *testing.T, where, text string) parser.Expr {
	t.Helper()
	expr, err := promQL.ParseExpr(strings.ReplaceAll(text, "$__rate_interval", "5m"))
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	return expr
}

// unknown are the metrics and labels of an expression that nothing tells.
func unknown(told map[string][]string, expr parser.Expr) (found []string) {
	var known []string
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		v, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		of, exists := told[v.Name]
		if !exists {
			found = append(found, v.Name)
		}
		known = append(known, of...)
		for _, m := range v.LabelMatchers {
			if m.Name != labels.MetricName && !slices.Contains(scraped, m.Name) && !slices.Contains(of, m.Name) {
				found = append(found, v.Name+"{"+m.Name+"}")
			}
		}
		return nil
	})
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		var names []string
		switch n := n.(type) {
		case *parser.AggregateExpr:
			names = n.Grouping
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				names = slices.Concat(n.VectorMatching.MatchingLabels, n.VectorMatching.Include)
			}
		}
		for _, name := range names {
			if !slices.Contains(scraped, name) && !slices.Contains(known, name) {
				found = append(found, "label "+name)
			}
		}
		return nil
	})
	return found
}

// What the rules ask for is exported, by name and by label.
func TestRulesAskForWhatIsExported(t *testing.T) {
	told := told(t, recorded(t))
	for _, g := range ruleGroups(t).Groups {
		for _, r := range g.Rules {
			name := r.Record + r.Alert
			if found := unknown(told, parse(t, name, r.Expr)); len(found) > 0 {
				t.Errorf("%s: nothing exports %s", name, strings.Join(found, ", "))
			}
		}
	}
}

// A name or a label that is not there is found.
func TestUnknownNamesAreFound(t *testing.T) {
	told := map[string][]string{"a_total": {"path"}}
	for expr, want := range map[string]string{
		`sum by (path, job) (rate(a_total{path="x",instance="y"}[5m]))`: "",
		`rate(b_total[5m])`:              "b_total",
		`a_total{topic="x"}`:             "a_total{topic}",
		`sum by (topic) (a_total)`:       "label topic",
		`a_total / on (topic) a_total`:   "label topic",
		`count(a_total > 0) or b{c="d"}`: "b,b{c}",
	} {
		if got := strings.Join(unknown(told, parse(t, expr, expr)), ","); got != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}

// dashboard is what is looked at of Grafana's JSON.
type dashboard struct {
	ID            *int
	UID, Title    string
	SchemaVersion int
	Templating    struct{ List []variable }
	Panels        []panel
}

type variable struct {
	Name, Type, Definition string
	Datasource             *source
}

type source struct{ Type, UID string }

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ H, W, X, Y int }
	Datasource               *source
	Targets                  []struct {
		RefID, Expr string
		Datasource  *source
	}
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	text, err := os.ReadFile(dashboardFile)
	if err == nil {
		err = json.Unmarshal(text, &d)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// What the dashboard asks for is exported, by name and by label.
func TestDashboardAsksForWhatIsExported(t *testing.T) {
	told := told(t, nil)
	asked := 0
	for _, p := range readDashboard(t).Panels {
		for _, q := range p.Targets {
			asked++
			if found := unknown(told, parse(t, p.Title, q.Expr)); len(found) > 0 {
				t.Errorf("%s: nothing exports %s", p.Title, strings.Join(found, ", "))
			}
		}
	}
	if asked == 0 {
		t.Error("the dashboard asks for nothing")
	}
}

// Grafana imports the dashboard: it names no data source but its own variable, its
// panels have ids of their own, lie on a grid of 24 columns, and do not overlap.
func TestDashboardCanBeImported(t *testing.T) {
	d := readDashboard(t)
	if d.ID != nil || d.UID == "" || d.Title == "" || d.SchemaVersion < 39 {
		t.Errorf("id %v, uid %q, title %q, schema %d", d.ID, d.UID, d.Title, d.SchemaVersion)
	}
	variables := []string{"__rate_interval"}
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
		if v.Type != "datasource" && (v.Datasource == nil || v.Datasource.UID != "${datasource}") {
			t.Errorf("the variable %s has another data source", v.Name)
		}
	}
	ids, cells := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("%s: the id %d is another panel's", p.Title, p.ID)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%s lies over %q, or beyond 24 columns", p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Description == "" || len(p.Targets) == 0 || p.Datasource == nil {
			t.Errorf("%s has no description, no data source, or asks for nothing", p.Title)
		}
		for _, q := range p.Targets {
			if q.Datasource == nil || q.Datasource.UID != "${datasource}" {
				t.Errorf("%s %s has another data source", p.Title, q.RefID)
			}
			for _, name := range variablesIn(q.Expr) {
				if !slices.Contains(variables, name) {
					t.Errorf("%s: there is no variable $%s", p.Title, name)
				}
			}
		}
	}
}

// variablesIn are Grafana's variables in an expression.
func variablesIn(expr string) (found []string) {
	for _, part := range strings.Split(expr, "$")[1:] {
		end := strings.IndexFunc(part, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
		if end < 0 {
			end = len(part)
		}
		found = append(found, part[:end])
	}
	return found
}
