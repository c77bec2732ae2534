package broker_test

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
	"copyscope/broker/quota"
)

// Who has yet to authenticate has no longer to take answers than for the rest of it:
// the version of ApiVersions that nobody knows is answered as often as it comes.
func TestStrangersMustRead(t *testing.T) {
	b := start(t, t.TempDir(), bySASL("PLAIN"), func(c *broker.Config) { c.MaxAuthentication = 5 * time.Second }) // in which a busy machine fills the sockets
	bad := dial(t, b.addr)
	bad.Conn.(*net.TCPConn).SetReadBuffer(4096) // so that little is soon too much
	requests := bytes.Repeat(frame(&kmsg.ApiVersionsRequest{}, 1), 1000)
	for i := range bytes.Count(requests, frame(&kmsg.ApiVersionsRequest{}, 1)) {
		binary.BigEndian.PutUint16(requests[i*len(requests)/1000+6:], 99)
	}
	for { // until the broker does not read on, as it cannot write
		bad.SetWriteDeadline(time.Now().Add(time.Second))
		if _, err := bad.Write(requests); err != nil {
			break
		}
	}
	for end := time.Now().Add(10 * time.Second); len(b.ConnectionInfos()) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("who does not authenticate and does not read is still there")
		}
	}
	b.wantSaid(t, "did not authenticate in time")
}

// Strangers cannot take anything of what large requests share: with all of them
// sending as much as they may, and no end, who authenticated is served.
func TestStrangersTakeNoRoom(t *testing.T) {
	dir := t.TempDir()
	withUsers(t, dir, "alice", "one")
	b := start(t, dir, bySASL("PLAIN"), func(c *broker.Config) { c.MaxFrameBytes, c.MaxInFlightBytes = 1<<20, 1<<20 })
	for i := range 50 {
		bad := dial(t, b.addr)
		size := uint32(64 << 10)
		if i%2 == 0 {
			size = 1 << 20
		}
		bad.send(append(binary.BigEndian.AppendUint32(nil, size), frame(produceReq(9, -1, "t", 0, batchOf("a")), 1)[4:]...))
		if i%2 == 0 {
			bad.wantClosed()
			b.wantSaid(t, "size 1048576, at most 65536 bytes") // not only that it took too long
		}
	}
	good := dial(t, b.addr)
	ask[*kmsg.SASLHandshakeResponse](good, handshake(1, "PLAIN"), 1)
	if r := ask[*kmsg.SASLAuthenticateResponse](good, authenticate(alice), 2); r.ErrorCode != 0 {
		t.Fatalf("authentication: error %d", r.ErrorCode)
	}
	good.create(topicReq("t", 1))
	if p := ask[*kmsg.ProduceResponse](good, produceReq(9, -1, "t", 0, batchOf(strings.Repeat("x", 900<<10))), 3).Topics[0].Partitions[0]; p.ErrorCode != 0 {
		t.Errorf("produce: error %d", p.ErrorCode)
	}
}

// The TLS listener takes neither versions that are broken nor ciphers without
// forward secrecy or authentication of what is sealed.
func TestWeakTLSIsRefused(t *testing.T) {
	cert, key, trust := authority(t)
	b := start(t, t.TempDir(), overTLS(t, cert, key))
	try := func(change func(*tls.Config)) error {
		client := trust.Clone()
		change(client)
		conn, err := tls.Dial("tcp", b.TLSAddr().String(), client)
		if err != nil {
			return err
		}
		defer conn.Close()
		ask[*kmsg.ApiVersionsResponse](raw{conn, t}, &kmsg.ApiVersionsRequest{}, 1)
		return nil
	}
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		if err := try(func(c *tls.Config) { c.MinVersion, c.MaxVersion = version, version }); err == nil || !strings.Contains(err.Error(), "protocol version") {
			t.Errorf("%s: got %v, want that the version is refused", tls.VersionName(version), err)
		}
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		if err := try(func(c *tls.Config) { c.MinVersion, c.MaxVersion = version, version }); err != nil {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		strong := strings.Contains(suite.Name, "ECDHE") && (strings.Contains(suite.Name, "GCM") || strings.Contains(suite.Name, "CHACHA20"))
		if strong || suite.SupportedVersions[0] == tls.VersionTLS13 {
			continue
		}
		if err := try(func(c *tls.Config) { c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{suite.ID} }); err == nil {
			t.Errorf("%s is taken", suite.Name)
		}
	}
}

// Who begins a TLS handshake and does not go on is let go as one that is silent.
func TestHandshakesEnd(t *testing.T) {
	cert, key, _ := authority(t)
	b := start(t, t.TempDir(), overTLS(t, cert, key), func(c *broker.Config) { c.MaxIdle = 200 * time.Millisecond })
	for _, begins := range []string{"", "\x16\x03\x01\x02\x00\x01", "\x16\x03\x01\x00\x04\x01\x00"} {
		bad := dial(t, b.TLSAddr().String())
		bad.send([]byte(begins))
		drain(t, bad)
	}
	b.wantSaid(t, "the TLS handshake took too long")
}

