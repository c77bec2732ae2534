package broker

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"copyscope/broker/quota"
	"copyscope/broker/users"
	"copyscope/broker/vfs"
)

// The data directory:
//
//	.lock              held while a broker has the directory, as Kafka does
//	meta.properties    the cluster's id and the node's, in Kafka's format
//	topics.json        the topics, see topicfile.go
//	producer-ids.json  which producer ids are used, see producerids.go
//	users.json         who may come in, see package users
//	quotas.json        what clients may take, see package quota
//	<topic>-<n>/       the partitions, see package log
type dataDir struct {
	path      string
	lock      *os.File
	clusterID string
	producers *producerIDs
	users     *users.Store
	quotas    *quota.Store
}

// errLocked: another process holds the lock.
var errLocked = errors.New("locked")

// openDataDir makes, locks and reads the directory.
func openDataDir(cfg Config) (*dataDir, error) {
	path, disk := cfg.Dir, cfg.Files
	if err := makeDir(path, cfg.Log); err != nil {
		return nil, fmt.Errorf("data directory %q: %w; give a directory that this user may write to", path, err)
	}
	lock, err := lockFile(filepath.Join(path, ".lock"))
	if errors.Is(err, errLocked) {
		return nil, fmt.Errorf("data directory %q: another broker is using it; stop that one, or give another directory", path)
	}
	if err != nil {
		return nil, fmt.Errorf("data directory %q: %w; give a directory that this user may write to", path, err)
	}
	d := &dataDir{path: path, lock: lock}
	if d.clusterID, err = clusterID(disk, filepath.Join(path, "meta.properties")); err != nil {
		return nil, errors.Join(fmt.Errorf("data directory %q: %w", path, err), d.close())
	}
	if d.producers, err = openProducerIDs(disk, filepath.Join(path, "producer-ids.json")); err != nil {
		return nil, errors.Join(fmt.Errorf("data directory %q: %w", path, err), d.close())
	}
	if d.users, err = users.Open(disk, path); err != nil {
		return nil, errors.Join(fmt.Errorf("data directory %q: %w", path, err), d.close())
	}
	if d.quotas, err = quota.Open(disk, path); err != nil {
		return nil, errors.Join(fmt.Errorf("data directory %q: %w", path, err), d.close())
	}
	return d, nil
}

// makeDir makes the directory, with all above it that are missing, for this user
// alone: records are nobody else's business. One that is there stays as it is.
func makeDir(path string, log *slog.Logger) error {
	_, err := os.Stat(path)
	if made := os.MkdirAll(path, 0o700); made != nil {
		return made
	}
	if errors.Is(err, os.ErrNotExist) { // a slip in a path would be an empty broker
		log.Info("the data directory is new", "directory", path)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o022 != 0 && runtime.GOOS != "windows" {
		log.Warn("others than its owner can put files into the data directory, and take some away; chmod go-w it", "directory", path, "mode", fmt.Sprintf("%04o", info.Mode().Perm()))
	}
	return nil
}

func (d *dataDir) close() error { return d.lock.Close() }

// clusterID reads the file, or writes it when the directory is new.
func clusterID(disk vfs.FS, path string) (string, error) {
	b, err := vfs.ReadFile(disk, path, mostStateBytes)
	if errors.Is(err, os.ErrNotExist) {
		id := encodeID(newID())
		text := fmt.Sprintf("version=1\ncluster.id=%s\nnode.id=%d\ndirectory.id=%s\n", id, nodeID, encodeID(newID()))
		return id, replaceFile(disk, path, []byte(text))
	}
	if err != nil {
		return "", err
	}
	return metaProperties(path, string(b))
}

// metaProperties reads what Kafka's MetaProperties are: of version 1 the node's id is
// node.id, of version 0, in which ZooKeeper had the rest, it was broker.id.
func metaProperties(path, text string) (clusterID string, err error) {
	has := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(key, "#") {
			has[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	if v := has["version"]; v != "0" && v != "1" {
		return "", fmt.Errorf("%s has version=%.20q, this program knows 0 and 1; use the program that wrote the directory", path, v)
	}
	if node := cmp.Or(has["node.id"], has["broker.id"], strconv.Itoa(nodeID)); node != strconv.Itoa(nodeID) {
		return "", fmt.Errorf("%s says that the directory is node %.20q's, and this broker is node %d; take over another broker's topics as docs/migration.md says, or remove the file if the directory is this one's", path, node, nodeID)
	}
	if id := has["cluster.id"]; id != "" {
		return id, nil
	}
	return "", fmt.Errorf("%s has no cluster.id line; remove the file to get a new id", path)
}

// topicID is Kafka's Uuid: 128 random bits, in text base64 without padding.
type topicID [16]byte

func newID() (id topicID) {
	rand.Read(id[:])
	return id
}

func encodeID(id topicID) string { return base64.RawURLEncoding.EncodeToString(id[:]) }

func decodeID(s string) (id topicID, err error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return id, fmt.Errorf("%q is no 128 bit id in base64", s)
	}
	return topicID(b), nil
}

// mostStateBytes bounds the files in which the broker keeps what it knows: the
// largest, topics.json, has some 100 bytes for each config of a topic.
const mostStateBytes = 1 << 30

// replaceFile writes the file so that after a crash either the old or the new
// content is there, whole, and the new one once it has returned.
func replaceFile(disk vfs.FS, path string, content []byte) error {
	return vfs.Replace(disk, path, filepath.Dir(path), content)
}
