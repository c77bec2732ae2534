package sim

import (
	"fmt"
)

// Change is a what-if: from an event on, the machine is another one.
type Change struct {
	// Step is how many events come before.
	Step int
	// Apply changes the configuration. What a machine is built with (model, net,
	// processors, files, memory) stays as it was.
	Apply func(c *Config)
}

// WhatIf lets the machine change while it runs. It must be called before
// anything runs. Up to the change the run is the same as without it, event for
// event, since a machine has no other input.
func (m *Machine) WhatIf(c Change) error {
	after := m.cfg
	c.Apply(&after)
	if err := after.Check(); err != nil {
		return err
	}
	if _, err := after.Profile.drive(after.Model); err != nil {
		return err
	}
	for _, fixed := range []struct {
		name string
		same bool
	}{
		{"the model", after.Model == m.cfg.Model}, {"the net", after.Net == m.cfg.Net}, {"the number of CPUs", after.CPUs == m.cfg.CPUs},
		{"the file's size", after.FileBytes == m.cfg.FileBytes}, {"the memory's size", after.MemoryBytes == m.cfg.MemoryBytes},
		{"what is cached", after.Warm == m.cfg.Warm && after.CachedBytes == m.cfg.CachedBytes},
	} {
		if !fixed.same {
			return fmt.Errorf("%s cannot change while the machine runs; change it from the begin on", fixed.name)
		}
	}
	m.change = &c
	return nil
}

// changeNow applies the change that is due.
func (m *Machine) changeNow() {
	c := m.change
	m.change = nil
	before := m.cfg.Profile
	c.Apply(&m.cfg)
	m.costs = m.cfg.Profile
	p := m.costs
	if p.Disk == before.Disk && p.DiskLatency == before.DiskLatency && p.DiskRate == before.DiskRate {
		return
	}
	if d, err := p.drive(m.cfg.Model); err == nil { // it was tried by WhatIf
		m.disk = d
	}
}
