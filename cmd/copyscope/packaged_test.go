package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// What the service and the image start is a command with the flags that it takes.
func TestPackagedCommands(t *testing.T) {
	read := func(name, pattern string) string {
		t.Helper()
		text, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`(?m)` + pattern).FindStringSubmatch(string(text))
		if found == nil {
			t.Fatalf("%s has no line %s", name, pattern)
		}
		return found[1]
	}
	var image []string
	if err := json.Unmarshal([]byte(read("Dockerfile", `^CMD (\[.*\])$`)), &image); err != nil {
		t.Fatal(err)
	}
	service := strings.Fields(read("packaging/copyscope.service", `^ExecStart=/usr/local/bin/copyscope (.*)$`))
	for what, args := range map[string][]string{"the image": image, "the service": service} {
		c, rest, err := rootCommand().Find(args)
		if err != nil || c.Name() != "serve" {
			t.Errorf("%s starts %q: %v", what, args, err)
			continue
		}
		if err := c.ParseFlags(rest); err != nil {
			t.Errorf("%s starts serve with %q: %v", what, rest, err)
		}
		if err := c.ValidateArgs(c.Flags().Args()); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if !c.Flags().Changed("data") {
			t.Errorf("%s keeps no records: %q", what, args)
		}
	}
}
