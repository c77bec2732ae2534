//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"copyscope/docs/bench/peers/contender"
	"copyscope/internal/ownnet"
)

// dirVariable names the run's directory to the process in the namespace, and says
// by being there that it is in one.
const dirVariable = "COPYSCOPE_PEERS_DIR"

func inside() bool { return os.Getenv(dirVariable) != "" }

// The places in the run's directory.
func binDir(dir string) string     { return filepath.Join(dir, "bin") }
func failedFile(dir string) string { return filepath.Join(dir, "failed.json") }

// enclose does what needs the outer network, and runs the rest in a namespace,
// which ends with the last process in it.
func (o *options) enclose(ctx context.Context) (err error) {
	if os.Geteuid() != 0 {
		if os.Getenv("CI") == "true" {
			return errors.New("a network namespace needs root, and this user is not; run it as root")
		}
		fmt.Println("SKIPPED: a network namespace needs root, and this user is not; run it as root: sudo go run ./docs/bench/peers")
		return nil
	}
	dir, err := os.MkdirTemp(o.dir, "copyscope-peers-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := os.Mkdir(binDir(dir), 0o755); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "building and fetching the servers")
	failed, err := contender.Collect(ctx, binDir(dir), o.contenders)
	if err != nil {
		return err
	}
	text, err := json.Marshal(failed)
	if err != nil {
		return err
	}
	if err := os.WriteFile(failedFile(dir), text, 0o644); err != nil {
		return err
	}
	return ownnet.Reenter(ctx, dirVariable+"="+dir)
}
