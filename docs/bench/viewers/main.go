//go:build linux

// Command viewers measures a talk with a large audience on one machine: how long
// a step takes until every viewer has it, and what a viewer costs the server.
//
// The server is this process, the viewers are a second one, both on loopback:
// so the memory that is measured is the server's alone, and both share the
// machine's processors, which makes the times worse than in a lecture hall.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"syscall"
	"time"

	"copyscope/internal/host"
	"copyscope/internal/lab"
	"copyscope/internal/talk"
	"copyscope/web"
)

// plan is what the viewers are to do.
type plan struct {
	Address, Code, Token string
	Viewers, Deaf, Steps int
	Every                time.Duration
	Pointer              bool
}

// figures are what came of a plan, in seconds, and what a viewer cost, in bytes.
type figures struct {
	plan
	Connect            time.Duration
	P50, P99           time.Duration
	StepP99            time.Duration // of the time until the last viewer has a step
	Missed             int
	Heap, Stack, Total float64 // bytes a viewer
}

func main() {
	log.SetFlags(0)
	viewers := flag.Int("n", 2000, "viewers")
	steps := flag.Int("steps", 100, "steps of the talk")
	child := flag.String("child", "", "")
	flag.Parse()
	raise()
	if *child != "" {
		watch(*child)
		return
	}
	fmt.Print(heading())
	kept := true
	for _, p := range []plan{
		{Viewers: *viewers, Steps: *steps, Every: 250 * time.Millisecond},
		{Viewers: *viewers, Steps: *steps, Every: 250 * time.Millisecond, Deaf: *viewers / 40},
		{Viewers: *viewers, Steps: *steps / 2, Every: 500 * time.Millisecond, Pointer: true},
	} {
		f, err := measure(p)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(f.row())
		kept = kept && f.StepP99 <= maxStep && f.Heap+f.Stack <= maxViewer
	}
	fmt.Printf("\nPromised: a step reaches all within %v (p99 of the steps), and a viewer costs at most %d KiB of heap and stack.\n", maxStep, maxViewer>>10)
	if !kept {
		log.Fatal("a promise is broken; on a busy machine the times say little")
	}
}

// What is promised.
const (
	maxStep   = 100 * time.Millisecond
	maxViewer = 30 << 10
)

// raise lets the process have as many descriptors as it may.
func raise() {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) == nil {
		l.Cur = l.Max
		syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
	}
}

func heading() string {
	facts := host.ReadFacts("")
	load, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(load), " ")
	return fmt.Sprintf("# An audience of thousands\n\nWritten by `go run ./docs/bench/viewers` on %s: Linux %s, %d processors, which server and viewers share, %s. "+
		"The load average was %s when it began: above 1, others were at work. Every 250 ms (500 ms with the pointer) the speaker takes a step; "+
		"the time is from before it is sent until a viewer has read it. Deaf viewers never read. Missed: a viewer was sent a newer state instead.\n\n"+
		"| viewers | deaf | pointer | steps | connected in | a viewer has a step: p50 | p99 | all have it: p99 | missed | heap a viewer | stack | both | all that the runtime holds |\n"+
		"| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n", time.Now().UTC().Format(time.DateOnly), facts.Kernel, facts.CPUs, runtime.Version(), first)
}

func (f figures) row() string {
	pointer := "–"
	if f.Pointer {
		pointer = "30 Hz"
	}
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1e3) }
	kib := func(b float64) string { return fmt.Sprintf("%.1f KiB", b/1024) }
	return fmt.Sprintf("| %d | %d | %s | %d | %.1f s | %s | %s | %s | %d | %s | %s | %s | %s |", f.Viewers, f.Deaf, pointer, f.Steps, f.Connect.Seconds(),
		ms(f.P50), ms(f.P99), ms(f.StepP99), f.Missed, kib(f.Heap), kib(f.Stack), kib(f.Heap+f.Stack), kib(f.Total))
}

// measure serves a talk and has a second process watch it.
func measure(p plan) (*figures, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	pages, err := web.New(web.Config{Addr: listener.Addr().String(), Lab: lab.New("")})
	if err != nil {
		return nil, err
	}
	server := pages.HTTPServer()
	go server.Serve(listener)
	defer server.Close()
	defer pages.Close()
	deck, err := talk.Load("zero-copy")
	if err != nil {
		return nil, err
	}
	room, err := pages.OpenTalk(context.Background(), "zero-copy.yaml", deck, "", "")
	if err != nil {
		return nil, err
	}
	p.Address, p.Code, p.Token = listener.Addr().String(), room.Code, room.Present
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	before := memory()
	child := exec.Command("/proc/self/exe", "-child", string(text))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		return nil, err
	}
	in, err := child.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := child.Start(); err != nil {
		return nil, err
	}
	// It writes twice: when all are connected, and at the end, while all still are.
	results := json.NewDecoder(out)
	f := figures{}
	if err := results.Decode(&f); err != nil {
		return nil, err
	}
	if err := results.Decode(&f); err != nil {
		return nil, err
	}
	after := memory()
	f.plan = p
	n := float64(p.Viewers)
	f.Heap, f.Stack, f.Total = (after.heap-before.heap)/n, (after.stack-before.stack)/n, (after.total-before.total)/n
	in.Close()
	return &f, child.Wait()
}

type held struct{ heap, stack, total float64 }

// memory is what the runtime holds after what is garbage has gone.
func memory() held {
	debug.FreeOSMemory()
	names := []string{"/memory/classes/heap/objects:bytes", "/memory/classes/heap/stacks:bytes", "/memory/classes/total:bytes", "/memory/classes/heap/released:bytes"}
	samples := make([]metrics.Sample, len(names))
	for i, name := range names {
		samples[i].Name = name
	}
	metrics.Read(samples)
	v := func(i int) float64 { return float64(samples[i].Value.Uint64()) }
	return held{v(0), v(1), v(2) - v(3)}
}
