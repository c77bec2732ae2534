package broker_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"copyscope/broker"
	"copyscope/broker/users"
)

var allMechanisms = []string{"SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"}

// withUsers adds users to a directory: names and their passwords.
func withUsers(t testing.TB, dir string, namesAndPasswords ...string) {
	t.Helper()
	store, lock, err := broker.OpenUsers(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	for i := 0; i < len(namesAndPasswords); i += 2 {
		for _, m := range users.Mechanisms {
			c, err := users.NewCredential(m, namesAndPasswords[i+1], users.MinIterations)
			if err != nil {
				t.Fatal(err)
			}
			if err := store.Alter(users.Change{Name: namesAndPasswords[i], Mechanism: m, New: &c}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// bySASL asks the plaintext listener's clients for SASL.
func bySASL(mechanisms ...string) func(*broker.Config) {
	return func(c *broker.Config) { c.SASL = mechanisms }
}

// as are franz-go's mechanisms for a user.
func as(user, password string) map[string]sasl.Mechanism {
	return map[string]sasl.Mechanism{
		"PLAIN":         plain.Auth{User: user, Pass: password}.AsMechanism(),
		"SCRAM-SHA-256": scram.Auth{User: user, Pass: password}.AsSha256Mechanism(),
		"SCRAM-SHA-512": scram.Auth{User: user, Pass: password}.AsSha512Mechanism(),
	}
}

// principals are those of the open connections but the given.
func (r *running) principals() (all []string) {
	for _, c := range r.ConnectionInfos() {
		all = append(all, c.Protocol+" "+c.Principal)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Every mechanism on each listener: records go in and out, by the path that
// they would take without SASL, and the connection's user is told.
func TestSASLClients(t *testing.T) {
	cert, key, trust := authority(t)
	dir := t.TempDir()
	withUsers(t, dir, "alice", "one")
	r := start(t, dir, overTLS(t, cert, key), bySASL(allMechanisms...), func(c *broker.Config) { c.TLSSASL = allMechanisms })
	for mechanism, by := range as("alice", "one") {
		for _, over := range []struct {
			protocol, address, path string
			opts                    []kgo.Opt
		}{
			{"SASL_PLAINTEXT", r.addr, "sendfile", nil},
			{"SASL_SSL", r.TLSAddr().String(), "read-write", []kgo.Opt{kgo.DialTLSConfig(trust)}},
		} {
			t.Run(over.protocol+" "+mechanism, func(t *testing.T) {
				opts := append(over.opts, kgo.SASL(by))
				topic := over.protocol + mechanism
				cl := client(t, over.address, opts...)
				produce(t, cl, topic, "first", "second")
				if got := r.principals(); !slices.Contains(got, over.protocol+" User:alice") {
					t.Errorf("connections are told as %v", got)
				}
				before := len(r.transfers())
				if got := consume(t, over.address, topic, 0, 2, opts...); got[0] != "first" || got[1] != "second" {
					t.Errorf("got %q", got)
				}
				sent := r.transfers()[before:]
				if len(sent) == 0 {
					t.Fatal("no transfer was told")
				}
				for _, s := range sent {
					if s.Path != over.path {
						t.Errorf("by path %q, want %q", s.Path, over.path)
					}
				}
				cl.Close()
			})
		}
	}
	if text := r.text(); strings.Contains(text, "one\n") || strings.Contains(text, "one\"") {
		t.Errorf("the log holds a password:\n%s", text)
	}
}

// A wrong password, an unknown user and a mechanism that is not enabled are
// refused; the first two alike.
func TestSASLRefusals(t *testing.T) {
	dir := t.TempDir()
	withUsers(t, dir, "alice", "one")
	r := start(t, dir, bySASL("PLAIN", "SCRAM-SHA-256"))
	said := func(by sasl.Mechanism) error {
		cl := client(t, r.addr, kgo.SASL(by), kgo.RetryTimeout(time.Second), kgo.RequestRetries(0))
		_, err := kmsg.NewPtrMetadataRequest().RequestWith(deadline(t), cl)
		return err
	}
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256"} {
		wrong, unknown := said(as("alice", "two")[mechanism]), said(as("nobody", "one")[mechanism])
		if !errors.Is(wrong, kerr.SaslAuthenticationFailed) || !errors.Is(unknown, kerr.SaslAuthenticationFailed) || wrong.Error() != unknown.Error() {
			t.Errorf("%s: a wrong password gets %v, an unknown user %v", mechanism, wrong, unknown)
		}
		if err := said(as("alice", "one")[mechanism]); err != nil {
			t.Errorf("%s: the right password gets %v", mechanism, err)
		}
	}
	if err := said(as("alice", "one")["SCRAM-SHA-512"]); err == nil || !strings.Contains(err.Error(), "SCRAM-SHA-512") && !errors.Is(err, kerr.UnsupportedSaslMechanism) {
		t.Errorf("a mechanism that is not enabled gets %v", err)
	}
	r.wantSaid(t, `user \"nobody\" failed`)
	if text := r.text(); strings.Contains(text, "two") {
		t.Errorf("the log holds a password:\n%s", text)
	}
}

// saslStep is a request in a conversation, and what is to come of it.
type saslStep struct {
	send any   // a kmsg.Request, or the bytes of a token in no request
	code int16 // of the answer, or what follows
}

const (
	closes = -100 - iota // the connection ends without an answer
	answersToken
)

func handshake(version int16, mechanism string) *kmsg.SASLHandshakeRequest {
	return &kmsg.SASLHandshakeRequest{Version: version, Mechanism: mechanism}
}

func authenticate(token string) *kmsg.SASLAuthenticateRequest {
	return &kmsg.SASLAuthenticateRequest{Version: 2, SASLAuthBytes: []byte(token)}
}

const alice = "\x00alice\x00one"

// Every order of the requests of an authentication ends as with Kafka.
func TestSASLOrder(t *testing.T) {
	dir := t.TempDir()
	withUsers(t, dir, "alice", "one")
	versions := func() kmsg.Request {
		return &kmsg.ApiVersionsRequest{Version: 3, ClientSoftwareName: "test", ClientSoftwareVersion: "1"}
	}
	metadata := func() kmsg.Request { return kmsg.NewPtrMetadataRequest() }
	secured := start(t, dir, bySASL("PLAIN", "SCRAM-SHA-256"))
	open := start(t, t.TempDir())
	for _, c := range []struct {
		name  string
		at    *running
		steps []saslStep
	}{
		{"all in order", secured, []saslStep{{send: versions()}, {send: handshake(1, "PLAIN")}, {send: authenticate(alice)}, {send: metadata()}}},
		{"no versions", secured, []saslStep{{send: handshake(1, "PLAIN")}, {send: authenticate(alice)}, {send: versions()}, {send: metadata()}}},
		{"tokens in no request", secured, []saslStep{{send: versions()}, {send: handshake(0, "PLAIN")}, {send: []byte(alice), code: answersToken}, {send: metadata()}}},
		{"old authenticate", secured, []saslStep{{send: handshake(1, "PLAIN")}, {send: &kmsg.SASLAuthenticateRequest{SASLAuthBytes: []byte(alice)}}, {send: metadata()}}},
		{"metadata first", secured, []saslStep{{send: metadata(), code: closes}}},
		{"authenticate first", secured, []saslStep{{send: authenticate(alice), code: closes}}},
		{"a token first", secured, []saslStep{{send: []byte(alice), code: closes}}},
		{"metadata after versions", secured, []saslStep{{send: versions()}, {send: metadata(), code: closes}}},
		{"versions twice", secured, []saslStep{{send: versions()}, {send: versions(), code: closes}}},
		{"versions that are refused", secured, []saslStep{{send: &kmsg.ApiVersionsRequest{Version: 3, ClientSoftwareName: "!"}, code: 42}, {send: versions()}, {send: handshake(1, "PLAIN")}}},
		{"authenticate after versions", secured, []saslStep{{send: versions()}, {send: authenticate(alice), code: closes}}},
		{"unknown mechanism", secured, []saslStep{{send: handshake(1, "GSSAPI"), code: 33}, {code: closes}}},
		{"mechanism not enabled", secured, []saslStep{{send: handshake(1, "SCRAM-SHA-512"), code: 33}, {code: closes}}},
		{"empty mechanism", secured, []saslStep{{send: handshake(0, ""), code: 33}, {code: closes}}},
		{"handshake twice", secured, []saslStep{{send: handshake(1, "PLAIN")}, {send: handshake(1, "PLAIN"), code: 34}, {code: closes}}},
		{"versions after handshake", secured, []saslStep{{send: handshake(1, "PLAIN")}, {send: versions(), code: 34}, {code: closes}}},
		{"metadata after handshake", secured, []saslStep{{send: handshake(1, "PLAIN")}, {send: metadata(), code: closes}}},
		{"what no Kafka knows, after handshake", secured, []saslStep{{send: handshake(1, "PLAIN")}, {send: []byte("\x30\x24\x00\x00\x00\x00\x00\x01\xff\xff"), code: closes}}},
		{"metadata in place of a token", secured, []saslStep{{send: handshake(0, "PLAIN")}, {send: metadata(), code: closes}}},
		{"wrong password", secured, []saslStep{{send: handshake(1, "PLAIN")}, {send: authenticate("\x00alice\x00two"), code: 58}, {code: closes}}},
		{"wrong password in no request", secured, []saslStep{{send: handshake(0, "PLAIN")}, {send: []byte("\x00alice\x00two"), code: closes}}},
		{"no token", secured, []saslStep{{send: handshake(1, "PLAIN")}, {send: authenticate(""), code: 58}, {code: closes}}},
		{"token of the other mechanism", secured, []saslStep{{send: handshake(1, "SCRAM-SHA-256")}, {send: authenticate(alice), code: 58}, {code: closes}}},
		{"client-final first", secured, []saslStep{{send: handshake(1, "SCRAM-SHA-256")}, {send: authenticate("c=biws,r=abc,p=AAAA"), code: 58}, {code: closes}}},
		{"channel binding", secured, []saslStep{{send: handshake(1, "SCRAM-SHA-256")}, {send: authenticate("p=tls-unique,,n=alice,r=abc"), code: 58}, {code: closes}}},
		{"reused nonce", secured, []saslStep{{send: handshake(1, "SCRAM-SHA-256")}, {send: authenticate("n,,n=alice,r=abc")}, {send: authenticate("c=biws,r=abc,p=AAAA"), code: 58}, {code: closes}}},
		{"metadata within SCRAM", secured, []saslStep{{send: handshake(1, "SCRAM-SHA-256")}, {send: authenticate("n,,n=alice,r=abc")}, {send: metadata(), code: closes}}},
		{"handshake after all", secured, []saslStep{{send: handshake(1, "PLAIN")}, {send: authenticate(alice)}, {send: handshake(1, "PLAIN"), code: 34}, {send: metadata()}}},
		{"authenticate after all", secured, []saslStep{{send: handshake(1, "PLAIN")}, {send: authenticate(alice)}, {send: authenticate(alice), code: 34}, {send: metadata()}}},
		{"a token too large", secured, []saslStep{{send: handshake(0, "PLAIN")}, {send: make([]byte, 64<<10+1), code: closes}}},
		{"a request too large", secured, []saslStep{{send: handshake(1, "PLAIN")}, {send: authenticate(strings.Repeat("x", 64<<10)), code: closes}}},
		{"handshake without SASL", open, []saslStep{{send: versions()}, {send: handshake(1, "PLAIN"), code: 34}, {send: metadata()}}},
		{"authenticate without SASL", open, []saslStep{{send: authenticate(alice), code: 34}, {send: metadata()}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := dial(t, c.at.addr)
			for i, s := range c.steps {
				conn.step(int32(i), s)
			}
		})
	}
	secured.wantSaid(t, "Metadata before the client authenticated; set security.protocol")
	secured.wantSaid(t, "a SASL message of 65537 bytes, at most 65536 are allowed")
	if said := secured.text(); strings.Contains(said, "met a bug") {
		t.Error(said)
	}
}

// step sends what there is to send, and looks at what comes.
func (c raw) step(n int32, s saslStep) {
	c.t.Helper()
	switch send := s.send.(type) {
	case []byte:
		c.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(send))), send...))
	case kmsg.Request:
		c.Write(frame(send, n))
	}
	switch s.code {
	case closes:
		// What was sent and not read makes the kernel reset the connection.
		if b, err := io.ReadAll(c); len(b) > 0 || isTimeout(err) {
			c.t.Fatalf("step %d: the connection is not closed: got %d bytes, %v", n, len(b), err)
		}
		return
	case answersToken:
		var size [4]byte
		if _, err := io.ReadFull(c, size[:]); err != nil || size != [4]byte{} {
			c.t.Fatalf("step %d: got a token of %v bytes, %v", n, size, err)
		}
		return
	}
	var code int16
	switch r := answer[kmsg.Response](c, s.send.(kmsg.Request), n).(type) {
	case *kmsg.ApiVersionsResponse:
		code = r.ErrorCode
	case *kmsg.SASLHandshakeResponse:
		if code = r.ErrorCode; code != 34 && !slices.Equal(r.SupportedMechanisms, []string{"PLAIN", "SCRAM-SHA-256"}) {
			c.t.Errorf("step %d: told %v", n, r.SupportedMechanisms)
		}
	case *kmsg.SASLAuthenticateResponse:
		if code = r.ErrorCode; code != 0 && (r.ErrorMessage == nil || len(r.SASLAuthBytes) > 0) {
			c.t.Errorf("step %d: got %+v", n, r)
		}
	case *kmsg.MetadataResponse:
		if len(r.Brokers) != 1 {
			c.t.Errorf("step %d: no broker", n)
		}
	}
	if code != s.code {
		c.t.Fatalf("step %d: got code %d, want %d", n, code, s.code)
	}
}

// An authentication ends, and is renewed by the same user and mechanism
// (KIP-368).
func TestReauthentication(t *testing.T) {
	dir := t.TempDir()
	withUsers(t, dir, "alice", "one", "bob", "two")
	lasting := start(t, dir, bySASL("PLAIN", "SCRAM-SHA-256"), func(c *broker.Config) { c.MaxReauth = time.Hour })
	in := func(r *running) raw {
		c := dial(t, r.addr)
		ask[*kmsg.SASLHandshakeResponse](c, handshake(1, "PLAIN"), 1)
		if resp := ask[*kmsg.SASLAuthenticateResponse](c, authenticate(alice), 2); resp.ErrorCode != 0 || resp.SessionLifetimeMillis == 0 {
			t.Fatalf("got %+v", resp)
		}
		return c
	}
	for _, k := range []struct {
		name  string
		steps []saslStep
	}{
		{"again", []saslStep{{send: handshake(1, "PLAIN")}, {send: authenticate(alice)}, {send: kmsg.NewPtrMetadataRequest()}}},
		{"too soon after", []saslStep{{send: handshake(1, "PLAIN")}, {send: authenticate(alice)}, {send: handshake(1, "PLAIN"), code: 34}, {send: kmsg.NewPtrMetadataRequest()}}},
		{"as another", []saslStep{{send: handshake(1, "PLAIN")}, {send: authenticate("\x00bob\x00two"), code: 58}, {code: closes}}},
		{"by another mechanism", []saslStep{{send: handshake(1, "SCRAM-SHA-256")}, {send: authenticate("n,,n=alice,r=abc"), code: 58}, {code: closes}}},
		{"with a wrong password", []saslStep{{send: handshake(1, "PLAIN")}, {send: authenticate("\x00alice\x00two"), code: 58}, {code: closes}}},
		{"other requests meanwhile", []saslStep{{send: handshake(1, "PLAIN")}, {send: kmsg.NewPtrMetadataRequest(), code: closes}}},
	} {
		t.Run(k.name, func(t *testing.T) {
			c := in(lasting)
			c.t = t
			for i, s := range k.steps {
				c.step(int32(i), s)
			}
		})
	}
	lasting.stop()
	short := start(t, dir, bySASL("PLAIN"), func(c *broker.Config) { c.MaxReauth = time.Millisecond })
	c := in(short)
	time.Sleep(2 * time.Millisecond) // the authentication is over then, however long this takes
	c.step(3, saslStep{send: kmsg.NewPtrMetadataRequest(), code: closes})
	short.wantSaid(t, "connections.max.reauth.ms")
}

// Who does not authenticate in time is let go, whether it is silent or sends on
// and on.
func TestAuthenticationTakesNoLonger(t *testing.T) {
	r := start(t, t.TempDir(), bySASL("PLAIN"), func(c *broker.Config) { c.MaxAuthentication = 100 * time.Millisecond })
	silent, slow := dial(t, r.addr), dial(t, r.addr)
	ask[*kmsg.SASLHandshakeResponse](slow, handshake(1, "PLAIN"), 1)
	slow.send([]byte{0, 0, 0, 40, 0, 36}) // the rest never comes
	silent.wantClosed()
	slow.wantClosed()
	r.wantSaid(t, "did not authenticate in time")
	// A version of ApiVersions that nobody knows may come as often as one likes. How long
	// a connection may be silent says how exact its deadlines are.
	r = start(t, t.TempDir(), bySASL("PLAIN"), func(c *broker.Config) { c.MaxAuthentication, c.MaxIdle = 500*time.Millisecond, time.Second })
	steady, unknown := dial(t, r.addr), frame(&kmsg.ApiVersionsRequest{}, 1)
	binary.BigEndian.PutUint16(unknown[6:], 99)
	for began, answer := time.Now(), make([]byte, 4096); ; {
		if _, err := steady.Write(unknown); err != nil {
			break
		}
		if _, err := steady.Read(answer); err != nil {
			break
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Fatalf("who sends on and on is still answered after %v", took)
		}
	}
}

// Users are changed while clients come and go, as kafka-configs.sh does it, and
// outlive the broker.
func TestUsersAreAdministered(t *testing.T) {
	dir := t.TempDir()
	withUsers(t, dir, "admin", "zero")
	r := start(t, dir, bySASL(allMechanisms...))
	admin := func() *kadm.Client {
		return kadm.NewClient(client(t, r.addr, kgo.SASL(as("admin", "zero")["SCRAM-SHA-512"])))
	}
	may := func(user, password, mechanism string) bool {
		t.Helper()
		cl := client(t, r.addr, kgo.SASL(as(user, password)[mechanism]), kgo.RetryTimeout(time.Second), kgo.RequestRetries(0))
		defer cl.Close()
		err := cl.Ping(deadline(t))
		if err != nil && !errors.Is(err, kerr.SaslAuthenticationFailed) {
			t.Fatal(err)
		}
		return err == nil
	}
	adm := admin()
	altered, err := adm.AlterUserSCRAMs(deadline(t), []kadm.DeleteSCRAM{{User: "nobody", Mechanism: kadm.ScramSha256}}, []kadm.UpsertSCRAM{
		{User: "alice", Mechanism: kadm.ScramSha256, Iterations: 8192, Password: "one"},
		{User: "twice", Mechanism: kadm.ScramSha256, Iterations: 4096, Password: "one"},
		{User: "twice", Mechanism: kadm.ScramSha512, Iterations: 4096, Password: "one"},
		{User: "weak", Mechanism: kadm.ScramSha256, Iterations: 4095, Salt: []byte("salt"), SaltedPassword: make([]byte, 32)},
		{User: "strong", Mechanism: kadm.ScramSha256, Iterations: 16385, Salt: []byte("salt"), SaltedPassword: make([]byte, 32)},
		{User: "", Mechanism: kadm.ScramSha256, Iterations: 4096, Salt: []byte("salt"), SaltedPassword: make([]byte, 32)},
	})
	if err != nil {
		t.Fatal(err)
	}
	for user, want := range map[string]error{"alice": nil, "nobody": kerr.ResourceNotFound, "twice": kerr.DuplicateResource, "weak": kerr.UnacceptableCredential, "strong": kerr.UnacceptableCredential, "": kerr.UnacceptableCredential} {
		if got := altered[user].Err; !errors.Is(got, want) {
			t.Errorf("altering %q: got %v, want %v", user, got, want)
		}
	}
	if !may("alice", "one", "SCRAM-SHA-256") || !may("alice", "one", "PLAIN") || may("alice", "one", "SCRAM-SHA-512") || may("alice", "two", "PLAIN") || may("twice", "one", "PLAIN") {
		t.Error("others may come in than those who were let in")
	}
	// A restart, a new password, and the end of an account.
	r.stop()
	r = start(t, dir, bySASL(allMechanisms...))
	if !may("alice", "one", "SCRAM-SHA-256") {
		t.Error("alice is forgotten")
	}
	adm = admin()
	if all, err := adm.DescribeUserSCRAMs(deadline(t)); err != nil || len(all) != 2 || len(all["admin"].CredInfos) != 2 || len(all["alice"].CredInfos) != 1 || all["alice"].CredInfos[0] != (kadm.CredInfo{Mechanism: kadm.ScramSha256, Iterations: 8192}) {
		t.Errorf("all users are %+v, %v", all, err)
	}
	if some, err := adm.DescribeUserSCRAMs(deadline(t), "alice", "nobody", "admin", "admin"); err != nil || len(some) != 3 || some["alice"].Err != nil || !errors.Is(some["nobody"].Err, kerr.ResourceNotFound) || !errors.Is(some["admin"].Err, kerr.DuplicateResource) {
		t.Errorf("some users are %+v, %v", some, err)
	}
	if _, err := adm.AlterUserSCRAMs(deadline(t), nil, []kadm.UpsertSCRAM{{User: "alice", Mechanism: kadm.ScramSha256, Password: "two"}}); err != nil {
		t.Fatal(err)
	}
	if may("alice", "one", "PLAIN") || !may("alice", "two", "PLAIN") {
		t.Error("the old password is in force")
	}
	if gone, err := adm.AlterUserSCRAMs(deadline(t), []kadm.DeleteSCRAM{{User: "alice", Mechanism: kadm.ScramSha256}}, nil); err != nil || !gone.Ok() {
		t.Fatalf("got %v, %v", gone, err)
	}
	if may("alice", "two", "PLAIN") || may("alice", "two", "SCRAM-SHA-256") {
		t.Error("alice is still there")
	}
	if text := r.text(); strings.Contains(text, "two") || strings.Contains(text, "zero") {
		t.Errorf("the log holds a password:\n%s", text)
	}
}

// A directory has one user at a time: the broker or who changes its users.
func TestUsersOfARunningBrokerAreLocked(t *testing.T) {
	dir := t.TempDir()
	r := start(t, dir)
	if _, _, err := broker.OpenUsers(dir); err == nil || !strings.Contains(err.Error(), "kafka-configs.sh") {
		t.Errorf("got %v", err)
	}
	r.stop()
	store, lock, err := broker.OpenUsers(dir)
	if err != nil || len(store.Users()) != 0 {
		t.Fatal(err)
	}
	defer lock.Close()
	if b, err := broker.Open(context.Background(), broker.Config{Listen: "127.0.0.1:0", Dir: dir}); err == nil {
		b.Close()
		t.Error("a broker started while its users are changed")
	}
}

// kcat, and so librdkafka, authenticates by all.
func TestKcatAuthenticates(t *testing.T) {
	needKcat(t)
	cert, key, _ := authority(t)
	dir := t.TempDir()
	withUsers(t, dir, "alice", "one")
	r := start(t, dir, overTLS(t, cert, key), bySASL(allMechanisms...), func(c *broker.Config) { c.TLSSASL = allMechanisms })
	for _, mechanism := range allMechanisms {
		for _, over := range [][]string{
			{"-b", r.addr, "-X", "security.protocol=SASL_PLAINTEXT"},
			{"-b", r.TLSAddr().String(), "-X", "security.protocol=SASL_SSL", "-X", "ssl.ca.location=" + cert},
		} {
			args := append(over, "-X", "sasl.mechanism="+mechanism, "-X", "sasl.username=alice", "-X", "sasl.password=one", "-t", "words")
			kcat(t, strings.NewReader("a word\n"), append(args, "-P")...)
			if got := kcat(t, nil, append(args, "-C", "-o", "-1", "-e", "-q", "-p", "0")...); string(got) != "a word\n" {
				t.Errorf("%s over %v: got %q", mechanism, over, got)
			}
		}
	}
}

// Nobody authorizes: who may come in may do all, and ACLs are refused.
func TestACLsAreDisabled(t *testing.T) {
	r := start(t, t.TempDir())
	c := dial(t, r.addr)
	for version := int16(1); version <= 3; version++ {
		if resp := ask[*kmsg.DescribeACLsResponse](c, &kmsg.DescribeACLsRequest{Version: version, ResourceType: 1, ResourcePatternType: 1, Operation: 1, PermissionType: 1}, 1); resp.ErrorCode != 54 || resp.ErrorMessage == nil || len(resp.Resources) > 0 {
			t.Errorf("DescribeAcls version %d: got %+v", version, resp)
		}
		if resp := ask[*kmsg.CreateACLsResponse](c, &kmsg.CreateACLsRequest{Version: version, Creations: make([]kmsg.CreateACLsRequestCreation, 2)}, 2); len(resp.Results) != 2 || resp.Results[1].ErrorCode != 54 {
			t.Errorf("CreateAcls version %d: got %+v", version, resp)
		}
		if resp := ask[*kmsg.DeleteACLsResponse](c, &kmsg.DeleteACLsRequest{Version: version, Filters: make([]kmsg.DeleteACLsRequestFilter, 2)}, 3); len(resp.Results) != 2 || resp.Results[1].ErrorCode != 54 {
			t.Errorf("DeleteAcls version %d: got %+v", version, resp)
		}
	}
}

// FuzzSASL: whatever comes to a SASL listener, the broker meets no bug in itself
// and answers nothing that needs a user.
func FuzzSASL(f *testing.F) {
	for _, requests := range [][]kmsg.Request{
		{&kmsg.ApiVersionsRequest{}, handshake(1, "PLAIN"), authenticate("\x00alice\x00two")},
		{handshake(1, "SCRAM-SHA-256"), authenticate("n,,n=alice,r=abc"), authenticate("c=biws,r=abc,p=AAAA")},
		{kmsg.NewPtrMetadataRequest()},
	} {
		var text []byte
		for i, r := range requests {
			text = append(text, frame(r, int32(i))...)
		}
		f.Add(text)
	}
	f.Add(append(frame(handshake(0, "PLAIN"), 1), 0, 0, 0, 3, 0, 'a', 0))
	dir := f.TempDir()
	withUsers(f, dir, "alice", "\U0001f512 never guessed")
	r := open(f, dir, bySASL(allMechanisms...))
	r.serve(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<16 {
			return
		}
		c := dial(t, r.addr)
		c.SetDeadline(time.Now().Add(3 * time.Second))
		c.Write(text)
		c.Conn.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, c)
		c.Close()
		for _, info := range r.ConnectionInfos() {
			if info.Principal != "User:ANONYMOUS" {
				t.Fatalf("%q authenticates as %s", text, info.Principal)
			}
		}
		if said := r.text(); strings.Contains(said, "met a bug") {
			t.Fatal(said)
		}
	})
}
