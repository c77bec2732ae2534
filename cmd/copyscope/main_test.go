package main

import (
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the golden parts of the scripts")

func TestMain(m *testing.M) {
	if os.Getenv("COPYSCOPE_TEST_MAIN") != "" {
		main()
	}
	testscript.Main(m, map[string]func(){"copyscope": main})
}

// The scripts in testdata call the command as a shell would.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", UpdateScripts: *update})
}
