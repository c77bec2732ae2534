package scenario

import (
	"copyscope/internal/yamlfile"
)

// Schema is the version of the format that this program reads.
const Schema = 1

// Error is what is wrong with a scenario's file.
type Error = yamlfile.Error

// kind bounds a scenario's file; the format is for small ones.
var kind = yamlfile.Kind{Name: "a scenario", MaxBytes: 32 << 10}

// Parse reads a scenario and checks it. name is the file's, for errors, which are
// of type [*Error].
func Parse(name string, text []byte) (*Scenario, error) {
	s := &Scenario{}
	f, unfit := yamlfile.Read(name, text, kind, s)
	if len(unfit) > 0 {
		return nil, unfit[0]
	}
	c := &checker{Fields: f, s: s}
	c.scenario()
	if c.err != nil {
		return nil, c.err
	}
	return s, nil
}

// checker finds the first thing that cannot be.
type checker struct {
	*yamlfile.Fields
	s   *Scenario
	err error
}

// fail notes what is wrong with a field, if it is the first.
func (c *checker) fail(field, format string, args ...any) {
	if c.err == nil {
		c.err = c.Fail(field, format, args...)
	}
}
