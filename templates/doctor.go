package templates

import "strings"

// DoctorData is what this host can witness, and what would enable the rest.
type DoctorData struct {
	// TriedAt is when it was tried, User the numeric user as whom.
	TriedAt string
	User    string
	Facts   []DoctorFact
	Layers  []DoctorLayer
	// Around is what stands around the process, in sentences.
	Around  []string
	Devices []DoctorDevice
	Groups  []DoctorGroup
	// Works of Checks checks work here.
	Works, Checks int
	// Missing says why nothing can be tried, if so.
	Missing string
}

// DoctorFact is one setting of the host. Its label is the message
// doctor.fact.NAME; an empty text means that the host does not tell.
type DoctorFact struct{ Name, Text string }

// DoctorLayer is one way of witnessing a transfer.
type DoctorLayer struct {
	Number, Title, Gives, Status string
	// Counts are the counts' names, Lacks the titles of the checks that do not
	// work.
	Counts, Lacks string
	// Why is what is missing, in the language WhyLang.
	Why, WhyLang string
	Enable       []string
}

// DoctorDevice is a network device: on, off, or empty for what it does not say.
type DoctorDevice struct{ Name, SG, TSO, GSO string }

// DoctorGroup is the checks with one outcome: active, missing or "not here".
type DoctorGroup struct {
	Status string
	Checks []DoctorCheck
}

// DoctorCheck is one thing that was tried.
type DoctorCheck struct {
	Title, Gives string
	// Why is what came of it, in the language WhyLang: English if nobody has
	// translated it.
	Why, WhyLang string
	// Enable is a command; empty if there is none.
	Enable string
}

func statusClass(status string) string { return "status-" + strings.ReplaceAll(status, " ", "-") }
