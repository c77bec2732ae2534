package clusterview_test

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
	"copyscope/broker/users"
	"copyscope/internal/clusterview"
	"copyscope/internal/kafkalogin"
	"copyscope/internal/selfsigned"
)

// A first contact that fails says what it may be and what to do, soon, and has no
// password in it.
func TestFirstContactSaysWhatIsWrong(t *testing.T) {
	const secret = "not to be told"
	plain := startBroker(t, broker.Config{})
	sealed, trust := startSealed(t)
	site := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(site.Close)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and never answers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	old := fake(t, func(req kmsg.Request) kmsg.Response {
		return versions(req, map[kmsg.Key]int16{kmsg.ApiVersions: 0, kmsg.Fetch: 2, kmsg.Metadata: 1})
	})
	for _, c := range []struct {
		name, says string
		o          clusterview.Options
	}{
		{"nobody listens", "is the broker running", clusterview.Options{Seeds: []string{"127.0.0.1:1"}}},
		{"a web server", "is this the address of a Kafka listener", clusterview.Options{Seeds: []string{strings.TrimPrefix(site.URL, "http://")}}},
		{"nobody answers", "no answer within", clusterview.Options{Seeds: []string{silent.Addr().String()}}},
		{"too old", "older than Kafka 0.11", clusterview.Options{Seeds: []string{old}}},
		{"TLS on a plaintext listener", "leave out --kafka-tls", clusterview.Options{Seeds: []string{plain.addr}, Known: kafkalogin.Known{TLS: &tls.Config{}}}},
		{"plaintext on a TLS listener", "--kafka-tls", clusterview.Options{Seeds: []string{sealed}}},
		{"an unknown authority", "--kafka-ca", clusterview.Options{Seeds: []string{sealed}, Known: kafkalogin.Known{TLS: &tls.Config{}}}},
		{"no authentication", "--kafka-user", clusterview.Options{Seeds: []string{sealed}, Known: kafkalogin.Known{TLS: trust}}},
		{"a wrong password", "was refused; check --kafka-user", clusterview.Options{Seeds: []string{sealed}, Known: kafkalogin.Known{TLS: trust, Mechanism: "SCRAM-SHA-512", User: "alice", Password: secret}}},
		{"a mechanism it lacks", "--kafka-mechanism", clusterview.Options{Seeds: []string{sealed}, Known: kafkalogin.Known{TLS: trust, Mechanism: "PLAIN", User: "alice", Password: secret}}},
		{"authentication where there is none", "leave out --kafka-user", clusterview.Options{Seeds: []string{plain.addr}, Known: kafkalogin.Known{Mechanism: "SCRAM-SHA-256", User: "alice", Password: secret}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			v, err := clusterview.Connect(t.Context(), c.o)
			if err == nil {
				v.Close()
				t.Fatal("it connects")
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v to say so", took)
			}
			if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), c.o.Seeds[0]) {
				t.Errorf("it says %q, want %q in it", err, c.says)
			}
		})
	}
}

// startSealed starts a broker that takes TLS and SCRAM-SHA-512 alone, from alice.
func startSealed(t *testing.T) (addr string, trust *tls.Config) {
	t.Helper()
	made, err := selfsigned.Make(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := broker.LoadCertificate(made.Certificate, made.Key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	addUser(t, dir)
	b := startBroker(t, broker.Config{TLSListen: "127.0.0.1:0", Certificate: pair, Dir: dir, Security: broker.Security{TLSSASL: []string{"SCRAM-SHA-512"}}})
	return b.TLSAddr().String(), made.Client()
}

// By TLS and SCRAM, or after a seed that is not there, the pages have the cluster; and
// how it is reached is told without the password.
func TestSecureContact(t *testing.T) {
	addr, trust := startSealed(t)
	v := connect(t, clusterview.Options{Seeds: []string{"127.0.0.1:1", addr}, Known: kafkalogin.Known{TLS: trust, Mechanism: "SCRAM-SHA-512", User: "alice", Password: password}})
	s := v.State()
	if s.Lost != nil || s.ID == "" || s.Security != "SASL_SSL (SCRAM-SHA-512, alice)" {
		t.Errorf("the state is %+v", s)
	}
	if err := v.CreateTopic(t.Context(), "sealed", 1, nil); err != nil {
		t.Error(err)
	}
}

const password = "correct horse"

func addUser(t *testing.T, dir string) {
	t.Helper()
	store, lock, err := broker.OpenUsers(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	made, err := users.NewCredential(users.SHA512, password, users.MinIterations)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Alter(users.Change{Name: "alice", Mechanism: users.SHA512, New: &made}); err != nil {
		t.Fatal(err)
	}
}
