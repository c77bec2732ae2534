package broker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"copyscope/broker/users"
	"copyscope/broker/vfs"
)

// OpenUsers opens the users of a data directory that no broker has, for as long
// as until the lock is closed. The directory is made if it is missing.
func OpenUsers(dir string) (*users.Store, *os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("data directory %q: %w; give a directory that this user may write to", dir, err)
	}
	lock, err := lockFile(filepath.Join(dir, ".lock"))
	if errors.Is(err, errLocked) {
		return nil, nil, fmt.Errorf("data directory %q: a broker is using it; stop it, or change its users through it: kafka-configs.sh --bootstrap-server HOST:PORT --alter --entity-type users --entity-name NAME --add-config 'SCRAM-SHA-512=[password=…]'", dir)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("data directory %q: %w; give a directory that this user may write to", dir, err)
	}
	store, err := users.Open(vfs.OS, dir)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("data directory %q: %w", dir, err), lock.Close())
	}
	return store, lock, nil
}
