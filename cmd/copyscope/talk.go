package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"copyscope/internal/talk"
	"copyscope/web"
)

// talkFlags are the flags of `copyscope talk`.
type talkFlags struct {
	pages        pagesFlags
	feed         feedFlags
	fresh, check bool
	shipped      bool // the deck is one of those shipped
}

func talkCommand() *cobra.Command {
	f := talkFlags{}
	c := &cobra.Command{
		Use:   "talk [DECK.yaml]",
		Short: "Give a talk: a room whose audience steps along on its own screens",
		Long: `Runs what the deck shows, opens a room and prints the links: the speaker's, the
audience's and that of a phone as a clicker. Without a deck it is "zero copy in 20
minutes"; one that is shipped may be named. docs/talk.md says how to write one.

The pages are those of serve, without the broker. On an address that other
machines reach, whatever changes the talk needs the token in the speaker's link.
The links are kept in the user's cache directory, so a restart has the same ones, and
for six hours where the talk was: it goes on there. --new makes others, and begins anew.

With --feed any number of servers behind a balancer give one talk: its steps and
answers are in a topic of a Kafka cluster, or of copyscope serve. A page whose server
ends goes on at another one, from the step that it saw last. All have the same deck
and the same token, which is kept in the cache directory, or in --token-file.`,
		Example: `  copyscope talk
  copyscope talk my-deck.yaml --http 0.0.0.0:8080   # for a room full of phones
  copyscope talk my-deck.yaml --check               # run it all, open nothing
  copyscope talk my-deck.yaml --feed kafka://127.0.0.1:9092/my-talk --http 127.0.0.1:0   # one of several`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: firstOf(decks),
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.feed.check(c.Flags()); err != nil {
				return &usageError{err}
			}
			name := "zero-copy"
			if len(args) == 1 {
				name = args[0]
			}
			f.shipped = !isFile(name)
			deck, file, err := loadDeck(name)
			if found := (*unfitDeckError)(nil); f.check && errors.As(err, &found) {
				return err // it is what the check is for
			}
			if err != nil {
				return &usageError{err}
			}
			return giveTalk(c.Context(), f, file, deck, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	flags := c.Flags()
	f.pages.register(flags)
	f.feed.register(flags)
	flags.BoolVar(&f.fresh, "new", false, "make a new room code and new tokens")
	flags.BoolVar(&f.check, "check", false, "read the deck and run what it shows, then end")
	return c
}

// unfitDeckError is what is wrong in a deck.
type unfitDeckError struct{ error }

func (e *unfitDeckError) Unwrap() error { return e.error }

// isFile: the argument is a file's name, and not that of a shipped deck.
func isFile(deck string) bool { return strings.ContainsAny(deck, "./\\") }

// loadDeck finds a deck: a file, else one that is shipped.
func loadDeck(name string) (*talk.Deck, string, error) {
	if !isFile(name) {
		d, err := talk.Load(name)
		return d, name + ".yaml", err
	}
	text, err := readInput(name)
	if err != nil {
		return nil, name, err
	}
	d, err := talk.Parse(name, text)
	if err != nil {
		return nil, name, &unfitDeckError{err}
	}
	return d, name, nil
}

func giveTalk(ctx context.Context, f talkFlags, file string, deck *talk.Deck, stdout, stderr io.Writer) error {
	log, err := f.pages.log(stderr)
	if err != nil {
		return err
	}
	if f.check {
		return checkTalk(ctx, file, deck, log, stdout)
	}
	listener, err := f.pages.listen(0)
	if err != nil {
		return err
	}
	defer listener.Close()
	config := webConfig(listener.Addr().String(), nil, log)
	config.Public = f.feed.public
	config.Fronted = f.feed.public != "" || f.feed.address != ""
	pages, err := web.New(config)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	var lost error // why the feed cannot be followed any more; before ctx has ended by it
	room, leave, err := openRoom(ctx, f, file, deck, pages, func(err error) { lost = err; end(err) }, log)
	if err != nil {
		pages.Close()
		return err
	}
	defer leave()
	own := "http://" + reachable(listener.Addr().(*net.TCPAddr))
	if f.feed.public == "" && listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		log.Warn("only this computer can open the talk's links; for a room start it with --http 0.0.0.0:8080")
	}
	base := cmp.Or(strings.TrimSuffix(f.feed.public, "/"), own)
	ready := map[string]string{"web": own, "speaker": base + room.PresentPath(), "audience": base + room.AudiencePath(), "clicker": base + room.ClickerPath()}
	fmt.Fprintf(stdout, "speaker %s\naudience %s\nclicker %s\n", ready["speaker"], ready["audience"], ready["clicker"])
	err = serveBoth(ctx, f.pages.readyFile, listener, pages, nil, ready, stdout)
	return errors.Join(err, lost) // pages have closed, and with them whoever follows the feed
}

// openRoom opens the room whose links are kept, or that of the feed; ended is told if
// the feed is lost. leave is for when the pages have closed.
func openRoom(ctx context.Context, f talkFlags, file string, deck *talk.Deck, pages *web.Server, ended func(error), log *slog.Logger) (room web.TalkRoom, leave func(), err error) {
	if f.feed.address != "" {
		feed, token, err := f.feed.open(ctx, f.fresh, log)
		if err != nil {
			return room, nil, err
		}
		room, err := pages.OpenTalk(ctx, file, deck, web.TalkOptions{Token: token, Feed: feed, Ended: ended})
		if err != nil {
			feed.Close()
		}
		return room, feed.Close, err
	}
	kept := roomFile(file, f.shipped)
	var links roomLinks
	if !f.fresh {
		links = kept.read()
	}
	saved := links.Place.fresh(time.Now())
	var keeper *placeKeeper
	room, err = pages.OpenTalk(ctx, file, deck, web.TalkOptions{Code: links.Code, Token: links.Token, Saved: saved, Keep: func(s talk.Saved) { keeper.keep(s) }})
	if err != nil {
		return room, nil, err
	}
	now := roomLinks{Code: room.Code, Token: room.Present}
	if saved != nil {
		now.Place = links.Place
	}
	if err := kept.write(now); err != nil {
		log.Warn("the talk's links will be others after a restart", "err", err)
	}
	keeper = keepPlaces(kept, now, log)
	return room, keeper.close, nil
}

// checkTalk runs all that a deck shows, on pages that nobody reaches.
func checkTalk(ctx context.Context, file string, deck *talk.Deck, log *slog.Logger, stdout io.Writer) error {
	pages, err := web.New(webConfig("127.0.0.1:0", nil, log))
	if err != nil {
		return err
	}
	defer pages.Close()
	if _, err := pages.OpenTalk(ctx, file, deck, web.TalkOptions{}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s: %d slides, %v planned; every run, stop and answer is there\n", file, len(deck.Slides), deck.Planned(len(deck.Slides)-1))
	return err
}

// reachable is where others find a listener that takes connections at every
// address of this host.
func reachable(addr *net.TCPAddr) string {
	if addr.IP.IsUnspecified() {
		if host := web.ReachableHost(); host != "" {
			return net.JoinHostPort(host, fmt.Sprint(addr.Port))
		}
		return net.JoinHostPort("127.0.0.1", fmt.Sprint(addr.Port))
	}
	return addr.String()
}

// roomLinks are what a talk's links are made of.
type roomLinks struct {
	Code  string     `json:"code"`
	Token string     `json:"token"`
	Place *talkPlace `json:"place,omitempty"`
}

// linksFile is where a deck's links are kept, for its owner alone; "" if nowhere.
type linksFile string

// roomFile is that of a deck. A file is known by where it is; a shipped deck is the same
// one in whatever directory the command is started.
func roomFile(deck string, shipped bool) linksFile {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	if shipped {
		deck = "shipped " + deck
	} else if full, err := filepath.Abs(deck); err == nil {
		deck = full
	}
	sum := sha256.Sum256([]byte(deck))
	return linksFile(filepath.Join(dir, "copyscope", "talk-"+hex.EncodeToString(sum[:8])+".json"))
}

// read gives what was kept; a file that is missing or spoilt counts as none.
func (f linksFile) read() (links roomLinks) {
	text, err := os.ReadFile(string(f))
	if err != nil || json.Unmarshal(text, &links) != nil || !talk.KnownCode(links.Code) || len(links.Token) < 20 {
		return roomLinks{}
	}
	return links
}

func (f linksFile) write(links roomLinks) error {
	if f == "" {
		return errors.New("this user has no cache directory")
	}
	if err := os.MkdirAll(filepath.Dir(string(f)), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	text, err := json.Marshal(links)
	if err != nil {
		return err
	}
	// It is written with every step, and whoever ends in the middle has its links again.
	part, err := os.CreateTemp(filepath.Dir(string(f)), ".talk-*")
	if err != nil {
		return err
	}
	_, err = part.Write(text)
	if err = errors.Join(err, part.Close()); err == nil {
		err = os.Rename(part.Name(), string(f))
	}
	if err != nil {
		os.Remove(part.Name())
	}
	return err
}
