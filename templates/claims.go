package templates

// ClaimCard is a claim in the list.
type ClaimCard struct {
	Name string
	// At is when it was last measured here, empty if it was not; Findings say what
	// came of it.
	At       string
	Findings []string
}

// ClaimData is a claim's page.
type ClaimData struct {
	Name string
	// Why says why no measurement can be started from here; empty if one can.
	Why string
	// Seconds is how long a measurement takes at the most.
	Seconds int
	// State is what is under way.
	State ClaimState
	// Failed is what the last attempt met.
	Failed    string
	Cancelled bool
	// Report is the last measurement, nil if there is none.
	Report *ClaimReport
}

// ClaimState is how far a measurement is.
type ClaimState struct {
	Running bool `json:"running"`
	Queued  bool `json:"queued"`
	Percent int  `json:"percent"`
}

// ClaimReport is what was measured, in words.
type ClaimReport struct {
	At, Seconds      string
	Quick, Curve     bool
	Findings, Limits []string
	Tables           []ClaimTable
	Machine          []ClaimFact
}

// ClaimFact is a line about the machine; the key is claims.machine.NAME.
type ClaimFact struct{ Name, Text string }

// ClaimTable is one table of a report.
type ClaimTable struct {
	Title   string
	Keys    []string
	Columns []ClaimColumn
	Rows    []ClaimRow
}

// ClaimColumn is a column of figures that are known in one way.
type ClaimColumn struct{ Title, Unit, Provenance string }

// ClaimRow is a row: what it is of, and its figures.
type ClaimRow struct {
	Labels []string
	Cells  []ClaimCell
}

// ClaimCell is one figure: the median, the quartiles and the number of rounds; or
// none, and why.
type ClaimCell struct {
	Text, Range, Rounds string
	Reason              string
}

// ClaimLed is a claim that another page is opened for: the words of its card, and of
// what there is to see.
type ClaimLed struct {
	Name       string
	Claim, Say string // HTML
}
