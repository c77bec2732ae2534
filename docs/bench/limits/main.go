//go:build unix

// Command limits measures what the product promises of its speed and size and
// fails if a promise is broken: exec to serving under 300 ms, a simulated run
// of 1 GiB under 500 ms and 200 MB for each path, a first view of at most
// 250 KB. Medians decide; all values are printed. Run it from the repository:
//
//	go run ./docs/bench/limits
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"syscall"
	"time"

	"copyscope/internal/host"
	"copyscope/internal/served"
	"copyscope/internal/transfer"
)

func main() {
	if err := limits(); err != nil {
		fmt.Fprintln(os.Stderr, "limits:", err)
		os.Exit(1)
	}
}

func limits() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	binary, err := served.Build(ctx)
	if err != nil {
		return err
	}
	defer binary.Remove()
	facts := host.ReadFacts("")
	fmt.Printf("Linux %s, %d CPUs, %s\n", facts.Kernel, facts.CPUs, runtime.Version())
	return errors.Join(starts(ctx, binary), simulations(ctx, binary), firstView(ctx, binary))
}

// starts measures from exec to the first answer.
func starts(ctx context.Context, binary *served.Binary) error {
	var ms []float64
	for range 15 {
		began := time.Now()
		s, err := binary.Serve(ctx)
		if err != nil {
			return err
		}
		_, _, err = fetch(s.Web + "/healthz")
		ms = append(ms, float64(time.Since(began).Microseconds())/1000)
		if err := errors.Join(err, s.Stop()); err != nil {
			return err
		}
	}
	return judge("exec to serving", "ms", ms, 300)
}

// simulations measures the command that simulates 1 GiB, for each path.
func simulations(ctx context.Context, binary *served.Binary) error {
	var failed error
	for _, path := range transfer.Paths() {
		var ms, mb []float64
		for range 5 {
			began := time.Now()
			c := exec.CommandContext(ctx, binary.Path, "run", path, "--size", "1GiB", "--side", "sim")
			if out, err := c.CombinedOutput(); err != nil {
				return fmt.Errorf("%s: %w\n%s", path, err, out)
			}
			ms = append(ms, float64(time.Since(began).Microseconds())/1000)
			peak := float64(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1000
			if runtime.GOOS == "darwin" {
				peak /= 1000 // getrusage(2) counts bytes there, KiB on Linux
			}
			mb = append(mb, peak)
		}
		failed = errors.Join(failed, judge("simulated 1 GiB by "+path, "ms", ms, 500), judge("its memory", "MB", mb, 200))
	}
	return failed
}

// asset finds what a page loads.
var asset = regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`)

// firstView adds up what the first page and all that it names transfer.
func firstView(ctx context.Context, binary *served.Binary) error {
	s, err := binary.Serve(ctx)
	if err != nil {
		return err
	}
	files, n, err := loaded(s.Web, "/scope")
	if err := errors.Join(err, s.Stop()); err != nil {
		return err
	}
	return judge(fmt.Sprintf("first view, %d files", files), "KB", []float64{float64(n) / 1000}, 250)
}

// loaded is how many files a page of a server is, with all that it names, and the
// bytes that are transferred for them.
func loaded(web, page string) (files, total int, err error) {
	text, total, err := fetch(web + page)
	if err != nil {
		return 0, 0, err
	}
	seen := map[string]bool{}
	for _, m := range asset.FindAllSubmatch(text, -1) {
		if name := string(m[1]); !seen[name] {
			seen[name] = true
			_, n, err := fetch(web + name)
			if err != nil {
				return 0, 0, err
			}
			total += n
		}
	}
	return len(seen) + 1, total, nil
}

// fetch gets a file as a browser does, compressed; it returns the content and
// the bytes that were transferred for it.
func fetch(url string) (content []byte, transferred int, err error) {
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	if content, err = io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("%s: %s %v", url, resp.Status, err)
	}
	transferred = len(content)
	if resp.Header.Get("Content-Encoding") == "gzip" {
		r, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return nil, 0, err
		}
		if content, err = io.ReadAll(r); err != nil {
			return nil, 0, err
		}
	}
	return content, transferred, nil
}

func judge(what, unit string, values []float64, limit float64) error {
	sorted := slices.Sorted(slices.Values(values))
	median := sorted[len(sorted)/2]
	fmt.Printf("%-32s median %6.1f %s, at most %.0f; all %.0f\n", what, median, unit, limit, sorted)
	if median > limit {
		return fmt.Errorf("%s: %.1f %s, promised at most %.0f", what, median, unit, limit)
	}
	return nil
}
