package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"copyscope/internal/trace"
	"copyscope/sim"
)

// machineFields are the fields of a scenario that set those of the machine.
var machineFields = map[string]string{
	"Model": "machine.model", "Net": "machine.net", "CPUs": "machine.cpus", "SG": "machine.sg", "TSO": "machine.tso",
	"MTU": "machine.mtu", "LLCBytes": "machine.llc", "MemoryBytes": "machine.memory",
	"Settings.ReadaheadBytes": "machine.readahead", "Settings.SendBufferBytes": "machine.send_buffer",
	"Settings.DirtyBytes": "machine.dirty", "Settings.WritebackInterval": "machine.dirty.interval",
}

// minWriteback is the kernel's unit of dirty_writeback_centisecs.
const minWriteback = 10 * time.Millisecond

// machine checks the modelled computer, and that what is cached has room in it.
func (c *checker) machine() {
	m := c.s.Machine
	disks, nics := devices()
	switch {
	case m.Disk != "" && !slices.Contains(disks, m.Disk):
		c.fail("machine.disk", "%q: use %s", m.Disk, strings.Join(disks, ", "))
	case m.NIC != "" && !slices.Contains(nics, m.NIC):
		c.fail("machine.nic", "%q: use %s", m.NIC, strings.Join(nics, ", "))
	case m.Dirty != nil && m.Dirty.Interval != nil && *m.Dirty.Interval < Duration(minWriteback):
		c.fail("machine.dirty.interval", "%v: use %v or more", time.Duration(*m.Dirty.Interval), minWriteback)
	}
	if _, err := c.s.config(); err != nil {
		field := "machine"
		var bad *sim.FieldError
		if errors.As(err, &bad) && machineFields[bad.Field] != "" {
			field = machineFields[bad.Field]
		}
		c.fail(field, "%v", err)
	}
	c.cached()
}

// cached checks that the page cache holds what is to be in it.
func (c *checker) cached() {
	all, memory := int64(0), int64(c.s.Machine.Memory)
	for i := range c.s.Files {
		n, _ := c.s.Files[i].cached()
		if all += n; memory > 0 && all > memory {
			c.fail(fmt.Sprintf("files[%d].cached", i), "%d bytes are cached with this file, and the page cache holds %d; cache less, or make machine.memory larger", all, memory)
		}
	}
}

// devices are the disks and the network cards of the profiles.
func devices() (disks, nics []string) {
	for _, name := range sim.ProfileNames() {
		disk, nic, _ := strings.Cut(name, "-")
		if !slices.Contains(disks, disk) {
			disks = append(disks, disk)
		}
		if !slices.Contains(nics, nic) {
			nics = append(nics, nic)
		}
	}
	return disks, nics
}

// devices is the name of the profile of the machine's disk and network card.
func (m *Machine) devices() string {
	disk, nic, _ := strings.Cut(sim.DefaultProfile, "-")
	if m.Disk != "" {
		disk = m.Disk
	}
	if m.NIC != "" {
		nic = m.NIC
	}
	return disk + "-" + nic
}

// config is the machine of the scenario.
func (s *Scenario) config() (sim.Config, error) {
	c, m := sim.MachineConfig(), s.Machine
	set := func(to *bool, v *Switch) {
		if v != nil {
			*to = bool(*v)
		}
	}
	size := func(to *int64, v *Size) {
		if v != nil {
			*to = int64(*v)
		}
	}
	duration := func(to *trace.Ns, v *Duration) {
		if v != nil {
			*to = trace.Ns(*v)
		}
	}
	if m.Model != "" {
		c.Model = sim.Model(m.Model)
	}
	if m.Net != "" {
		c.Net = sim.Net(m.Net)
	}
	if m.CPUs != nil {
		c.CPUs = *m.CPUs
	}
	set(&c.DMA, m.DMA)
	if !c.DMA {
		c.SG = false
	}
	set(&c.SG, m.SG)
	c.TSO = c.SG
	set(&c.TSO, m.TSO)
	size(&c.MTU, m.MTU)
	size(&c.Settings.ReadaheadBytes, m.Readahead)
	size(&c.Settings.SendBufferBytes, m.SendBuffer)
	if d := m.Dirty; d != nil {
		size(&c.Settings.DirtyBackgroundBytes, d.Background)
		size(&c.Settings.DirtyBytes, d.Limit)
		duration(&c.Settings.DirtyExpire, d.Expire)
		duration(&c.Settings.WritebackInterval, d.Interval)
	}
	c.MemoryBytes, c.LLCBytes = int64(m.Memory), int64(m.LLC)
	var err error
	if c.Profile, err = sim.LookupProfile(m.devices()); err != nil {
		return c, err
	}
	c.FileBytes = max(int64(s.Files[0].Size), 1)
	return c, c.Check()
}
