package sim_test

import (
	"reflect"
	"strings"
	"testing"

	"copyscope/sim"
)

// Every number of a profile is a cost that files can hold, each by one name.
func TestCostsAreAllOfAProfile(t *testing.T) {
	var p sim.Profile
	names := map[string]bool{}
	for i, c := range p.Costs() {
		if (c.Time == nil) == (c.Rate == nil) || strings.HasSuffix(c.Name, "_ns") != (c.Time != nil) || c.Title == "" || names[c.Name] {
			t.Errorf("%+v", c)
		}
		names[c.Name] = true
		c.Set(int64(i) + 1)
		if got := c.Get(); got != int64(i)+1 {
			t.Errorf("%s: set to %d, is %d", c.Name, i+1, got)
		}
	}
	var unset func(v reflect.Value, name string)
	unset = func(v reflect.Value, name string) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				unset(v.Field(i), name+"."+v.Type().Field(i).Name)
			}
		case reflect.Int64:
			if v.IsZero() {
				t.Errorf("Profile%s is no cost", name)
			}
		}
	}
	unset(reflect.ValueOf(p), "")
}
