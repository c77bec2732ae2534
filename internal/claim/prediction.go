package claim

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"copyscope/internal/host"
	"copyscope/internal/lab"
	"copyscope/internal/spread"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

const (
	// residualBytes is the size of the runs that predictions are held against,
	// slowBytes of those that take long for every byte.
	residualBytes  = 32 << 20
	slowBytes      = 8 << 20
	residualRounds = 3
)

// residualScenarios are every path that runs here, in chunks that no calibration
// has.
func residualScenarios(o Options) (out []lab.Scenario, limits []Note) {
	chunks := quickChunks
	for _, p := range transfer.Programs() {
		if ok, why := host.Available(p.Path); !ok {
			limits = append(limits, note("claims.prediction.not-here", "Path", p.Path, "Reason", why))
			continue
		}
		size := int64(residualBytes)
		switch {
		case o.Quick:
			size = quickBytes
		case lab.Slow(p.Path):
			size = slowBytes
		}
		for _, chunk := range chunks {
			for _, cache := range []lab.Cache{lab.Warm, lab.Cold} {
				if cache == lab.Cold && (o.Quick || !p.Serves && p.Path != "direct") {
					continue // the others read the file as these do
				}
				out = append(out, lab.Scenario{Path: p.Path, Side: trace.Real, Size: size, Chunk: chunk, Cache: cache, Net: lab.Loopback}.Normal())
			}
		}
	}
	return out, limits
}

// prediction calibrates, unless there is a profile, and holds the model's times
// against this host's.
func prediction(ctx context.Context, l *lab.Lab, o Options) (*Report, error) {
	profile, from := o.Profile, int64(0)
	if profile == nil {
		from = 600
		file, err := l.Calibrate(ctx, lab.CalibrateOptions{Progress: func(done, total int64) { o.Progress(from*done/total, 1000) }})
		if err != nil {
			return nil, err
		}
		if profile, err = file.Profile(); err != nil {
			return nil, err
		}
	}
	scenarios, limits := residualScenarios(o)
	if len(scenarios) == 0 {
		return nil, fmt.Errorf("this host can run no path for real; see copyscope run --list")
	}
	residuals, err := residualsOf(ctx, l, profile, scenarios, func(done, total int64) { o.Progress(from+(1000-from)*done/total, 1000) })
	if err != nil {
		return nil, err
	}
	r := predictionReport(residuals)
	r.Limits = append(limits, note("claims.no-veth"))
	return r, nil
}

func residualsOf(ctx context.Context, l *lab.Lab, profile *sim.Profile, scenarios []lab.Scenario, progress func(done, total int64)) (out []lab.Residual, err error) {
	with := lab.New(l.Dir)
	with.Profile = profile
	stand := l.Stand() // the host is the lab's that others measure with
	defer stand.Close()
	for i, s := range scenarios {
		r, err := with.Residual(ctx, stand, s, residualRounds)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
		progress(int64(i+1), int64(len(scenarios)))
	}
	return out, nil
}

// predictionReport has a table of the residuals and one of their medians by path.
func predictionReport(residuals []lab.Residual) *Report {
	all := Table{Name: "residuals", Keys: []string{"path", "cache", "chunk", "device"}, Columns: []Column{
		{"cpu_predicted", "ms"}, {"cpu_measured", "ms"}, {"cpu_error", "%"},
		{"wall_predicted", "ms"}, {"wall_measured", "ms"}, {"wall_error", "%"}}}
	paths := Table{Name: "residuals_by_path", Keys: []string{"path"}, Columns: []Column{{"cpu_error_size", "%"}, {"wall_error_size", "%"}}}
	cpu, wall := map[string][]float64{}, map[string][]float64{}
	var order []string
	var allCPU, allWall []float64
	for _, r := range residuals {
		s := r.Scenario
		row := Row{Labels: []string{s.Path, string(s.Cache), lab.FormatSize(s.Chunk), string(s.Net)}}
		for _, m := range []lab.Remainder{r.CPU, r.Wall} {
			ms := each(func(v ...float64) float64 { return v[0] / 1e6 }, m.Measured)
			off := each(func(v ...float64) float64 { return 100 * (m.Predicted - v[0]) / v[0] }, m.Measured)
			row.Figures = append(row.Figures, figureOf(trace.Modelled, []float64{m.Predicted / 1e6}), measured(ms), derived(off))
		}
		all.Rows = append(all.Rows, row)
		if !slices.Contains(order, s.Path) {
			order = append(order, s.Path)
		}
		cpu[s.Path], wall[s.Path] = append(cpu[s.Path], r.CPU.Size()), append(wall[s.Path], r.Wall.Size())
		allCPU, allWall = append(allCPU, r.CPU.Size()), append(allWall, r.Wall.Size())
	}
	for _, p := range order {
		paths.Rows = append(paths.Rows, Row{[]string{p}, []Figure{derived(cpu[p]), derived(wall[p])}})
	}
	worst := slices.IndexFunc(residuals, func(r lab.Residual) bool { return r.CPU.Size() == slices.Max(allCPU) })
	return &Report{Tables: []Table{paths, all}, Findings: []Note{
		note("claims.prediction.median", "CPU", Short(spread.Of(allCPU).Median), "Wall", Short(spread.Of(allWall).Median), "Scenarios", fmt.Sprint(len(residuals))),
		note("claims.prediction.worst", "Row", strings.Join(all.Rows[max(worst, 0)].Labels, ", "), "Error", Short(residuals[max(worst, 0)].CPU.Off())),
	}}
}
