package quota_test

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"copyscope/broker/quota"
	"copyscope/broker/vfs"
	"copyscope/broker/vfs/vfstest"
)

func open(t interface{ Fatal(...any) }, disk vfs.FS, dir string) *quota.Store {
	s, err := quota.Open(disk, dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func user(name string) quota.Entity { return quota.Entity{User: quota.Named(name)} }

func set(e quota.Entity, key string, value float64) quota.Alteration {
	return quota.Alteration{Entity: e, Ops: []quota.Op{{Key: key, Value: value}}}
}

func removed(e quota.Entity, key string) quota.Alteration {
	return quota.Alteration{Entity: e, Ops: []quota.Op{{Key: key, Remove: true}}}
}

// all is what a store has, as text.
func all(s *quota.Store) map[string]map[string]float64 {
	described, err := s.Describe(quota.Filter{})
	if err != nil {
		panic(err)
	}
	out := map[string]map[string]float64{}
	for _, d := range described {
		out[d.Entity.String()] = d.Values
	}
	return out
}

func TestQuotasOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, vfs.OS, dir)
	err := s.Alter(
		quota.Alteration{Entity: user(`al"ice <é>`), Ops: []quota.Op{{Key: quota.ProducerByteRate, Value: 1 << 20}, {Key: quota.RequestPercentage, Value: 12.5}}},
		set(quota.Entity{User: quota.Default(), ClientID: quota.Named("c")}, quota.ConsumerByteRate, math.MaxInt64),
		set(quota.Entity{IP: quota.Default()}, quota.ConnectionCreationRate, 5),
		set(user("gone"), quota.ProducerByteRate, 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Alter(removed(user("gone"), quota.ProducerByteRate), removed(user("never"), "no such quota")); err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]float64{
		`user "al\"ice <é>"`:           {quota.ProducerByteRate: 1 << 20, quota.RequestPercentage: 12.5},
		`user <default> client-id "c"`: {quota.ConsumerByteRate: math.MaxInt64},
		`ip <default>`:                 {quota.ConnectionCreationRate: 5},
	}
	for _, s := range []*quota.Store{s, open(t, vfs.OS, dir)} {
		if got := all(s); !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestFilesThatCannotBeUsedAreRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, quota.FileName)
	if err := open(t, vfs.OS, dir).Alter(set(user("alice"), quota.ProducerByteRate, 1)); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	with := func(old, new string) string { return strings.Replace(string(good), old, new, 1) }
	for name, c := range map[string]struct{ text, says string }{
		"torn":         {string(good[:len(good)/2]), "is damaged"},
		"empty":        {"", "is damaged"},
		"other schema": {with(`"schema":1`, `"schema":2`), "has schema 2"},
		"no entity":    {with(`"user":"alice"`, ``), "empty client quota entity"},
		"other type":   {with(`"user"`, `"group"`), `"group"`},
		"no quota":     {with(`"producer_byte_rate":1`, ``), "has no quota"},
		"other quota":  {with("producer_byte_rate", "speed"), `"speed"`},
		"zero":         {with(`_rate":1`, `_rate":0`), "greater than 0"},
		"twice":        {with(`"quotas":[`, `"quotas":[{"entity":{"user":"alice"},"values":{"producer_byte_rate":2}},`), "twice"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := quota.Open(vfs.OS, dir)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want %q and the path", name, err, c.says)
		}
	}
}

func TestAlterationsThatCannotBe(t *testing.T) {
	s := open(t, vfs.OS, t.TempDir())
	good := set(user("good"), quota.ProducerByteRate, 1)
	ip := quota.Entity{IP: quota.Default()}
	for name, a := range map[string]quota.Alteration{
		"unknown key":           set(user("a"), "speed", 1),
		"an address's key":      set(user("a"), quota.ConnectionCreationRate, 1),
		"a user's key":          set(ip, quota.ProducerByteRate, 1),
		"zero":                  set(user("a"), quota.ProducerByteRate, 0),
		"negative":              set(user("a"), quota.RequestPercentage, -1),
		"a part of a byte":      set(user("a"), quota.ProducerByteRate, 1.5),
		"a part of a byte less": set(user("a"), quota.ConsumerByteRate, 0.5),
		"too large an INT":      set(ip, quota.ConnectionCreationRate, math.MaxInt32+1),
		"too large a LONG":      set(user("a"), quota.ConsumerByteRate, 1e19),
		"infinite":              set(user("a"), quota.RequestPercentage, math.Inf(1)),
		"no number":             set(user("a"), quota.ControllerMutationRate, math.NaN()),
		"twice":                 {Entity: user("a"), Ops: []quota.Op{{Key: quota.ProducerByteRate, Value: 1}, {Key: quota.ProducerByteRate, Remove: true}}},
	} {
		if err := s.Alter(good, a); !errors.Is(err, quota.ErrInvalid) || len(all(s)) > 0 {
			t.Errorf("%s: got %v, quotas %v", name, err, all(s))
		}
	}
	for _, a := range []quota.Alteration{
		set(user("a"), quota.RequestPercentage, 0.1), set(user("a"), quota.ControllerMutationRate, math.MaxFloat64),
		set(user("a"), quota.ProducerByteRate, math.MaxInt64), set(ip, quota.ConnectionCreationRate, math.MaxInt32),
	} {
		if err := s.Alter(a); err != nil {
			t.Errorf("%v: %v", a, err)
		}
	}
}

func TestEntities(t *testing.T) {
	name := func(s string) *string { return &s }
	for _, c := range []struct {
		parts []quota.Part
		want  string // "" is a refusal
	}{
		{[]quota.Part{{Type: "user", Name: name("a")}}, `user "a"`},
		{[]quota.Part{{Type: "client-id"}, {Type: "user", Name: name("a")}}, `user "a" client-id <default>`},
		{[]quota.Part{{Type: "ip"}}, "ip <default>"},
		{[]quota.Part{{Type: "ip", Name: name("::ffff:10.0.0.1")}}, `ip "10.0.0.1"`},
		{[]quota.Part{{Type: "ip", Name: name("2001:DB8::0:1")}}, `ip "2001:db8::1"`},
		{nil, ""},
		{[]quota.Part{{Type: "group", Name: name("a")}}, ""},
		{[]quota.Part{{Type: "user", Name: name("")}}, ""},
		{[]quota.Part{{Type: "user"}, {Type: "user"}}, ""},
		{[]quota.Part{{Type: "user"}, {Type: "ip"}}, ""},
		{[]quota.Part{{Type: "ip", Name: name("localhost:1")}}, ""},
		{[]quota.Part{{Type: "ip", Name: name("fe80::1%eth0")}}, ""},
		{[]quota.Part{{Type: "user", Name: name("a\nb")}}, `user "a\nb"`},
		{[]quota.Part{{Type: "client-id", Name: name("\xff")}}, ""},
		{[]quota.Part{{Type: "client-id", Name: name(strings.Repeat("a", 1025))}}, ""},
	} {
		e, err := quota.EntityOf(c.parts)
		switch {
		case c.want == "" && !errors.Is(err, quota.ErrInvalid):
			t.Errorf("%v: got %v, %v, want a refusal", c.parts, e, err)
		case c.want != "" && (err != nil || e.String() != c.want):
			t.Errorf("%v: got %v, %v, want %s", c.parts, e, err, c.want)
		}
	}
}

func TestFilters(t *testing.T) {
	s := open(t, vfs.OS, t.TempDir())
	for _, e := range []quota.Entity{user("a"), {User: quota.Default()}, {User: quota.Named("a"), ClientID: quota.Named("c")}, {ClientID: quota.Named("c")}} {
		if err := s.Alter(set(e, quota.ProducerByteRate, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Alter(set(quota.Entity{IP: quota.Named("::1")}, quota.ConnectionCreationRate, 1)); err != nil {
		t.Fatal(err)
	}
	a, long, other := "a", "0:0:0:0:0:0:0:1", "::2"
	for _, c := range []struct {
		filter quota.Filter
		want   []string
		err    error
	}{
		{filter: quota.Filter{}, want: []string{`client-id "c"`, `user <default>`, `user "a"`, `user "a" client-id "c"`, `ip "::1"`}},
		{filter: quota.Filter{Strict: true}},
		{filter: quota.Filter{Match: []quota.Match{{Type: "user", Name: &a}}}, want: []string{`user "a"`, `user "a" client-id "c"`}},
		{filter: quota.Filter{Match: []quota.Match{{Type: "user", Name: &a}}, Strict: true}, want: []string{`user "a"`}},
		{filter: quota.Filter{Match: []quota.Match{{Type: "user", How: quota.ByDefault}}}, want: []string{`user <default>`}},
		{filter: quota.Filter{Match: []quota.Match{{Type: "client-id", How: quota.Any}, {Type: "user", How: quota.Any}}}, want: []string{`user "a" client-id "c"`}},
		{filter: quota.Filter{Match: []quota.Match{{Type: "ip", How: quota.Any}}}, want: []string{`ip "::1"`}},
		{filter: quota.Filter{Match: []quota.Match{{Type: "ip", Name: &long}}}, want: []string{`ip "::1"`}},
		{filter: quota.Filter{Match: []quota.Match{{Type: "ip", Name: &other}}}},
		{filter: quota.Filter{Match: []quota.Match{{Type: "ip", Name: &a}}}},
		{filter: quota.Filter{Match: []quota.Match{{}}}, err: quota.ErrInvalid},
		{filter: quota.Filter{Match: []quota.Match{{Type: "group"}}}, err: quota.ErrType},
		{filter: quota.Filter{Match: []quota.Match{{Type: "user", How: quota.Any}, {Type: "user", How: quota.Any}}}, err: quota.ErrInvalid},
		{filter: quota.Filter{Match: []quota.Match{{Type: "user", How: quota.Any}, {Type: "ip", How: quota.Any}}}, err: quota.ErrInvalid},
		{filter: quota.Filter{Match: []quota.Match{{Type: "user"}}}, err: quota.ErrInvalid},
		{filter: quota.Filter{Match: []quota.Match{{Type: "user", How: quota.Any, Name: &a}}}, err: quota.ErrInvalid},
		{filter: quota.Filter{Match: []quota.Match{{Type: "user", How: 3}}}, err: quota.ErrInvalid},
	} {
		described, err := s.Describe(c.filter)
		var got []string
		for _, d := range described {
			got = append(got, d.Entity.String())
		}
		if !errors.Is(err, c.err) || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v: got %q, %v, want %q, %v", c.filter, got, err, c.want, c.err)
		}
	}
}

// Many change at once: nobody's change is lost.
func TestConcurrentAlterations(t *testing.T) {
	dir := t.TempDir()
	s := open(t, vfs.OS, dir)
	var together sync.WaitGroup
	for i := range 20 {
		together.Go(func() {
			if err := s.Alter(set(user(fmt.Sprint(i)), quota.ProducerByteRate, 1)); err != nil {
				t.Error(err)
			}
		})
	}
	together.Wait()
	if got := len(all(open(t, vfs.OS, dir))); got != 20 {
		t.Errorf("%d of 20 are stored", got)
	}
}

// What Alter acknowledged survives a power cut, and what it refused is not in
// force.
func TestPowerCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		disk := vfstest.NewDisk(rapid.Uint64().Draw(t, "seed"))
		if err := errors.Join(disk.MkdirAll("/d"), disk.SyncDir("/")); err != nil {
			t.Fatal(err)
		}
		s := open(t, disk, "/d")
		disk.CutAfter(rapid.IntRange(0, 40).Draw(t, "cut"))
		acknowledged := all(s)
		var attempted map[string]map[string]float64 // the one that met the cut
		for i := range rapid.IntRange(1, 10).Draw(t, "alterations") {
			e := user(rapid.SampledFrom([]string{"a", "b"}).Draw(t, fmt.Sprint("user ", i)))
			value := float64(rapid.IntRange(1, 9).Draw(t, fmt.Sprint("value ", i)))
			next := maps.Clone(acknowledged)
			next[e.String()] = map[string]float64{quota.ProducerByteRate: value}
			if s.Alter(set(e, quota.ProducerByteRate, value)) != nil {
				attempted = next
				break
			}
			acknowledged = next
		}
		if got := all(s); !reflect.DeepEqual(got, acknowledged) {
			t.Fatalf("in force is %v, acknowledged was %v", got, acknowledged)
		}
		disk.Restart()
		if got := all(open(t, disk, "/d")); !reflect.DeepEqual(got, acknowledged) && !reflect.DeepEqual(got, attempted) {
			t.Fatalf("after the cut there is %v, acknowledged was %v", got, acknowledged)
		}
	})
}

func FuzzFile(f *testing.F) {
	dir := f.TempDir()
	if err := open(f, vfs.OS, dir).Alter(set(user("alice"), quota.ProducerByteRate, 1), set(quota.Entity{IP: quota.Default()}, quota.ConnectionCreationRate, 2)); err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(dir, quota.FileName)
	good, _ := os.ReadFile(path)
	f.Add(good)
	f.Add([]byte(`{"schema":1,"quotas":[{"entity":null,"values":{"a":null}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := quota.Open(vfs.OS, dir)
		if err != nil {
			return
		}
		before := all(s)
		if err := s.Alter(removed(user("nobody"), quota.ProducerByteRate)); err != nil { // writes the file anew
			t.Fatal(err)
		}
		if after := all(open(t, vfs.OS, dir)); !reflect.DeepEqual(before, after) {
			t.Errorf("%v became %v", before, after)
		}
	})
}
