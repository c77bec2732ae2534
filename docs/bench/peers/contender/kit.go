//go:build linux

package contender

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"copyscope/docs/bench/peers/contender/name"
	"copyscope/internal/kafkajars"
	"copyscope/internal/process"
)

// need is programs that a server needs and a machine may lack.
type need string

const (
	maven need = "mvn (Maven, and a JDK of 17 or later)"
	nginx need = "nginx (Debian: nginx-light)"
	iperf need = "iperf3"
)

var programs = map[need][]string{maven: {"mvn", "java"}, nginx: {"nginx"}, iperf: {"iperf3"}}

// Lacks is why this machine cannot have the server, empty if it can.
func (c Contender) Lacks() string {
	if c.Absent != "" {
		return c.Absent
	}
	for _, name := range programs[c.need] {
		if _, err := process.Find(name); err != nil {
			return "this machine lacks " + string(c.need)
		}
	}
	return ""
}

// servers is the nested module of the Go servers.
const servers = "docs/bench/peers/servers"

// Collect builds the programs that the contenders need into bin, and has Maven
// fetch Kafka. It is what needs the outer network, and is to be called in the
// repository's root. What cannot be built or fetched is told by the server's name.
func Collect(ctx context.Context, bin string, of []Contender) (failed map[string]string, err error) {
	if _, err := process.Run(ctx, "go", "build", "-o", bin+"/", "./cmd/copyscope"); err != nil {
		return nil, err
	}
	failed = map[string]string{}
	wants := func(c Contender) bool { return c.Lacks() == "" }
	for _, c := range of {
		if !wants(c) {
			continue
		}
		var err error
		switch c.Name {
		case name.Kfake:
			_, err = process.Run(ctx, "go", "build", "-C", servers, "-o", bin+"/", "./kfake")
		case name.NATS:
			_, err = process.Run(ctx, "go", "build", "-C", servers, "-o", bin+"/", "github.com/nats-io/nats-server/v2")
		case name.Kafka:
			err = kafkajars.Collect(ctx)
		case name.KafkaTuned:
			if !slices.ContainsFunc(of, func(o Contender) bool { return o.Name == name.Kafka }) {
				err = kafkajars.Collect(ctx)
			}
		}
		if err != nil && ctx.Err() == nil {
			failed[c.Name] = strings.TrimSpace(strings.Split(err.Error(), "\n")[0])
		}
	}
	return failed, ctx.Err()
}

// Version is that of the server, empty where it has none of its own.
func (c Contender) Version(ctx context.Context, bin string) string {
	ask := func(pattern, name string, args ...string) string {
		path, err := process.Find(name)
		if err != nil {
			return ""
		}
		out, _ := exec.CommandContext(ctx, path, args...).CombinedOutput()
		if m := regexp.MustCompile(pattern).FindSubmatch(out); m != nil {
			return string(m[1])
		}
		return ""
	}
	switch c.Protocol {
	case HTTP:
		return ask(`nginx/(\S+)`, "nginx", "-v")
	case Iperf:
		return ask(`iperf (\S+)`, "iperf3", "--version")
	case NATS:
		return ask(`v([\d.]+)`, filepath.Join(bin, "nats-server"), "--version")
	case Bare:
		return strings.TrimPrefix(runtime.Version(), "go")
	}
	switch c.Name {
	case name.Kfake:
		return ask(`dep\tgithub.com/twmb/franz-go/pkg/kfake\t(\S+)`, "go", "version", "-m", filepath.Join(bin, "kfake"))
	case name.Kafka, name.KafkaTuned:
		kafka, _ := kafkajars.Version()
		return fmt.Sprintf("%s on Java %s", kafka, ask(`version "([^"]+)"`, "java", "-version"))
	}
	return ""
}
