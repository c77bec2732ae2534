package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"copyscope/internal/lab"
	"copyscope/sim"
)

// profileUsage tells what --profile takes.
func profileUsage() string {
	return "a file of copyscope calibrate, or " + strings.Join(sim.ProfileNames(), ", ") + " (default " + sim.DefaultProfile + ")"
}

// readProfile reads the profile that --profile names, if it is a file; shipped is
// its name, if it is none.
func readProfile(flag string) (shipped string, calibrated *sim.Profile, err error) {
	if flag == "" || slices.Contains(sim.ProfileNames(), flag) {
		return flag, nil, nil
	}
	text, err := readInput(flag)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, fmt.Errorf("--profile %q: there is no such file%s; use one of %s, or a file of copyscope calibrate",
			flag, nearest(flag, sim.ProfileNames()), strings.Join(sim.ProfileNames(), ", "))
	}
	if err == nil {
		calibrated, err = lab.ParseProfile(flag, text)
	}
	if err != nil {
		return "", nil, fmt.Errorf("--profile: %w", err)
	}
	return "", calibrated, nil
}
