package host_test

import (
	"os"
	"slices"
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// The counts that the doctor credits the tracepoints with are those that a run
// knows otherwise, or not at all, when it leaves them alone.
func TestTracepointsGiveTheCountsThatTheDoctorNames(t *testing.T) {
	var layer host.Layer
	for _, l := range host.Doctor(t.Context()).Layers {
		if l.ID == "tracepoints" {
			layer = l
		}
	}
	if layer.Status != host.Active {
		if os.Geteuid() == 0 && os.Getenv("CI") != "" {
			t.Fatalf("root may trace, yet: %+v", layer)
		}
		t.Skipf("SKIPPED: no tracepoints for this user: %s; run it as root", layer.Why)
	}
	program, _ := transfer.Lookup("sendfile")
	options := host.Options{Program: program, Cold: true, Dir: t.TempDir()}
	with := host.Watch(options)
	options.Untraced = true
	without := host.Watch(options)
	// Over loopback no packet leaves a device.
	packets := []trace.CountName{trace.Packets, trace.LinearPayloadBytes, trace.PagedPayloadBytes, trace.RetransmittedBytes}
	for name, basis := range with {
		named := slices.Contains(layer.Counts, name)
		switch {
		case named && slices.Contains(packets, name):
		case named && basis.Provenance != trace.Measured:
			t.Errorf("%s is %s, though tracepoints are said to tell it: %s", name, basis.Provenance, basis.Reason)
		case named && without[name].Provenance == trace.Measured && name != trace.DiskReadBytes: // which procfs tells too
			t.Errorf("%s is measured without tracepoints too", name)
		case !named && basis.Provenance != without[name].Provenance:
			t.Errorf("%s is %s with tracepoints and %s without, but the doctor does not name it", name, basis.Provenance, without[name].Provenance)
		}
	}
}
