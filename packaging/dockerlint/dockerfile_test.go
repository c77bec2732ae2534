// Package dockerlint holds the Dockerfile to BuildKit's checks, as docker build
// --check does, without an engine and without asking a registry. It is a module of its
// own, so that the product has none of BuildKit's requirements.
package dockerlint

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// anyImage stands for every base image: one that says nothing of itself.
type anyImage struct{}

func (anyImage) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config, err := json.Marshal(ocispecs.Image{Platform: platform})
	return ref, "", config, err
}

var platform = ocispecs.Platform{OS: "linux", Architecture: "amd64"}

// check gives what BuildKit has to say of a Dockerfile, one sentence each.
func check(t *testing.T, text []byte) (said []string) {
	t.Helper()
	source := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", text)
	source.Definition = &llb.Definition{} // there is none, and it is asked for one
	results, err := dockerfile2llb.DockerfileLint(t.Context(), text, dockerfile2llb.ConvertOpt{
		Config:         dockerui.Config{BuildPlatforms: []ocispecs.Platform{platform}},
		TargetPlatform: &platform,
		SourceMap:      source,
		MetaResolver:   anyImage{},
	})
	if err != nil {
		t.Fatal(err)
	}
	if results.Error != nil {
		said = append(said, results.Error.Message)
	}
	for _, w := range results.Warnings {
		line := int32(0)
		for _, at := range w.Location.Ranges[:min(1, len(w.Location.Ranges))] {
			line = at.Start.Line
		}
		said = append(said, fmt.Sprintf("Dockerfile:%d: %s: %s (%s)", line, w.RuleName, w.Detail, w.URL))
	}
	return said
}

func TestTheDockerfile(t *testing.T) {
	text, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range check(t, text) {
		t.Error(s)
	}
	// What no check of BuildKit's asks for.
	final := string(text[strings.LastIndex(string(text), "\nFROM "):])
	for _, line := range []string{"\nUSER 65532:65532\n", "\nEXPOSE 8080 9092\n", "\nVOLUME /var/lib/copyscope\n", "\nENTRYPOINT [\"/usr/bin/copyscope\"]\n"} {
		if !strings.Contains(final, line) {
			t.Errorf("the last stage has no line %q", strings.TrimSpace(line))
		}
	}
}

// The checks are there: each of these lines is found.
func TestTheChecksSpeakUp(t *testing.T) {
	for line, rule := range map[string]string{
		"ENV PASSWORD=x":     "SecretsUsedInArgOrEnv",
		"WORKDIR relative":   "WorkdirRelativePath",
		"CMD copyscope":      "JSONArgsRecommended",
		"ENV KEY value":      "LegacyKeyValueFormat",
		"COPY $nothing /":    "UndefinedVar",
		"MAINTAINER someone": "MaintainerDeprecated",
		"NONSENSE":           "unknown instruction",
	} {
		if said := strings.Join(check(t, []byte("FROM golang AS build\n"+line+"\n")), "\n"); !strings.Contains(said, rule) {
			t.Errorf("%s: said is %q, and not %s", line, said, rule)
		}
	}
}
