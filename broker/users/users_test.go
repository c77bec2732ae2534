package users_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"copyscope/broker/users"
	"copyscope/broker/vfs"
	"copyscope/broker/vfs/vfstest"
)

func open(t *testing.T, disk vfs.FS, dir string) *users.Store {
	t.Helper()
	s, err := users.Open(disk, dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func set(t *testing.T, s *users.Store, m users.Mechanism, name, password string, iterations int) {
	t.Helper()
	c, err := users.NewCredential(m, password, iterations)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Alter(users.Change{Name: name, Mechanism: m, New: &c}); err != nil {
		t.Fatal(err)
	}
}

func verified(t *testing.T, s *users.Store, name, password string) bool {
	t.Helper()
	good, err := s.Verify(context.Background(), name, password)
	if err != nil {
		t.Fatal(err)
	}
	return good
}

func TestPasswordsAreVerified(t *testing.T) {
	dir := t.TempDir()
	s := open(t, vfs.OS, dir)
	set(t, s, users.SHA256, "alice", "one", 4096)
	set(t, s, users.SHA512, "bob", "two", 8192)
	set(t, s, users.SHA256, "carol", "three", 4096)
	set(t, s, users.SHA512, "carol", "three", 4096)
	for _, s := range []*users.Store{s, open(t, vfs.OS, dir)} { // as it was, and read anew
		for _, c := range []struct {
			name, password string
			want           bool
		}{
			{"alice", "one", true}, {"alice", "two", false}, {"alice", "", false}, {"alice", "one ", false},
			{"bob", "two", true}, {"carol", "three", true}, {"carol", "one", false},
			{"dave", "one", false}, {"", "", false}, {"Alice", "one", false},
		} {
			if got := verified(t, s, c.name, c.password); got != c.want {
				t.Errorf("%q with %q: got %v", c.name, c.password, got)
			}
		}
	}
	if info, err := os.Stat(filepath.Join(dir, users.FileName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v; want 0600", info.Mode(), err)
	}
	text, _ := os.ReadFile(filepath.Join(dir, users.FileName))
	for _, password := range []string{"one", "two", "three"} {
		for _, kept := range []string{password, base64.StdEncoding.EncodeToString([]byte(password))} {
			if strings.Contains(string(text), `"`+kept+`"`) {
				t.Errorf("the file holds the password %s, as %q", password, kept)
			}
		}
	}
}

// The work of a check is the same for every name: known with one credential or
// with both, with few iterations or many, or unknown.
func TestEveryCheckTakesTheSameWork(t *testing.T) {
	s := open(t, vfs.OS, t.TempDir())
	work := func(name, password string) int64 {
		before := s.Iterations()
		verified(t, s, name, password)
		return s.Iterations() - before
	}
	if got := work("nobody", "x"); got != 2*4096 {
		t.Errorf("without users a check takes %d iterations, want %d", got, 2*4096)
	}
	set(t, s, users.SHA256, "few", "one", 4096)
	set(t, s, users.SHA256, "many", "one", 10_000)
	set(t, s, users.SHA512, "other", "one", 5000)
	for _, name := range []string{"few", "many", "other", "nobody", "nobody else", ""} {
		for _, password := range []string{"one", "wrong", ""} {
			if got := work(name, password); got != 10_000+5000 {
				t.Errorf("%q with %q takes %d iterations, want %d", name, password, got, 10_000+5000)
			}
		}
	}
}

// A credential that is made up is always the same, is no other name's, and looks
// like those of the users.
func TestUnknownUsersHaveACredential(t *testing.T) {
	dir := t.TempDir()
	s := open(t, vfs.OS, dir)
	set(t, s, users.SHA256, "alice", "one", 9000)
	again := open(t, vfs.OS, dir)
	salts := map[string]string{}
	for i := range 100 {
		name := fmt.Sprintf("nobody %d", i)
		c, known := s.Credential(users.SHA256, name)
		same, _ := again.Credential(users.SHA256, name)
		if known || !reflect.DeepEqual(c, same) {
			t.Fatalf("%s: known %v; a restart made %v of %v", name, known, same, c)
		}
		if c.Iterations != 9000 || c.Check(users.SHA256) != nil {
			t.Fatalf("%s: %+v does not look like alice's", name, c)
		}
		if other := salts[string(c.Salt)]; other != "" {
			t.Fatalf("%s and %s have one salt", name, other)
		}
		salts[string(c.Salt)] = name
	}
	if c, known := s.Credential(users.SHA512, "alice"); known || c.Check(users.SHA512) != nil {
		t.Errorf("alice has no credential for SHA-512, but %v, %+v", known, c)
	}
}

func TestFilesThatCannotBeUsedAreRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, users.FileName)
	s := open(t, vfs.OS, dir)
	set(t, s, users.SHA256, "alice", "one", 4096)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// with is the file with one field changed; the path is of keys.
	with := func(value any, keys ...string) string {
		var f map[string]any
		if err := json.Unmarshal(good, &f); err != nil {
			t.Fatal(err)
		}
		at := f
		for _, k := range keys[:len(keys)-1] {
			at = at[k].(map[string]any)
		}
		at[keys[len(keys)-1]] = value
		b, _ := json.Marshal(f)
		return string(b)
	}
	for _, c := range []struct {
		name, text string
		mode       os.FileMode
		says       string
	}{
		{"cut", string(good[:len(good)/2]), 0o600, "is damaged"},
		{"empty", "", 0o600, "is damaged"},
		{"other schema", with(2, "schema"), 0o600, "has schema 2"},
		{"short secret", with("aGVsbG8=", "secret"), 0o600, "secret has 5 bytes"},
		{"no credential", with(map[string]any{}, "users", "alice"), 0o600, `"alice" has no credential`},
		{"name", with(map[string]any{}, "users", ""), 0o600, "name is empty"},
		{"mechanism", with(map[string]any{}, "users", "alice", "7"), 0o600, "SCRAM mechanism 7"},
		{"iterations", with(1, "users", "alice", "1", "iterations"), 0o600, "has 1 iterations"},
		{"short key", with("aGVsbG8=", "users", "alice", "1", "stored_key"), 0o600, "keys of 5 and 32"},
		{"no salt", with("", "users", "alice", "1", "salt"), 0o600, "salt of 0 bytes"},
		{"group may read", string(good), 0o640, "chmod 600"},
		{"all may read", string(good), 0o644, "mode 0644"},
	} {
		t.Run(c.name, func(t *testing.T) {
			os.Remove(path)
			if err := errors.Join(os.WriteFile(path, []byte(c.text), 0o600), os.Chmod(path, c.mode)); err != nil {
				t.Fatal(err)
			}
			_, err := users.Open(vfs.OS, dir)
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %q and the path", err, c.says)
			}
		})
	}
}

