package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"copyscope/internal/trace"
)

// version is set by who builds without a clone (make build VERSION=v1.2.3).
var version = ""

// buildVersion is the version that pages and exports name.
func buildVersion() string { return readBuild().Version }

// buildReport says what a binary was built of; version --json prints it.
type buildReport struct {
	Schema int `json:"schema"`
	// Version is the one that was given, else the commit's tag, as v1.2.3, else dev-
	// and the commit's first 12 digits, else dev.
	Version string `json:"version"`
	// Commit, its time (RFC 3339) and whether the files were others than the
	// commit's are what the build recorded of the clone that it was in. Without a
	// clone there is nothing to record.
	Commit     string `json:"commit,omitempty"`
	CommitTime string `json:"commit_time,omitempty"`
	Modified   *bool  `json:"modified,omitempty"`
	Go         string `json:"go"`
	OS         string `json:"os"`
	Arch       string `json:"arch"`
}

func readBuild() buildReport {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return reportBuild(version, info)
}

// betweenReleases is a version that Go makes up for a commit without a tag
// (https://go.dev/ref/mod#pseudo-versions); dev- and the commit say the same.
var betweenReleases = regexp.MustCompile(`[-.]\d{14}-[0-9a-f]{12}(\+|$)`)

// reportBuild prefers a version that was given to the tag that Go saw on the commit.
func reportBuild(given string, info *debug.BuildInfo) buildReport {
	b := buildReport{Schema: trace.Schema, Version: given, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.CommitTime = s.Value
		case "vcs.modified":
			modified := s.Value == "true"
			b.Modified = &modified
		}
	}
	tag := info.Main.Version
	switch {
	case b.Version != "":
	case strings.HasPrefix(tag, "v") && !betweenReleases.MatchString(tag):
		b.Version = tag
	case b.Commit != "":
		b.Version = "dev-" + b.Commit[:min(len(b.Commit), 12)]
	default:
		b.Version = "dev"
	}
	return b
}

func versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version and how the binary was built",
		Long: `Prints the version, the Go release and the platform; then the commit, its time, and
whether the files were others than the commit's, where the build recorded that.
Two builds of one commit with one Go release are the same to the byte.`,
		Example: "  copyscope version\n  copyscope version --json",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			b := readBuild()
			if asJSON {
				e := json.NewEncoder(c.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(b)
			}
			_, err := io.WriteString(c.OutOrStdout(), describe(b))
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, schema 1")
	return c
}

// describe is a build in words.
func describe(b buildReport) string {
	out := fmt.Sprintf("copyscope %s %s %s/%s\n", b.Version, b.Go, b.OS, b.Arch)
	if b.Commit != "" {
		out += "commit " + b.Commit
		if b.CommitTime != "" {
			out += " of " + b.CommitTime
		}
		switch {
		case b.Modified == nil:
		case *b.Modified:
			out += ", modified"
		default:
			out += ", unmodified"
		}
		out += "\n"
	}
	return out
}
