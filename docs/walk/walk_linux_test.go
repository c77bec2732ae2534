// Package walk does what the README, the tutorial and the how-tos say, as a reader does who has
// nothing but the page: every command is typed in, word for word, every address is
// opened, and what the page shows as output is compared with what came.
//
// Of a page's blocks of code
//
//   - sh is typed into the reader's terminal, in an empty folder, and must succeed;
//   - sh below `<!-- terminal: NAME -->` is typed into another one, and goes on there;
//   - text is all that the block of commands before it printed, or what comes first in
//     the other terminal; … stands for what differs from machine to machine;
//   - text below `<!-- Ctrl-C: NAME -->` is the rest of what comes in that terminal,
//     after Ctrl-C; sh below it is typed in there next;
//   - any other block below `NAME`: is the file of that name, which the reader makes.
package walk

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/ownnet"
	"copyscope/internal/process"
)

// root is the project's, from here.
const root = "../.."

// page is one that is walked.
type page struct {
	name  string   // in docs, without .md
	clone bool     // it begins in a clone of the project, not in an empty folder
	needs []string // programs
	root  bool     // it watches another process, with sudo
	ports []string // that its servers listen at
}

var pages = []page{
	{name: "../README", clone: true, needs: []string{"kcat"}, ports: []string{"8080", "9092"}},
	{name: "tutorial", clone: true, needs: []string{"curl", "kcat"}, ports: []string{"8080", "9092"}},
	{name: "howto/attach-to-nginx", root: true, needs: []string{"nginx", "curl"}, ports: []string{"8081", "8082"}},
	{name: "howto/attach-to-kafka", root: true, needs: []string{"java", "openssl"}, ports: []string{"9092", "9093", "9094"}},
	{name: "howto/give-a-talk", needs: []string{"curl", "jq"}, ports: []string{"8080"}},
	{name: "howto/write-a-lesson", ports: []string{"8080", "9092"}},
	{name: "howto/read-a-trace", needs: []string{"jq", "strace"}},
}

// ownNetwork says that this process is in a network namespace of its own, where the
// ports that the pages name are free.
const ownNetwork = "COPYSCOPE_WALK_OWN_NETWORK"

// TestMain runs the tests in a network of their own where the user may have one, and
// fails in CI where root may not.
func TestMain(m *testing.M) {
	if os.Geteuid() != 0 {
		os.Exit(m.Run())
	}
	ctx := context.Background()
	if os.Getenv(ownNetwork) != "" {
		told(ownnet.Up())
		os.Exit(m.Run())
	}
	told(collectKafka(ctx)) // which fetches, so before there is no network
	err := ownnet.Reenter(ctx, ownNetwork+"=1")
	if inside := new(exec.ExitError); errors.As(err, &inside) {
		os.Exit(inside.ExitCode()) // it has said why
	}
	if err != nil && os.Getenv("CI") == "" {
		fmt.Fprintf(os.Stderr, "the pages' servers share the host's network: %v\n", err)
		os.Exit(m.Run())
	}
	told(err)
}

// told ends the process if there is an error.
func told(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Every how-to is walked.
func TestEveryPageIsWalked(t *testing.T) {
	there, err := filepath.Glob(filepath.Join(root, "docs/howto/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	if len(there) == 0 {
		t.Error("there are no how-tos")
	}
	for _, file := range there {
		name := "howto/" + strings.TrimSuffix(filepath.Base(file), ".md")
		// A page in another language has the same commands: a rule of internal/archtest.
		if filepath.Ext(name) == "" && !slices.ContainsFunc(pages, func(p page) bool { return p.name == name }) {
			t.Errorf("nothing walks docs/%s.md", name)
		}
	}
}

// Whoever does what a page says sees what it says.
func TestPages(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command and does all that the pages say")
	}
	home := newHome(t)
	for _, p := range pages {
		t.Run(p.name, func(t *testing.T) {
			p.possible(t)
			p.walk(t, home)
		})
	}
}

// possible skips a page that cannot be walked here; CI has all that it takes.
func (p page) possible(t *testing.T) {
	t.Helper()
	if p.root && os.Geteuid() != 0 {
		t.Skip("SKIPPED: the page's commands take root; run it as root")
	}
	missing := func(what string) {
		if os.Getenv("CI") != "" {
			t.Fatal(what)
		}
		t.Skip("SKIPPED: " + what)
	}
	if p.root {
		if c := host.Attachable(context.Background()); c.Status != host.Active {
			missing(c.Why + "; " + c.Enable)
		}
	}
	for _, program := range p.needs {
		if _, err := process.Find(program); err != nil {
			missing(program + " is not installed")
		}
	}
	if slices.Contains(p.needs, "java") {
		if why := kafkaMissing(); why != "" {
			missing(why)
		}
	}
	for _, port := range p.ports {
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Skipf("SKIPPED: the page's servers listen at port %s, and here another does; run it as root, who has a network of its own: %v", port, err)
		}
		l.Close()
	}
}
