package sasl_test

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	clients "github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"copyscope/broker/sasl"
	"copyscope/broker/users"
	"copyscope/broker/vfs"
)

// store has two users, alice with the password one.
func store(t testing.TB) *users.Store {
	t.Helper()
	s, err := users.Open(vfs.OS, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range users.Mechanisms {
		for name, password := range map[string]string{"alice": "one", "a=b,c": "two"} {
			c, err := users.NewCredential(m, password, 4096)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Alter(users.Change{Name: name, Mechanism: m, New: &c}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

func begin(t testing.TB, mechanism string, of *users.Store) sasl.Exchange {
	t.Helper()
	e, err := sasl.New(mechanism, of)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// asking is franz-go's client of a mechanism, and its first message. It checks
// that the server knows the password's keys too.
func asking(t *testing.T, m users.Mechanism, name, password string) (clients.Session, []byte) {
	t.Helper()
	by := scram.Auth{User: name, Pass: password}
	mechanism := by.AsSha256Mechanism()
	if m == users.SHA512 {
		mechanism = by.AsSha512Mechanism()
	}
	session, first, err := mechanism.Authenticate(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	return session, first
}

// talk lets a client of the mechanism authenticate.
func talk(t *testing.T, m users.Mechanism, of *users.Store, name, password string) (sasl.Exchange, error) {
	t.Helper()
	e := begin(t, m.String(), of)
	session, message := asking(t, m, name, password)
	for {
		answer, done, err := e.Step(context.Background(), message)
		if err != nil {
			return e, err
		}
		over, next, err := session.Challenge(answer)
		if err != nil || over != done {
			t.Fatalf("the client refuses the server: %v, %v", over, err)
		}
		if message = next; done {
			return e, nil
		}
	}
}

func TestSCRAM(t *testing.T) {
	s := store(t)
	for _, m := range users.Mechanisms {
		for _, c := range []struct {
			name, password string
			good           bool
		}{
			{"alice", "one", true}, {"a=b,c", "two", true},
			{"alice", "two", false}, {"nobody", "one", false}, {"Alice", "one", false},
		} {
			e, err := talk(t, m, s, c.name, c.password)
			if c.good != (err == nil) || e.User() != c.name {
				t.Errorf("%v: %q with %q as %q: got %v", m, c.name, c.password, e.User(), err)
			}
			var refused *sasl.Error
			if err != nil && (!errors.As(err, &refused) || refused.Told != "") {
				t.Errorf("%v: %q is told %v", m, c.name, err)
			}
		}
	}
}

// An unknown user and a wrong password are told apart by nothing: not by where
// the conversation ends, nor by what is said.
func TestUnknownUsersAreNotTold(t *testing.T) {
	s := store(t)
	for _, mechanism := range sasl.Mechanisms() {
		var heard []string
		for _, name := range []string{"alice", "nobody"} {
			e := begin(t, mechanism, s)
			if mechanism == sasl.Plain {
				_, _, err := e.Step(context.Background(), []byte("\x00"+name+"\x00wrong"))
				heard = append(heard, errorText(err))
				continue
			}
			first, _, err := e.Step(context.Background(), []byte("n,,n="+name+",r=abc"))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			fields := strings.Split(string(first), ",")
			salt, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(fields[1], "s="))
			if err != nil {
				t.Fatal(err)
			}
			again, _, _ := begin(t, mechanism, s).Step(context.Background(), []byte("n,,n="+name+",r=abc"))
			if strings.Split(string(again), ",")[1] != fields[1] {
				t.Errorf("%s: %s has another salt the next time", mechanism, name)
			}
			proof := base64.StdEncoding.EncodeToString(make([]byte, users.SHA256.Hash()().Size()))
			_, _, err = e.Step(context.Background(), []byte("c=biws,"+fields[0]+",p="+proof))
			heard = append(heard, strings.Join([]string{fields[2], strings.Repeat("s", len(salt)), errorText(err)}, " "))
		}
		if heard[0] != heard[1] {
			t.Errorf("%s: of a user one hears %q, of nobody %q", mechanism, heard[0], heard[1])
		}
	}
}

func errorText(err error) string {
	var refused *sasl.Error
	if errors.As(err, &refused) {
		return refused.Reason + "|" + refused.Told
	}
	return "no refusal"
}

// Whatever a client sends that is not its turn, or not its conversation's, ends
// the conversation, and nothing after it is taken.
func TestMessagesThatAreRefused(t *testing.T) {
	s := store(t)
	password := func(name, password string) string { return "\x00" + name + "\x00" + password }
	for _, c := range []struct {
		name, mechanism string
		messages        []string // the last is refused
	}{
		{"PLAIN: nothing", "PLAIN", []string{""}},
		{"PLAIN: two parts", "PLAIN", []string{"alice\x00one"}},
		{"PLAIN: four parts", "PLAIN", []string{"\x00alice\x00one\x00"}},
		{"PLAIN: no name", "PLAIN", []string{password("", "one")}},
		{"PLAIN: no password", "PLAIN", []string{password("alice", "")}},
		{"PLAIN: for another", "PLAIN", []string{"root\x00alice\x00one"}},
		{"PLAIN: a SCRAM message", "PLAIN", []string{"n,,n=alice,r=abc"}},
		{"nothing", "SCRAM-SHA-256", []string{""}},
		{"a PLAIN message", "SCRAM-SHA-256", []string{password("alice", "one")}},
		{"client-final first", "SCRAM-SHA-256", []string{"c=biws,r=abc,p=AAAA"}},
		{"flag y", "SCRAM-SHA-256", []string{"y,,n=alice,r=abc"}},
		{"channel binding", "SCRAM-SHA-256", []string{"p=tls-unique,,n=alice,r=abc"}},
		{"no flag", "SCRAM-SHA-256", []string{",,n=alice,r=abc"}},
		{"mandatory extension", "SCRAM-SHA-256", []string{"n,,m=x,n=alice,r=abc"}},
		{"for another", "SCRAM-SHA-256", []string{"n,a=root,n=alice,r=abc"}},
		{"no nonce", "SCRAM-SHA-256", []string{"n,,n=alice,r="}},
		{"no name", "SCRAM-SHA-256", []string{"n,,n=,r=abc"}},
		{"badly escaped name", "SCRAM-SHA-256", []string{"n,,n=a=2Db,r=abc"}},
		{"client-first twice", "SCRAM-SHA-256", []string{"n,,n=alice,r=abc", "n,,n=alice,r=abc"}},
		{"own nonce alone", "SCRAM-SHA-256", []string{"n,,n=alice,r=abc", "c=biws,r=abc,p=AAAA"}},
		{"proof of no bytes", "SCRAM-SHA-256", []string{"n,,n=alice,r=abc", "c=biws,NONCE,p="}},
		{"proof too short", "SCRAM-SHA-256", []string{"n,,n=alice,r=abc", "c=biws,NONCE,p=AAAA"}},
		{"other flag than before", "SCRAM-SHA-256", []string{"n,,n=alice,r=abc", "c=eSws,NONCE,p=" + base64.StdEncoding.EncodeToString(make([]byte, 32))}}, // y,,
		{"proof of SHA-512", "SCRAM-SHA-256", []string{"n,,n=alice,r=abc", "c=biws,NONCE,p=" + base64.StdEncoding.EncodeToString(make([]byte, 64))}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := begin(t, c.mechanism, s)
			nonce := ""
			for i, message := range c.messages {
				answer, done, err := e.Step(context.Background(), []byte(strings.ReplaceAll(message, "NONCE", nonce)))
				var refused *sasl.Error
				if last := i == len(c.messages)-1; last != errors.As(err, &refused) || done || last && answer != nil {
					t.Fatalf("message %d: got %q, %v, %v", i, answer, done, err)
				}
				nonce, _, _ = strings.Cut(string(answer), ",")
			}
			if c.mechanism == sasl.Plain {
				return
			}
			if answer, done, err := e.Step(context.Background(), []byte("n,,n=alice,r=abc")); err == nil || done || answer != nil {
				t.Errorf("it goes on after the refusal: %q, %v, %v", answer, done, err)
			}
		})
	}
}

// What was heard of one conversation opens no other.
func TestReplayIsRefused(t *testing.T) {
	s := store(t)
	session, first := asking(t, users.SHA256, "alice", "one")
	e := begin(t, "SCRAM-SHA-256", s)
	answer, _, err := e.Step(context.Background(), first)
	if err != nil {
		t.Fatal(err)
	}
	_, final, err := session.Challenge(answer)
	if err != nil {
		t.Fatal(err)
	}
	if _, done, err := e.Step(context.Background(), final); !done || err != nil {
		t.Fatalf("the original: %v, %v", done, err)
	}
	if _, done, err := e.Step(context.Background(), final); done || err == nil {
		t.Error("the same conversation takes it twice")
	}
	other := begin(t, "SCRAM-SHA-256", s)
	if _, _, err := other.Step(context.Background(), first); err != nil {
		t.Fatal(err)
	}
	if _, done, err := other.Step(context.Background(), final); done || err == nil {
		t.Error("another conversation takes it")
	}
}

// proven is client-final with the right proof for the password, whatever stands
// in it: as a client that knows the password, and does not follow the protocol.
func proven(t *testing.T, m users.Mechanism, password, firstBare, serverFirst, withoutProof string) []byte {
	t.Helper()
	fields := strings.Split(serverFirst, ",")
	salt, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(fields[1], "s="))
	if err != nil {
		t.Fatal(err)
	}
	salted, err := pbkdf2.Key(m.Hash(), password, salt, users.MinIterations, m.Hash()().Size())
	if err != nil {
		t.Fatal(err)
	}
	keyed := func(key []byte, text string) []byte {
		mac := hmac.New(m.Hash(), key)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	clientKey := keyed(salted, "Client Key")
	h := m.Hash()()
	h.Write(clientKey)
	proof := keyed(h.Sum(nil), firstBare+","+serverFirst+","+withoutProof)
	subtle.XORBytes(proof, proof, clientKey)
	return []byte(withoutProof + ",p=" + base64.StdEncoding.EncodeToString(proof))
}

// The proof alone does not do: nonce and channel binding must be the
// conversation's. Kafka looks only at the end of the nonce, and librdkafka before
// 2.8 needs that: it says its own part twice.
func TestFinalMessageOfThoseWhoKnowThePassword(t *testing.T) {
	s := store(t)
	for _, m := range users.Mechanisms {
		for _, c := range []struct {
			name, first, final string // NONCE is the conversation's
			good               bool
		}{
			{"as it should be", "n,,", "c=biws,r=NONCE", true},
			{"an extension", "n,,", "c=biws,r=NONCE,ext=1", true},
			{"for oneself", "n,a=alice,", "c=" + base64.StdEncoding.EncodeToString([]byte("n,a=alice,")) + ",r=NONCE", true},
			{"own part of the nonce twice", "n,,", "c=biws,r=abcNONCE", true},
			{"own part of the nonce alone", "n,,", "c=biws,r=abc", false},
			{"another nonce", "n,,", "c=biws,r=abcdefghijklmnopqrstuvwxyz", false},
			{"more after the nonce", "n,,", "c=biws,r=NONCEx", false},
			{"another flag", "n,,", "c=eSws,r=NONCE", false}, // y,,
			{"no channel binding", "n,,", "c=,r=NONCE", false},
			{"not for oneself any more", "n,a=alice,", "c=biws,r=NONCE", false},
		} {
			e := begin(t, m.String(), s)
			first, _, err := e.Step(context.Background(), []byte(c.first+"n=alice,r=abc"))
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			nonce, _, _ := strings.Cut(strings.TrimPrefix(string(first), "r="), ",")
			answer, done, err := e.Step(context.Background(), proven(t, m, "one", "n=alice,r=abc", string(first), strings.ReplaceAll(c.final, "NONCE", nonce)))
			if done != c.good || c.good != (err == nil) || c.good != strings.HasPrefix(string(answer), "v=") {
				t.Errorf("%v, %s: got %q, %v, %v", m, c.name, answer, done, err)
			}
		}
	}
}

// A refusal has nothing of what the client sent: it goes to the log.
func TestRefusalsHoldNoSecret(t *testing.T) {
	s := store(t)
	for _, mechanism := range sasl.Mechanisms() {
		for _, message := range []string{"hunter2", "\x00alice\x00hunter2", "hunter2\x00alice\x00x", "a\x00b\x00c\x00hunter2", "n,,n=alice,r=abc,hunter2", "hunter2,,n=alice,r=abc", "n,,hunter2=alice,r=abc"} {
			if _, _, err := begin(t, mechanism, s).Step(context.Background(), []byte(message)); err == nil || strings.Contains(errorText(err), "hunter2") {
				t.Errorf("%s of %q: %v", mechanism, message, err)
			}
		}
	}
}

// FuzzExchange: no message opens, and each conversation ends soon.
func FuzzExchange(f *testing.F) {
	for _, m := range []string{"", "\x00alice\x00two", "n,,n=alice,r=abc", "y,,n=alice,r=abc", "n,a=alice,n=alice,r=abc,ext=1"} {
		f.Add(uint8(0), []byte(m), []byte("c=biws,r=abc,p=AAAA"))
		f.Add(uint8(2), []byte(m), []byte(""))
	}
	s := store(f)
	f.Fuzz(func(t *testing.T, which uint8, first, second []byte) {
		if len(first)+len(second) > 1<<16 {
			return
		}
		all := sasl.Mechanisms()
		e := begin(t, all[int(which)%len(all)], s)
		for _, message := range [][]byte{first, second} {
			_, done, err := e.Step(context.Background(), message)
			if done && !strings.Contains(string(message), "\x00one") && !strings.Contains(string(message), "\x00two") {
				t.Fatalf("%q opens", message)
			}
			if err != nil {
				return
			}
		}
	})
}
