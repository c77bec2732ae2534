// Package result holds what a comparison measured, as it is stored, and how rounds
// and runs are summarised.
package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"copyscope/docs/bench/peers/workload"
	"copyscope/internal/host"
	"copyscope/internal/load"
)

// Round is one turn of one server.
type Round struct {
	Round   int          `json:"round"`
	Server  string       `json:"server"`
	Figures load.Figures `json:"figures"`
}

// Run is one repetition of the whole: servers that were started anew.
type Run struct {
	Rounds []Round `json:"rounds"`
	// Absent says by server why it has no rounds, or not all.
	Absent map[string]string `json:"absent,omitempty"`
	Notes  []string          `json:"notes,omitempty"`
}

// File is one workload. Schema is 1.
type File struct {
	Schema   int               `json:"schema"`
	Workload workload.Workload `json:"workload"`
	Runs     []Run             `json:"runs"`
}

// Server is a server of the comparison.
type Server struct {
	Name     string `json:"name"`
	Settings string `json:"settings"`
	Version  string `json:"version,omitempty"`
	Absent   string `json:"absent,omitempty"`
}

// Machine is where and how it was measured. Schema is 1.
type Machine struct {
	Schema      int        `json:"schema"`
	Host        host.Facts `json:"host"`
	MemoryBytes uint64     `json:"memory_bytes"`
	Congestion  string     `json:"congestion"` // of the servers' sockets
	Go          string     `json:"go"`
	Date        string     `json:"date"`
	LastDate    string     `json:"last_date,omitempty"` // of the newest run, if another one
	Rounds      int        `json:"rounds"`
	TurnSeconds float64    `json:"turn_seconds"`
	TookSeconds float64    `json:"took_seconds"`
	Servers     []Server   `json:"servers"`
}

// All is a whole comparison.
type All struct {
	Machine Machine
	Files   []File
}

const machineName = "machine"

// Write stores it as DIR/machine.json and DIR/WORKLOAD.json.
func (a All) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	err := write(dir, machineName, a.Machine)
	for _, f := range a.Files {
		if len(f.Runs) == 0 {
			continue // not measured yet
		}
		err = errors.Join(err, write(dir, f.Workload.Name, f))
	}
	return err
}

func write(dir, name string, v any) error {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name+".json"), append(text, '\n'), 0o644)
}

// Read reads what Write stored, in the order of the workloads.
func Read(dir string) (a All, err error) {
	if err := read(dir, machineName, &a.Machine); err != nil {
		return a, err
	}
	for _, w := range workload.All() {
		var f File
		switch err := read(dir, w.Name, &f); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return a, err
		default:
			a.Files = append(a.Files, f)
		}
	}
	return a, nil
}

func read(dir, name string, v any) error {
	text, err := os.ReadFile(filepath.Join(dir, name+".json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%s.json: %w", name, err)
	}
	return nil
}

// Of is the file of a workload; ok is false if it was not measured.
func (a All) Of(name string) (f File, ok bool) {
	for _, f := range a.Files {
		if f.Workload.Name == name {
			return f, true
		}
	}
	return f, false
}