// Who does not go on with its handshake, its authentication or a large request, for
// which others wait, has 10 s, and not the 10 minutes of who is silent by default.
func TestTenSecondsToGoOn(t *testing.T) {
	b, listeners := attacked(t, bySASL("PLAIN"))
	large := listeners["TLS"](t)
	large.send(append(binary.BigEndian.AppendUint32(nil, 100<<10), frame(produceReq(9, -1, "t", 0, batchOf("a")), 1)[4:]...))
	began := time.Now()
	all := map[string]raw{"a handshake": dial(t, b.TLSAddr().String()), "an authentication": listeners["plain"](t), "a large request": large}
	for what, c := range all {
		c.SetReadDeadline(began.Add(9 * time.Second))
		if _, err := c.Read(make([]byte, 1)); !isTimeout(err) {
			t.Errorf("%s: it ends too soon, with %v", what, err)
		}
	}
	for what, c := range all {
		c.SetReadDeadline(began.Add(30 * time.Second))
		if _, err := c.Read(make([]byte, 1)); err == nil || isTimeout(err) {
			t.Errorf("%s goes on after %v", what, time.Since(began))
		}
	}
}

// Whatever clients call themselves and all else, a line of the log is one line, of
// printable text, and begins as the handler begins it.
func TestNoClientWritesTheLog(t *testing.T) {
	dir := t.TempDir()
	withUsers(t, dir, "alice", "one")
	const evil = "x\ntime=1 level=ERROR msg=forged\r\x1b[2J\u202e\u2028\x00\x7f\u009b"
	open := start(t, dir)
	c := dial(t, open.addr)
	c.create(topicReq("t", 1))
	say := func(to *running, req kmsg.Request) {
		conn := dial(t, to.addr)
		conn.Write(kmsg.NewRequestFormatter(kmsg.FormatterClientID(evil)).AppendRequest(nil, req, 1))
		closeWrite(conn)
		drain(t, conn)
	}
	for key := range int16(70) {
		if req := kmsg.RequestForKey(key); req != nil {
			for _, version := range []int16{0, req.MaxVersion(), 99} {
				req.SetVersion(version)
				named(req, evil)
				say(open, req)
			}
		}
	}
	say(open, produceReq(9, 0, evil, 0, batchOf("no acknowledgement: an error ends the connection, with a line")))
	open.stop()
	secured := start(t, dir, bySASL(allMechanisms...))
	for mechanism, token := range map[string]string{"PLAIN": "\x00" + strings.ReplaceAll(evil, "\x00", "") + "\x00wrong", "SCRAM-SHA-256": "n,,n=" + evil + ",r=abc"} {
		conn := dial(t, secured.addr)
		ask[*kmsg.SASLHandshakeResponse](conn, handshake(1, mechanism), 1)
		conn.Write(frame(authenticate(token), 2))
		conn.receive(2)
		conn.wantClosed() // from here on the log has its line
	}
	say(secured, handshake(1, evil))
	secured.stop()
	lines := 0
	for _, said := range []string{open.text(), secured.text()} {
		for line := range strings.Lines(said) {
			lines++
			line = strings.TrimSuffix(line, "\n")
			if !strings.HasPrefix(line, "time=2") || strings.HasPrefix(line, "time=1 ") || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("a line of the log is %q", line)
			}
		}
	}
	if lines < 20 {
		t.Errorf("the log has %d lines, too few to say anything", lines)
	}
}

// named puts the name into all strings of the requests that are most likely to be
// told of.
func named(req kmsg.Request, name string) {
	switch req := req.(type) {
	case *kmsg.MetadataRequest:
		req.Topics = []kmsg.MetadataRequestTopic{{Topic: &name}}
		req.AllowAutoTopicCreation = true
	case *kmsg.CreateTopicsRequest:
		req.Topics = []kmsg.CreateTopicsRequestTopic{topicReq(name, 1, name, name), topicReq("t2", 1, name, name)}
	case *kmsg.DeleteTopicsRequest:
		req.TopicNames = []string{name}
	case *kmsg.JoinGroupRequest:
		req.Group, req.InstanceID, req.ProtocolType, req.MemberID = name, &name, name, ""
		req.SessionTimeoutMillis, req.RebalanceTimeoutMillis = 6000, 6000
		req.Protocols = []kmsg.JoinGroupRequestProtocol{{Name: name}}
	case *kmsg.OffsetCommitRequest:
		req.Group, req.Generation = name, -1
		req.Topics = []kmsg.OffsetCommitRequestTopic{{Topic: "t", Partitions: []kmsg.OffsetCommitRequestTopicPartition{{Offset: 1, Metadata: &name}}}}
	case *kmsg.DeleteGroupsRequest:
		req.Groups = []string{name}
	case *kmsg.InitProducerIDRequest:
		req.TransactionalID, req.TransactionTimeoutMillis, req.ProducerID, req.ProducerEpoch = &name, 1000, -1, -1
	case *kmsg.SASLHandshakeRequest:
		req.Mechanism = name
	case *kmsg.ApiVersionsRequest:
		req.ClientSoftwareName, req.ClientSoftwareVersion = name, name
	case *kmsg.IncrementalAlterConfigsRequest:
		req.Resources = []kmsg.IncrementalAlterConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: name,
			Configs: []kmsg.IncrementalAlterConfigsRequestResourceConfig{{Name: name, Value: &name}}}}
	case *kmsg.AlterClientQuotasRequest:
		req.Entries = []kmsg.AlterClientQuotasRequestEntry{quotaOf(quota.ProducerByteRate, 1e12, "client-id", name)}
	case *kmsg.AlterUserSCRAMCredentialsRequest:
		req.Upsertions = []kmsg.AlterUserSCRAMCredentialsRequestUpsertion{{Name: name, Mechanism: 1, Iterations: 4096, Salt: []byte("salt"), SaltedPassword: make([]byte, 32)}}
	}
}

