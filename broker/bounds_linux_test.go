package broker_test

import (
	"encoding/base64"
	"encoding/pem"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// A fetch gets 55 MiB and one batch at most, however much it asks for and there is,
// and no more memory is taken for it.
func TestFetchIsBounded(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 4))
	batch := batchOf(strings.Repeat("x", 1<<20-200))
	for i := range int32(64) {
		if p := ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", i%4, batch), i).Topics[0].Partitions[0]; p.ErrorCode != 0 {
			t.Fatalf("produce: error %d", p.ErrorCode)
		}
	}
	before := heap()
	c.send(frame(fetchReq("t", 0, func(r *kmsg.FetchRequest) {
		r.MaxBytes = math.MaxInt32
		one := r.Topics[0].Partitions[0]
		one.PartitionMaxBytes = math.MaxInt32
		r.Topics[0].Partitions = nil
		for i := range int32(4) {
			one.Partition = i
			r.Topics[0].Partitions = append(r.Topics[0].Partitions, one)
		}
	}), 1))
	const most = 55<<20 + 1<<20
	if got := c.discard(); got > most || got < most-8<<20 {
		t.Errorf("the answer has %d bytes, want nearly %d", got, most)
	}
	if grown := int64(heap()) - int64(before); grown > 16<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
}

// Each guess of a password costs its connection, and time.
func TestRefusalsTakeTime(t *testing.T) {
	dir := t.TempDir()
	withUsers(t, dir, "alice", "one")
	b := start(t, dir, bySASL("PLAIN"))
	for range 3 {
		c := dial(t, b.addr)
		ask[*kmsg.SASLHandshakeResponse](c, handshake(1, "PLAIN"), 1)
		began := time.Now()
		if r := ask[*kmsg.SASLAuthenticateResponse](c, authenticate("\x00alice\x00two"), 2); r.ErrorCode != 58 {
			t.Errorf("a guess: error %d", r.ErrorCode)
		}
		if took := time.Since(began); took < 100*time.Millisecond {
			t.Errorf("the refusal came after %v", took)
		}
		c.step(3, saslStep{send: authenticate(alice), code: closes})
	}
}

// Neither what a broker tells of its configs and its users, nor anything that can be
// changed by clients, holds or takes a key or a credential.
func TestNoSecretIsTold(t *testing.T) {
	cert, key, _ := authority(t)
	dir := t.TempDir()
	withUsers(t, dir, "alice", "one")
	b := start(t, dir, overTLS(t, cert, key))
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	private, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(private)
	stored, err := os.ReadFile(filepath.Join(dir, "users.json"))
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{string(block.Bytes), base64.StdEncoding.EncodeToString(block.Bytes)[:40]}
	for field := range strings.SplitSeq(string(stored), `"`) { // salts, keys, the secret
		if raw, err := base64.StdEncoding.DecodeString(field); err == nil && len(raw) >= 24 {
			secrets = append(secrets, field, string(raw))
		}
	}
	if len(secrets) < 12 {
		t.Fatalf("%d secrets are known", len(secrets))
	}
	describe := kmsg.NewPtrDescribeConfigsRequest()
	describe.Version, describe.IncludeSynonyms, describe.IncludeDocumentation = 4, true, true
	describe.Resources = []kmsg.DescribeConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeBroker, ResourceName: "1"}, {ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: "t"}}
	c.send(frame(describe, 1))
	told := string(c.receive(1))
	c.send(frame(kmsg.NewPtrDescribeUserSCRAMCredentialsRequest(), 2))
	told += string(c.receive(2))
	if !strings.Contains(told, "alice") || !strings.Contains(told, "listeners") {
		t.Fatal("nothing was told")
	}
	told += b.text()
	for i, secret := range secrets {
		if strings.Contains(told, secret) {
			t.Errorf("secret %d is told", i)
		}
	}
	value := string(private)
	alter := &kmsg.IncrementalAlterConfigsRequest{Version: 1, Resources: []kmsg.IncrementalAlterConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeBroker, ResourceName: "1",
		Configs: []kmsg.IncrementalAlterConfigsRequestResourceConfig{{Name: "ssl.keystore.key", Value: &value}}}}}
	if r := ask[*kmsg.IncrementalAlterConfigsResponse](c, alter, 3).Resources[0]; r.ErrorCode == 0 || strings.Contains(*r.ErrorMessage, "PRIVATE") {
		t.Errorf("altering the broker's key: error %d, %v", r.ErrorCode, r.ErrorMessage)
	}
	if strings.Contains(b.text(), "PRIVATE") {
		t.Error("the log holds the key")
	}
}
