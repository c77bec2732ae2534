// Package schematest holds documents to the JSON Schemas in docs/schema, in tests.
package schematest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"copyscope/docs/schema"
)

// place is where the schemas stand for the compiler: they refer to each other by
// their files' names.
const place = "file:///schema/"

var compiled = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	for _, name := range schema.Names() {
		text, err := fs.ReadFile(schema.Files(), schema.File(name))
		if err != nil {
			return nil, err
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", schema.File(name), err)
		}
		if err := c.AddResource(place+schema.File(name), document); err != nil {
			return nil, err
		}
	}
	all := map[string]*jsonschema.Schema{}
	for _, name := range schema.Names() {
		s, err := c.Compile(place + schema.File(name))
		if err != nil {
			return nil, err
		}
		all[name] = s
	}
	return all, nil
})

// Check says what of a text, JSON or YAML, the schema of a name does not allow.
func Check(name string, text []byte) error {
	all, err := compiled()
	if err != nil {
		return err
	}
	s, ok := all[name]
	if !ok {
		return fmt.Errorf("there is no schema %q", name)
	}
	if !json.Valid(text) {
		if text, err = yaml.YAMLToJSON(text); err != nil {
			return err
		}
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(document)
}