// A client that closes its half while its fetch or its group waits, or while it is
// to wait for a quota, is let go at once, over either listener: nobody waits for what
// nobody reads.
func TestHalfClosedWhileItWaits(t *testing.T) {
	b, listeners := attacked(t)
	for name, dialed := range listeners {
		c := dialed(t)
		topic, groupID := "t"+name, "g"+name
		c.create(topicReq(topic, 1))
		c.setQuotas(quotaOf(quota.ProducerByteRate, 1000, "client-id", "slow"))
		join := func(member string) *kmsg.JoinGroupRequest {
			return &kmsg.JoinGroupRequest{Version: 1, Group: groupID, MemberID: member, SessionTimeoutMillis: 60_000, RebalanceTimeoutMillis: 60_000, ProtocolType: "consumer", Protocols: []kmsg.JoinGroupRequestProtocol{{Name: "range"}}}
		}
		lead := func() *kmsg.JoinGroupResponse {
			first := ask[*kmsg.JoinGroupResponse](c, join(""), 1)
			if s := ask[*kmsg.SyncGroupResponse](c, &kmsg.SyncGroupRequest{Group: groupID, Generation: first.Generation, MemberID: first.MemberID}, 2); s.ErrorCode != 0 {
				t.Fatalf("SyncGroup: error %d", s.ErrorCode)
			}
			return first
		}
		for _, k := range []struct {
			what  string
			waits func(bad raw) // with it bad begins to wait
		}{
			{"Fetch", func(bad raw) {
				bad.send(frame(fetchReq(topic, 0, func(r *kmsg.FetchRequest) { r.MaxWaitMillis = 50_000 }), 1))
			}},
			{"JoinGroup", func(bad raw) { // the second member waits for the first
				lead()
				bad.send(frame(join(""), 1))
			}},
			{"SyncGroup", func(bad raw) { // who follows waits for the leader
				groupID += "-synced"
				first := lead()
				bad.send(frame(join(""), 1))
				for state := ""; state != "PreparingRebalance"; time.Sleep(time.Millisecond) {
					state = ask[*kmsg.DescribeGroupsResponse](c, &kmsg.DescribeGroupsRequest{Groups: []string{groupID}}, 2).Groups[0].State
				}
				again := ask[*kmsg.JoinGroupResponse](c, join(first.MemberID), 3)
				second := answer[*kmsg.JoinGroupResponse](bad, join(""), 1)
				if again.ErrorCode != 0 || second.ErrorCode != 0 || second.LeaderID != first.MemberID {
					t.Fatalf("JoinGroup: errors %d and %d, %q leads", again.ErrorCode, second.ErrorCode, second.LeaderID)
				}
				bad.send(frame(&kmsg.SyncGroupRequest{Group: groupID, Generation: second.Generation, MemberID: second.MemberID}, 2))
			}},
			{"a quota", func(bad raw) {
				large := produceReq(7, 1, topic, 0, batchOf(strings.Repeat("x", 500_000)))
				if r := askAs[*kmsg.ProduceResponse](bad, "slow", large, 1); r.ThrottleMillis < 10_000 {
					t.Fatalf("Produce: it is to wait %d ms", r.ThrottleMillis)
				}
			}},
		} {
			bad := dialed(t)
			ask[*kmsg.ApiVersionsResponse](bad, &kmsg.ApiVersionsRequest{}, 3) // from here on it is there
			before := len(b.ConnectionInfos())
			k.waits(bad)
			bad.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
			if n, err := bad.Read(make([]byte, 1)); n > 0 || !isTimeout(err) {
				t.Fatalf("%s over %s does not wait: %d bytes, %v", k.what, name, n, err)
			}
			switch conn := bad.Conn.(type) {
			case *net.TCPConn:
				conn.CloseWrite()
			case *tls.Conn:
				conn.NetConn().(*net.TCPConn).CloseWrite()
			}
			for end := time.Now().Add(10 * time.Second); len(b.ConnectionInfos()) >= before; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("%s over %s: the half-closed connection is still there", k.what, name)
				}
			}
		}
	}
}
