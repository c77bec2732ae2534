package users

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"copyscope/broker/vfs"
)

// Store is the users of a data directory. Its methods may be called at once.
type Store struct {
	disk vfs.FS
	path string

	now atomic.Pointer[table]

	changing sync.Mutex // held by who writes the file

	// working has room for those who derive keys: it costs milliseconds of a CPU,
	// and strangers may ask for it.
	working    chan struct{}
	iterations atomic.Int64
}

var (
	// ErrUnknown: there is no such credential to delete.
	ErrUnknown = errors.New("there is no such credential")
	// ErrFull: there are as many users as there may be.
	ErrFull = fmt.Errorf("there are %d users already; remove some", mostUsers)
)

// Open reads the users of a data directory, which may have none.
func Open(disk vfs.FS, dir string) (*Store, error) {
	s := &Store{disk: disk, path: filepath.Join(dir, FileName), working: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
	t, err := read(disk, s.path)
	if err != nil {
		return nil, err
	}
	s.now.Store(t)
	return s, nil
}

// Credential is a user's for the mechanism. For an unknown name, or a user
// without it, it is made up, and known is false: the conversation goes on as if
// there were one, and cannot end well.
func (s *Store) Credential(m Mechanism, name string) (c Credential, known bool) {
	return s.now.Load().credential(m, name)
}

// Verify says whether the password is the user's. It takes the same work for
// every name and password: for each mechanism the iterations of the user's
// credential, or of one made up, and those that are missing to the most of all
// users. It waits until the CPU is free for it, or ctx ends.
func (s *Store) Verify(ctx context.Context, name, password string) (bool, error) {
	select {
	case s.working <- struct{}{}:
		defer func() { <-s.working }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	t, good := s.now.Load(), false
	for _, m := range Mechanisms {
		c, known := t.credential(m, name)
		salted, err := s.derive(m, password, c.Salt, c.Iterations)
		if err != nil {
			return false, err
		}
		fits := hmac.Equal(storedKey(m, salted), c.StoredKey)
		if rest := t.most[m] - c.Iterations; rest > 0 {
			if _, err := s.derive(m, password, c.Salt, rest); err != nil {
				return false, err
			}
		}
		good = good || fits && known
	}
	return good, nil
}

func (s *Store) derive(m Mechanism, password string, salt []byte, iterations int) ([]byte, error) {
	s.iterations.Add(int64(iterations))
	return pbkdf2.Key(m.Hash(), password, salt, iterations, m.size())
}

// Iterations is how many times a hash was taken so far to check passwords.
func (s *Store) Iterations() int64 { return s.iterations.Load() }

// Change is one to a user's credential. New is nil to delete it.
type Change struct {
	Name      string
	Mechanism Mechanism
	New       *Credential
}

// Alter makes the changes, all or, with an error, none. They are on the disk
// when it returns, and in force for who authenticates from then on.
func (s *Store) Alter(changes ...Change) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	t := s.now.Load()
	all := maps.Clone(t.users)
	if all == nil {
		all = map[string]map[Mechanism]Credential{}
	}
	for _, c := range changes {
		of := maps.Clone(all[c.Name])
		if c.New == nil {
			if _, ok := of[c.Mechanism]; !ok {
				return fmt.Errorf("%w: %v of user %q", ErrUnknown, c.Mechanism, c.Name)
			}
			delete(of, c.Mechanism)
		} else {
			if err := errors.Join(CheckName(c.Name), c.New.Check(c.Mechanism)); err != nil {
				return err
			}
			if of == nil {
				of = map[Mechanism]Credential{}
			}
			of[c.Mechanism] = *c.New
		}
		all[c.Name] = of
		if len(of) == 0 {
			delete(all, c.Name)
		}
	}
	if len(all) > mostUsers {
		return ErrFull
	}
	next := newTable(t.secret, all)
	if err := write(s.disk, s.path, next); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	s.now.Store(next)
	return nil
}

// User is a name with the iterations of its credentials.
type User struct {
	Name       string
	Iterations map[Mechanism]int
}

// Users are all, by name.
func (s *Store) Users() []User {
	t := s.now.Load()
	var all []User
	for _, name := range slices.Sorted(maps.Keys(t.users)) {
		u := User{name, map[Mechanism]int{}}
		for m, c := range t.users[name] {
			u.Iterations[m] = c.Iterations
		}
		all = append(all, u)
	}
	return all
}
