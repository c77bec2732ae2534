package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"copyscope/internal/talk"
	"copyscope/internal/talkfeed"
	"copyscope/web"
)

// feedFlags are the flags of a talk that several servers give.
type feedFlags struct {
	address, tokenFile, public string
	login                      loginFlags
}

func (f *feedFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.address, "feed", "", "share the room with other servers through a topic: kafka://HOST:PORT[,HOST:PORT…]/TOPIC")
	flags.StringVar(&f.tokenFile, "token-file", "", "file whose only line is the speaker's token, the same at all servers of a feed (default: one that is kept in the user's cache directory)")
	flags.StringVar(&f.public, "public", "", "address under which a balancer or proxy has the pages, such as https://talk.example.org")
	f.login.register(flags, "the feed's cluster")
}

// check refuses what cannot be, before anything is opened.
func (f *feedFlags) check(flags *pflag.FlagSet) error {
	if f.public != "" {
		if _, err := web.ParsePublic(f.public); err != nil {
			return fmt.Errorf("--public: %w", err)
		}
	}
	if f.address == "" {
		if lone := changed(flags, append([]string{"token-file"}, theLogin...)); len(lone) > 0 {
			return fmt.Errorf("%s: for a talk with a feed: add --feed kafka://HOST:PORT/TOPIC, or leave it out", strings.Join(lone, ", "))
		}
		return nil
	}
	if _, err := talkfeed.ParseAddress(f.address); err != nil {
		return fmt.Errorf("--feed %w", err)
	}
	return nil
}

// open connects to the feed and gives the token of its rooms.
func (f *feedFlags) open(ctx context.Context, fresh bool, log *slog.Logger) (*talkfeed.Feed, string, error) {
	address, err := talkfeed.ParseAddress(f.address)
	if err != nil {
		return nil, "", err
	}
	login, err := f.login.read(log)
	if err != nil {
		return nil, "", err
	}
	token, err := f.token(address.Topic, fresh)
	if err != nil {
		return nil, "", err
	}
	feed, err := talkfeed.Open(ctx, talkfeed.Config{Address: address, Client: login.Options(), Token: token, New: fresh, Log: log})
	return feed, token, err
}

// leastToken is how long a token must be that somebody has chosen.
const leastToken = 20

// token is that of the file, or the one that is kept for the topic.
func (f *feedFlags) token(topic string, fresh bool) (string, error) {
	if f.tokenFile != "" {
		text, err := os.ReadFile(f.tokenFile)
		if err != nil {
			return "", fmt.Errorf("--token-file: %w", err)
		}
		token := strings.TrimSpace(string(text))
		if len(token) < leastToken || len(token) > 100 || strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return "", fmt.Errorf("--token-file %s: give one line of %d to 100 letters and digits that nobody guesses, for example of: openssl rand -hex 16", f.tokenFile, leastToken)
		}
		return token, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("the speaker's token is kept in the user's cache directory, and there is none: %w; give --token-file", err)
	}
	return keptToken(filepath.Join(dir, "copyscope", "feed-"+topic+".token"), fresh)
}

// keptToken reads the token of a file, or makes both. Of servers that make it at the
// same time all have the first one's. A fresh one takes its place.
func keptToken(file string, fresh bool) (string, error) {
	if text, err := os.ReadFile(file); err == nil && len(text) >= leastToken && !fresh {
		return string(text), nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", err
	}
	token := talk.NewToken()
	part, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+"-*") // mode 0600
	if err != nil {
		return "", err
	}
	defer os.Remove(part.Name())
	_, err = part.WriteString(token)
	if err := errors.Join(err, part.Close()); err != nil {
		return "", err
	}
	if fresh {
		return token, os.Rename(part.Name(), file)
	}
	err = os.Link(part.Name(), file)
	if errors.Is(err, fs.ErrExist) {
		text, err := os.ReadFile(file)
		if err != nil || len(text) < leastToken {
			return "", errors.Join(fmt.Errorf("%s holds no token: remove it", file), err)
		}
		return string(text), nil
	}
	return token, err
}
