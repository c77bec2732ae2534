package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/pflag"
)

// flagError tells what a flag takes, where the library tells which of its
// functions failed, and which flag may have been meant by one that there is not.
func flagError(flags *pflag.FlagSet, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		var names []string
		flags.VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		return fmt.Errorf("%w%s", err, nearest("--"+elsewhere(unknown.GetSpecifiedName(), flags), names))
	}
	var bad *pflag.InvalidValueError
	if !errors.As(err, &bad) {
		return err
	}
	remedy := bad.Unwrap().Error()
	switch kind := bad.GetFlag().Value.Type(); {
	case kind == "int" && errors.Is(err, strconv.ErrRange):
		remedy = "it is out of range; write a whole number nearer to 0"
	case kind == "int":
		remedy = "write a whole number"
	case kind == "bool":
		remedy = "write true or false"
	case kind == "duration":
		remedy = "write a time such as 500ms, 10s or 1m30s"
	}
	return fmt.Errorf("--%s %q: %s", bad.GetFlag().Name, bad.GetValue(), remedy)
}

// elsewhere is our name of what other servers' flags are called.
func elsewhere(name string, flags *pflag.FlagSet) string {
	if slices.Contains([]string{"port", "addr", "address", "bind", "host", "listen"}, name) && flags.Lookup("http") != nil {
		return "http"
	}
	return name
}
