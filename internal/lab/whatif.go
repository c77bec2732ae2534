package lab

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"copyscope/sim"
)

// A what-if is written STEP/KEY=VALUE/KEY=VALUE…, for example 120/sg=off: from
// the event after the 120th on, the modelled machine is another one.

// knobs are what a what-if can change, each with a value, how it stands and what
// it does.
var knobs = []struct {
	key, example string
	get          func(c *sim.Config) string
	set          func(c *sim.Config, value string) error
}{
	{"dma", "off", func(c *sim.Config) string { return OnOff(c.DMA) }, func(c *sim.Config, v string) (err error) {
		if c.DMA, err = parseOnOff("dma", v); !c.DMA {
			c.SG, c.TSO = false, false
		}
		return err
	}},
	{"sg", "off", func(c *sim.Config) string { return OnOff(c.SG) }, func(c *sim.Config, v string) (err error) {
		if c.SG, err = parseOnOff("sg", v); !c.SG {
			c.TSO = false
		}
		return err
	}},
	{"tso", "off", func(c *sim.Config) string { return OnOff(c.TSO) }, func(c *sim.Config, v string) (err error) { c.TSO, err = parseOnOff("tso", v); return err }},
	{"mtu", "9000", func(c *sim.Config) string { return FormatSize(c.MTU) }, func(c *sim.Config, v string) (err error) {
		if c.MTU, err = ParseSize("mtu", v); err != nil {
			return &FieldError{"mtu", v, "write the bytes of a packet, 68 to 65536"}
		}
		return nil
	}},
	{"readahead", "0", func(c *sim.Config) string { return FormatSize(c.Settings.ReadaheadBytes) }, func(c *sim.Config, v string) (err error) {
		if v == "0" {
			c.Settings.ReadaheadBytes = 0
			return nil
		}
		if c.Settings.ReadaheadBytes, err = ParseSize("readahead", v); err != nil {
			return &FieldError{"readahead", v, "write 0, or a size such as 128KiB"}
		}
		return nil
	}},
	{"send-buffer", "64KiB", func(c *sim.Config) string { return FormatSize(c.Settings.SendBufferBytes) }, func(c *sim.Config, v string) (err error) {
		c.Settings.SendBufferBytes, err = ParseSize("send-buffer", v)
		return err
	}},
	{"profile", sim.DefaultProfile, func(c *sim.Config) string { return c.Profile.Name }, func(c *sim.Config, v string) error {
		p, err := sim.LookupProfile(v)
		if err != nil {
			return &FieldError{"profile", v, "use one of " + strings.Join(sim.ProfileNames(), ", ")}
		}
		c.Profile = p
		return nil
	}},
}

// WhatIfKeys lists what a what-if can change.
func WhatIfKeys() []string {
	keys := make([]string, len(knobs))
	for i, k := range knobs {
		keys[i] = k.key
	}
	return keys
}

// WhatIfExample is a value that a what-if can give the setting of that key.
func WhatIfExample(key string) string {
	i := slices.Index(WhatIfKeys(), key)
	if i < 0 {
		return ""
	}
	return knobs[i].example
}

// parseWhatIf reads one; each value is tried on a machine of the defaults.
func parseWhatIf(text string) (*sim.Change, error) {
	bad := func(remedy string) error { return &FieldError{"whatif", text, remedy} }
	parts := strings.Split(text, "/")
	step, err := strconv.Atoi(parts[0])
	if err != nil || step < 0 {
		return nil, bad("begin with a step, 0 or more: 120/sg=off")
	}
	if len(parts) < 2 {
		return nil, bad("say what changes: 120/sg=off; it can be " + strings.Join(WhatIfKeys(), ", "))
	}
	var sets []func(c *sim.Config)
	try := sim.MachineConfig()
	for _, part := range parts[1:] {
		key, value, ok := strings.Cut(part, "=")
		i := slices.Index(WhatIfKeys(), key)
		if !ok && i >= 0 {
			return nil, bad(fmt.Sprintf("%q becomes what? write a value after it, such as %s/%s=%s", key, parts[0], key, knobs[i].example))
		}
		if !ok || i < 0 {
			return nil, bad(fmt.Sprintf("%q cannot change; it can be %s", part, strings.Join(WhatIfKeys(), ", ")))
		}
		if err := knobs[i].set(&try, value); err != nil {
			return nil, bad(cannotBe(key, value, err))
		}
		sets = append(sets, func(c *sim.Config) { _ = knobs[i].set(c, value) }) // it was tried
	}
	return &sim.Change{Step: step, Apply: func(c *sim.Config) {
		for _, set := range sets {
			set(c)
		}
	}}, nil
}

// cannotBe says why a setting cannot have a value, in words of which each part has its
// own translation.
func cannotBe(key, value string, err error) string {
	var f *FieldError
	if errors.As(err, &f) {
		return fmt.Sprintf("%s cannot be %q: %s", key, value, f.Remedy)
	}
	return fmt.Sprintf("%s cannot be %q: %v", key, value, err)
}