func TestChangesAreAllOrNone(t *testing.T) {
	s := open(t, vfs.OS, t.TempDir())
	set(t, s, users.SHA256, "alice", "one", 4096)
	before := s.Users()
	good, _ := users.NewCredential(users.SHA256, "two", 4096)
	weak := good
	weak.Iterations = 4095
	for name, changes := range map[string][]users.Change{
		"unknown user":      {{Name: "bob", Mechanism: users.SHA256, New: &good}, {Name: "carol", Mechanism: users.SHA256}},
		"unknown mechanism": {{Name: "bob", Mechanism: users.SHA256, New: &good}, {Name: "alice", Mechanism: users.SHA512}},
		"weak":              {{Name: "alice", Mechanism: users.SHA256}, {Name: "bob", Mechanism: users.SHA256, New: &weak}},
		"other mechanism":   {{Name: "bob", Mechanism: users.SHA512, New: &good}},
		"no name":           {{Mechanism: users.SHA256, New: &good}},
		"control character": {{Name: "a\nb", Mechanism: users.SHA256, New: &good}},
	} {
		if err := s.Alter(changes...); err == nil || !reflect.DeepEqual(s.Users(), before) {
			t.Errorf("%s: got %v, users %v", name, err, s.Users())
		}
	}
}

// Many change at once: nobody's change is lost.
func TestConcurrentChanges(t *testing.T) {
	dir := t.TempDir()
	s := open(t, vfs.OS, dir)
	c, err := users.NewCredential(users.SHA512, "x", 4096)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			if err := s.Alter(users.Change{Name: fmt.Sprint(i), Mechanism: users.SHA512, New: &c}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := len(open(t, vfs.OS, dir).Users()); got != 30 {
		t.Errorf("%d users are stored of 30", got)
	}
}

// What Alter acknowledged survives a power cut, what it refused was not done,
// and the file is whole at every moment.
func TestPowerCuts(t *testing.T) {
	made, err := users.NewCredential(users.SHA256, "x", 4096)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		disk := vfstest.NewDisk(rapid.Uint64().Draw(t, "seed"))
		if err := errors.Join(disk.MkdirAll("/d"), disk.SyncDir("/")); err != nil {
			t.Fatal(err)
		}
		s, err := users.Open(disk, "/d")
		if err != nil {
			t.Fatal(err)
		}
		model := map[string]bool{}
		disk.CutAfter(rapid.IntRange(0, 60).Draw(t, "cut"))
		var doubtful string // the change that met the cut
		for i := range rapid.IntRange(1, 12).Draw(t, "changes") {
			name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, fmt.Sprint("name ", i))
			change := users.Change{Name: name, Mechanism: users.SHA256}
			if !model[name] {
				change.New = &made
			}
			if s.Alter(change) != nil {
				doubtful = name
				break
			}
			if model[name] = !model[name]; !model[name] {
				delete(model, name)
			}
		}
		disk.Restart()
		s, err = users.Open(disk, "/d")
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, u := range s.Users() {
			got[u.Name] = true
		}
		delete(got, doubtful)
		delete(model, doubtful)
		if !maps.Equal(got, model) {
			t.Fatalf("after the cut there are %v, want %v", got, model)
		}
	})
}

