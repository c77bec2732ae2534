package host

import "context"

// Status is what a check found.
type Status string

const (
	// Active: it was tried and works for this user.
	Active Status = "active"
	// Missing: it does not work now; Enable says what would change that.
	Missing Status = "missing"
	// NotHere: this kernel, processor or operating system does not have it.
	NotHere Status = "not here"
)

// DataPrefix begins the name of a broker's temporary data directory, by which the
// doctor finds those of killed ones.
const DataPrefix = "copyscope-records-"

// Check is one thing that the doctor tried. The field names are stable.
type Check struct {
	ID string `json:"id"`
	// TitleKey and GivesKey name messages of the catalogues; Gives says in
	// English what the host can be asked with it.
	TitleKey string `json:"title_key"`
	GivesKey string `json:"gives_key"`
	Gives    string `json:"gives"`
	Status   Status `json:"status"`
	// Why is what was tried and what came of it.
	Why string `json:"why"`
	// Enable is the command that would enable it, empty if there is none.
	Enable string `json:"enable,omitempty"`
}

// Report is what this host can witness, and what would enable the rest.
type Report struct {
	Facts Facts `json:"facts"`
	// User is the numeric user that everything was tried as.
	User int `json:"user"`
	// Layers are the ways of witnessing a transfer, the best first.
	Layers []Layer `json:"layers"`
	// Surroundings may explain what is missing; Devices are the network's.
	Surroundings Surroundings `json:"surroundings"`
	Devices      []Device     `json:"devices"`
	Checks       []Check      `json:"checks"`
}

// layered sums the checks up.
func layered(around Surroundings, devices []Device, r Report) Report {
	r.Surroundings, r.Devices = around, devices
	if r.Devices == nil {
		r.Devices = []Device{}
	}
	r.Layers = layers(r.Checks, around)
	return r
}

// finding is what a check's attempt found.
type finding struct {
	status Status
	why    string
	enable string
}

func active(why string) finding          { return finding{Active, why, ""} }
func missing(why, enable string) finding { return finding{Missing, why, enable} }
func notHere(why string) finding         { return finding{NotHere, why, ""} }

// attempt is a check that can be made.
type attempt struct {
	id, gives string
	try       func(ctx context.Context) finding
}

func examine(ctx context.Context, attempts []attempt) []Check {
	checks := make([]Check, 0, len(attempts))
	for _, a := range attempts {
		f := a.try(ctx)
		checks = append(checks, Check{ID: a.id, TitleKey: "doctor.check." + a.id + ".title", GivesKey: "doctor.check." + a.id + ".gives",
			Gives: a.gives, Status: f.status, Why: f.why, Enable: f.enable})
	}
	return checks
}
