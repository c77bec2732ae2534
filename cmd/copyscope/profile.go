package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"copyscope/internal/lab"
	"copyscope/sim"
)

// profileUsage tells what --profile takes.
func profileUsage() string {
	return "modelled hardware: a file of copyscope calibrate, or " + strings.Join(sim.ProfileNames(), ", ") + " (default " + sim.DefaultProfile + ")"
}

// readProfile reads the profile that --profile names, if it is a file; shipped is
// its name, if it is none.
func readProfile(flag string) (shipped string, calibrated *sim.Profile, err error) {
	if flag == "" || slices.Contains(sim.ProfileNames(), flag) {
		return flag, nil, nil
	}
	if _, err := os.Stat(flag); err != nil {
		return "", nil, fmt.Errorf("--profile %q: use one of %s, or a file of copyscope calibrate", flag, strings.Join(sim.ProfileNames(), ", "))
	}
	calibrated, err = lab.ReadProfile(flag)
	if err != nil {
		return "", nil, fmt.Errorf("--profile: %w", err)
	}
	return "", calibrated, nil
}
