package check

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"go.yaml.in/yaml/v2"
)

const casesFile = "../copyscope.rules.test.yml"

// cases is what is used of the format of promtool's rule tests
// (https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/).
type cases struct {
	RuleFiles  []string       `yaml:"rule_files"`
	Evaluation model.Duration `yaml:"evaluation_interval"`
	Order      []string       `yaml:"group_eval_order"`
	Tests      []struct {
		Name     string
		Interval model.Duration
		Series   []struct{ Series, Values string } `yaml:"input_series"`
		Alerts   []struct {
			Name string         `yaml:"alertname"`
			At   model.Duration `yaml:"eval_time"`
			Want []struct {
				Labels      map[string]string `yaml:"exp_labels"`
				Annotations map[string]string `yaml:"exp_annotations"`
			} `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
		Exprs []struct {
			Expr string
			At   model.Duration `yaml:"eval_time"`
			Want []struct {
				Labels string
				Value  float64
			} `yaml:"exp_samples"`
		} `yaml:"promql_expr_test"`
	}
}

// The rules say what their test file expects, as promtool test rules has it.
func TestRulesSpeak(t *testing.T) {
	text, err := os.ReadFile(casesFile)
	if err != nil {
		t.Fatal(err)
	}
	var c cases
	if err := yaml.UnmarshalStrict(text, &c); err != nil {
		t.Fatal(err)
	}
	expected := map[string]bool{} // alerts that a case wants
	for i := range c.Tests {
		test := c.Tests[i]
		t.Run(test.Name, func(t *testing.T) {
			load := fmt.Sprintf("load %s\n", test.Interval)
			var end model.Duration
			for _, s := range test.Series {
				load += fmt.Sprintf("  %s %s\n", s.Series, s.Values)
			}
			at := map[model.Duration]bool{}
			for _, a := range test.Alerts {
				end, at[a.At] = max(end, a.At), true
			}
			for _, e := range test.Exprs {
				end = max(end, e.At)
			}
			r := newRun(t, load, time.Duration(test.Interval), c.Order)
			alerts := map[model.Duration]map[string][]string{}
			for now := model.Duration(0); now <= end; now += c.Evaluation {
				r.evaluate(t, time.Duration(now))
				if at[now] {
					alerts[now] = r.firing()
				}
			}
			for _, a := range test.Alerts {
				var want []string
				for _, w := range a.Want {
					w.Labels[labels.AlertName] = a.Name
					want = append(want, fmt.Sprint(labels.FromMap(w.Labels), labels.FromMap(w.Annotations)))
					expected[a.Name] = true
				}
				if got := alerts[a.At][a.Name]; !slices.Equal(got, want) {
					t.Errorf("%s at %s:\n%s\nwant\n%s", a.Name, a.At, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
			for _, e := range test.Exprs {
				var want []string
				for _, w := range e.Want {
					metric, err := promQL.ParseMetric(w.Labels)
					if err != nil {
						t.Fatal(err)
					}
					want = append(want, fmt.Sprint(metric, w.Value))
				}
				slices.Sort(want)
				if got := r.ask(t, e.Expr, time.Duration(e.At)); !slices.Equal(got, want) {
					t.Errorf("%s at %s:\n%s\nwant\n%s", e.Expr, e.At, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
		})
	}
	for _, g := range ruleGroups(t).Groups {
		for _, r := range g.Rules {
			if r.Alert != "" && !expected[r.Alert] {
				t.Errorf("%s: no case in which it speaks", r.Alert)
			}
		}
	}
}

// run is the rules over loaded series.
type run struct {
	loaded *promqltest.LazyLoader
	groups []*rules.Group
}

func newRun(t *testing.T, load string, interval time.Duration, order []string) *run {
	t.Helper()
	loaded, err := promqltest.NewLazyLoader(load, promqltest.LazyLoaderOpts{Parser: promQL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { loaded.Close() })
	m := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: rules.EngineQueryFunc(loaded.QueryEngine(), loaded.Storage()), AppendableV2: loaded.Storage(), Context: context.Background(),
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {}, Logger: slog.New(slog.DiscardHandler), Parser: promQL,
	})
	groups, errs := m.LoadGroups(interval, labels.EmptyLabels(), "", nil, false, rulesFile)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	r := &run{loaded: loaded}
	for _, name := range order {
		for _, g := range groups {
			if g.Name() == name {
				r.groups = append(r.groups, g)
			}
		}
	}
	if len(r.groups) != len(groups) {
		t.Fatalf("%d groups of rules, %d have a place in the order", len(groups), len(r.groups))
	}
	for _, g := range r.groups {
		for _, rule := range g.Rules() {
			if a, ok := rule.(*rules.AlertingRule); ok {
				a.SetRestored(true) // nothing is left of an earlier run
			}
		}
	}
	return r
}

// epoch is when the series begin.
var epoch = time.Unix(0, 0).UTC()

func (r *run) evaluate(t *testing.T, at time.Duration) {
	t.Helper()
	r.loaded.WithSamplesTill(epoch.Add(at), func(err error) {
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range r.groups {
			g.Eval(r.loaded.Context(), epoch.Add(at))
			for _, rule := range g.Rules() {
				if err := rule.LastError(); err != nil {
					t.Fatalf("%s at %s: %v", rule.Name(), at, err)
				}
			}
		}
	})
}

// firing are the alerts that fire now, by name: labels and annotations.
func (r *run) firing() map[string][]string {
	all := map[string][]string{}
	for _, g := range r.groups {
		for _, rule := range g.Rules() {
			a, ok := rule.(*rules.AlertingRule)
			if !ok {
				continue
			}
			for _, active := range a.ActiveAlerts() {
				if active.State == rules.StateFiring {
					all[a.Name()] = append(all[a.Name()], fmt.Sprint(active.Labels, active.Annotations))
				}
			}
			slices.Sort(all[a.Name()])
		}
	}
	return all
}

// ask are the samples of an expression.
func (r *run) ask(t *testing.T, expr string, at time.Duration) (samples []string) {
	t.Helper()
	q, err := r.loaded.QueryEngine().NewInstantQuery(context.Background(), r.loaded.Queryable(), nil, expr, epoch.Add(at))
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	result := q.Exec(context.Background())
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	vector, ok := result.Value.(promql.Vector)
	if !ok {
		t.Fatalf("%s is a %s", expr, result.Value.Type())
	}
	for _, s := range vector {
		samples = append(samples, fmt.Sprint(s.Metric, s.F))
	}
	slices.Sort(samples)
	return samples
}
