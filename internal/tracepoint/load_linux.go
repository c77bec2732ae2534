package tracepoint

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// Places are where tracefs is usually mounted.
var Places = []string{"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}

// Mounted is where tracefs is mounted, or empty.
func Mounted() string {
	for _, place := range Places {
		var st unix.Statfs_t
		if unix.Statfs(place, &st) == nil && st.Type == unix.TRACEFS_MAGIC {
			return place
		}
	}
	return ""
}

// at runs f with the directory of a mounted tracefs. Where it is not mounted, and
// this user may mount it, it is mounted in a mount namespace that only one thread of
// this process sees, and that ends with the process, whatever ends that.
func at(f func(dir string) error) error {
	if dir := Mounted(); dir != "" {
		return f(dir)
	}
	startPrivate()
	done := make(chan error)
	private <- func(mounted error) {
		if mounted != nil {
			done <- mounted
			return
		}
		done <- f(Places[0])
	}
	return <-done
}

// private takes what is to run on the thread that has tracefs mounted, or knows why
// it has not.
var private = make(chan func(mounted error))

var startPrivate = sync.OnceFunc(func() {
	go func() {
		runtime.LockOSThread()
		mounted := mountPrivately(Places[0])
		for f := range private {
			f(mounted)
		}
	}()
})

// LoadAll reads the formats of tracepoints, by their names.
func LoadAll(names ...string) (events map[string]*Event, err error) {
	err = at(func(dir string) error {
		events = map[string]*Event{}
		for _, name := range names {
			e, err := Load(dir, name)
			if err != nil {
				return err
			}
			events[name] = e
		}
		return nil
	})
	return events, err
}

// mountPrivately mounts tracefs for the calling thread alone.
func mountPrivately(place string) error {
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("tracefs is not mounted, and this user may not mount it: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("a mount namespace of its own: %w", err)
	}
	if err := unix.Mount("tracefs", place, "tracefs", 0, ""); err != nil {
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENODEV) {
			return fmt.Errorf("the kernel was built without tracefs (CONFIG_TRACING): %w", err)
		}
		return fmt.Errorf("mount -t tracefs: %w", err)
	}
	return nil
}
