package recordings

import (
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"copyscope/internal/trace"
)

//go:embed all:data
var shipped embed.FS

// The names of a set's files.
const (
	MachineFile = "machine.json"
	RunEnding   = ".json.gz"
)

// Recording is one run of a set.
type Recording struct {
	// Name is its file's without ending, for example sendfile-warm-loopback.
	Name string
	// Scenario is what was run.
	Scenario string
	Machine  *Machine
	run      func() (*trace.Run, error)
}

// Run reads the run. It is the caller's.
func (r Recording) Run() (*trace.Run, error) { return r.run() }

// Shipped are the recordings in this program, in the order of their sets and names.
var Shipped = sync.OnceValue(func() []Recording {
	data, err := fs.Sub(shipped, "data")
	if err == nil {
		var all []Recording
		if all, err = ReadSets(data); err == nil {
			return all
		}
	}
	panic(fmt.Sprintf("recordings: %v", err)) // they are in the binary; a test reads them all
})

// Named is the shipped recording of that name.
func Named(name string) (Recording, bool) {
	return find(func(r Recording) bool { return r.Name == name })
}

// OfScenario is the shipped recording of that scenario.
func OfScenario(scenario string) (Recording, bool) {
	return find(func(r Recording) bool { return r.Scenario == scenario })
}

func find(is func(Recording) bool) (Recording, bool) {
	i := slices.IndexFunc(Shipped(), is)
	if i < 0 {
		return Recording{}, false
	}
	return Shipped()[i], true
}

// ReadSets reads what the sets below a folder hold. The runs themselves are read
// when they are asked for.
func ReadSets(data fs.FS) (all []Recording, err error) {
	sets, err := fs.ReadDir(data, ".")
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		if !set.IsDir() {
			continue
		}
		m, err := readMachine(data, path.Join(set.Name(), MachineFile))
		if err != nil {
			return nil, err
		}
		files, err := fs.Glob(data, path.Join(set.Name(), "*"+RunEnding))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			name := strings.TrimSuffix(path.Base(file), RunEnding)
			scenario, ok := m.Runs[name]
			if !ok {
				return nil, fmt.Errorf("%s: %s does not tell its scenario", file, MachineFile)
			}
			all = append(all, Recording{Name: name, Scenario: scenario, Machine: &m.Machine, run: func() (*trace.Run, error) { return readRun(data, file) }})
		}
	}
	return all, nil
}

// Set is machine.json: the machine, and the scenario of each run by its name.
type Set struct {
	Machine
	Runs map[string]string `json:"runs"`
}

func readMachine(data fs.FS, name string) (*Set, error) {
	text, err := fs.ReadFile(data, name)
	if err != nil {
		return nil, err
	}
	m := &Set{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if m.Schema != trace.Schema {
		return nil, fmt.Errorf("%s: schema %d: this program reads %d", name, m.Schema, trace.Schema)
	}
	return m, nil
}

func readRun(data fs.FS, name string) (*trace.Run, error) {
	file, err := data.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	run := &trace.Run{}
	if err := json.NewDecoder(z).Decode(run); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return run, nil
}
