package main

import (
	"fmt"
	"strings"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// carrier is what carries the bytes of real runs.
type carrier struct {
	name string
	net  lab.Net
	sg   bool // the device gathers
}

// carriers are those that -nets names; whether the lab has them, it says itself.
var carriers = []carrier{{"loopback", lab.Loopback, true}, {"veth-sg", "veth", true}, {"veth-nosg", "veth", false}}

func netNames() (out []string) {
	for _, c := range carriers {
		out = append(out, c.name)
	}
	return out
}

// parseNets reads a list of nets.
func parseNets(list string) (out []carrier, err error) {
names:
	for name := range strings.SplitSeq(list, ",") {
		for _, c := range carriers {
			if c.name != name {
				continue
			}
			s := lab.Default()
			s.Side, s.Net, s.SG = trace.Real, c.net, c.sg
			if err := s.Normal().Validate(); err != nil {
				return nil, fmt.Errorf("-nets %s: the lab cannot measure it: %w", name, err)
			}
			out = append(out, c)
			continue names
		}
		return nil, fmt.Errorf("-nets %q: use a list of %s", name, strings.Join(netNames(), ", "))
	}
	return out, nil
}
