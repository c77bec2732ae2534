package main

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"copyscope/docs/schema/schematest"
	"copyscope/internal/labnet"
	"copyscope/internal/transfer"
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
	testscript.Run(t, testscript.Params{Dir: "testdata/script", UpdateScripts: *update, Condition: condition, Setup: setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"unhex": unhex, "valid": valid}})
}

// setup gives scripts PATHS, how many paths there are.
func setup(env *testscript.Env) error {
	env.Setenv("PATHS", strconv.Itoa(len(transfer.Paths())))
	return nil
}

// unhex FROM TO writes the bytes that a file has in hex, which a script can hold.
func unhex(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unhex FROM TO")
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(ts.ReadFile(args[0])), ""))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o666))
}

// valid SCHEMA FILE holds a file, or stdout, to a schema in docs/schema.
func valid(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: valid SCHEMA FILE")
	}
	err := schematest.Check(args[0], []byte(ts.ReadFile(args[1])))
	if neg == (err == nil) {
		ts.Fatalf("%s is held to the schema %s: %v", args[1], args[0], err)
	}
}

// condition knows [lab]: this user may have a lab network.
func condition(name string) (bool, error) {
	if name != "lab" {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	n, err := labnet.Open(labnet.Options{})
	if err != nil {
		if os.Geteuid() == 0 && os.Getenv("CI") != "" {
			return false, err
		}
		return false, nil
	}
	return true, n.Close()
}