// A change that the disk refuses is told and not in force.
func TestFullDisk(t *testing.T) {
	disk := vfstest.NewDisk(1)
	if err := errors.Join(disk.MkdirAll("/d"), disk.SyncDir("/")); err != nil {
		t.Fatal(err)
	}
	s := open(t, disk, "/d")
	set(t, s, users.SHA256, "alice", "one", 4096)
	disk.CutAfter(0)
	c, _ := users.NewCredential(users.SHA256, "two", 4096)
	if err := s.Alter(users.Change{Name: "alice", Mechanism: users.SHA256, New: &c}); err == nil || !strings.Contains(err.Error(), users.FileName) {
		t.Errorf("got %v, want an error with the file's name", err)
	}
	if !verified(t, s, "alice", "one") || verified(t, s, "alice", "two") {
		t.Error("a password that was not stored is in force")
	}
}

// Half of the processors check passwords, so that others have some left, and who
// waits for its turn does not wait beyond its context.
func TestVerifyEndsWithItsContext(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(8))
	s := open(t, vfs.OS, t.TempDir()) // with 4 turns
	busy, rest := context.WithCancel(context.Background())
	var all sync.WaitGroup
	defer all.Wait()
	defer rest()
	for range 7 { // so that some wait for the turns, and none would for one more than those
		all.Go(func() {
			for busy.Err() == nil {
				s.Verify(context.Background(), "a", "b")
			}
		})
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	const tries = 200
	ended := 0
	for range tries { // at the beginning there are turns left
		good, err := s.Verify(over, "a", "b")
		if good || err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, %v", good, err)
		}
		if err != nil {
			ended++
		}
	}
	if ended < tries*9/10 { // where there are turns left either is taken
		t.Errorf("of %d that came too late %d were told so; the others did not wait for a turn", tries, ended)
	}
}

func FuzzFile(f *testing.F) {
	dir := f.TempDir()
	s, err := users.Open(vfs.OS, dir)
	if err != nil {
		f.Fatal(err)
	}
	c, _ := users.NewCredential(users.SHA256, "x", 4096)
	if err := s.Alter(users.Change{Name: "alice", Mechanism: users.SHA256, New: &c}); err != nil {
		f.Fatal(err)
	}
	good, _ := os.ReadFile(filepath.Join(dir, users.FileName))
	f.Add(good)
	f.Add([]byte(`{"schema":1,"secret":null,"users":{"a":null}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, users.FileName), text, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := users.Open(vfs.OS, dir)
		if err != nil {
			return
		}
		for _, u := range s.Users() { // what is taken is whole
			for m := range u.Iterations {
				if c, known := s.Credential(m, u.Name); !known || c.Check(m) != nil {
					t.Errorf("user %q: %v, %v", u.Name, known, c.Check(m))
				}
			}
		}
	})
}
