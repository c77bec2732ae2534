package templates

// EmbedPage is the scope as a part of another page.
type EmbedPage struct {
	PageData
	Stage StageData
	// Problem says what is wrong with the address, if anything is.
	Problem *ScopeProblem
	// Address is the same state as a page of its own.
	Address string
	Step    int
	Align   string
	// Lanes are what is to be run, by the lanes' letters.
	Lanes map[string]string
}
