// Package yamlfile reads small YAML files strictly: a field that is none, or a
// value of another kind, is an error with file, line, field and remedy. What the
// values mean is checked by whoever reads them, who names a field by its path and
// learns its line here.
package yamlfile
