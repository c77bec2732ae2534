package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/pflag"
)

// flagError tells what a flag takes, where the library tells which of its
// functions failed.
func flagError(err error) error {
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
