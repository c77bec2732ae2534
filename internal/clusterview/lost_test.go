package clusterview_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
	"copyscope/internal/clusterview"
	"copyscope/web"
)

// site serves the pages of a cluster.
func site(t *testing.T, v *clusterview.View) string {
	t.Helper()
	load := clusterview.NewLoad(v)
	server := httptest.NewUnstartedServer(nil)
	s, err := web.New(web.Config{Addr: server.Listener.Addr().String(), Version: "test", Broker: v, Store: v, Cluster: v, Traffic: load.Traffic, ClusterLoad: load})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = s.Handler()
	server.Start()
	t.Cleanup(func() { s.Close(); server.Close() })
	return server.URL
}

func page(t *testing.T, url string) (status int, text string, took time.Duration) {
	t.Helper()
	began := time.Now()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body), time.Since(began)
}

// A cluster that goes away is said to be lost, on every page and soon; what the lists
// last had stays. When it is back, so are the pages.
func TestTheClusterGoesAndComesBack(t *testing.T) {
	dir := t.TempDir()
	b := startBroker(t, broker.Config{Dir: dir})
	stored(t, b)
	v := connect(t, clusterview.Options{Seeds: []string{b.addr}})
	at := site(t, v)
	pages := []string{"/broker/topics/orders", "/broker/topics/orders/0", "/broker/topics/orders/0?time=2026-01-01", "/broker/topics/orders/0/value?offset=0", "/broker/groups/readers"}
	for _, p := range append(pages, "/broker", "/live", "/broker/connections") {
		if status, _, _ := page(t, at+p); status != http.StatusOK {
			t.Errorf("%s is answered with %d", p, status)
		}
	}

	b.stop()
	await(t, "it is said to be lost", func() bool { return v.State().Lost != nil })
	const most = 6 * time.Second
	for _, p := range pages {
		status, text, took := page(t, at+p+"?lang=en")
		if strings.Contains(p, "?") {
			status, text, took = page(t, at+p+"&lang=en")
		}
		if status != http.StatusServiceUnavailable || !strings.Contains(text, "The cluster does not answer") || took > most {
			t.Errorf("without the cluster %s is answered with %d after %v", p, status, took)
		}
	}
	status, text, took := page(t, at+"/broker?lang=en")
	if status != http.StatusOK || !strings.Contains(text, "data-cluster-lost") || !strings.Contains(text, "orders") || took > time.Second {
		t.Errorf("without the cluster the overview is answered with %d after %v: %t, %t", status, took, strings.Contains(text, "data-cluster-lost"), strings.Contains(text, "orders"))
	}
	if s := v.State(); s.LostSince.Before(s.At) || time.Since(s.At) < time.Since(s.LostSince) {
		t.Errorf("lost since %v, last heard %v", s.LostSince, s.At)
	}
	if err := v.CreateTopic(t.Context(), "late", 1, nil); !errors.Is(err, web.ErrLost) {
		t.Errorf("a topic of no cluster: %v", err)
	}

	again := startBroker(t, broker.Config{Dir: dir, Listen: b.addr})
	defer again.stop()
	await(t, "it is found again", func() bool { return v.State().Lost == nil })
	for _, p := range pages {
		if status, _, _ := page(t, at+p); status != http.StatusOK {
			t.Errorf("with the cluster again %s is answered with %d", p, status)
		}
	}
}

// A reader who leaves while the cluster is asked has not lost it.
func TestALeavingReaderIsNoLoss(t *testing.T) {
	b := startBroker(t, broker.Config{})
	stored(t, b)
	v := connect(t, clusterview.Options{Seeds: []string{b.addr}})
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, _, err := v.StoredTopic(gone, "orders"); !errors.Is(err, context.Canceled) || errors.Is(err, web.ErrLost) {
		t.Errorf("it is told as %v", err)
	}
}

// hostileBytes is what a cluster may say in the place of names.
const hostileBytes = "<script>alert(1)</script>\u202e\x1b[2J"

// What a hostile cluster says of itself changes no page: names that are none are left
// out and counted, the rest is harmless text.
func TestAHostileClusterSaysWhatItLikes(t *testing.T) {
	addr := ""
	addr = fake(t, func(req kmsg.Request) kmsg.Response { return hostile(req, addr) })
	v := connect(t, clusterview.Options{Seeds: []string{addr}})
	at := site(t, v)
	_, text, _ := page(t, at+"/broker?lang=en")
	if strings.Contains(text, "<script>alert") || strings.Contains(text, "\u202e") || strings.Contains(text, "\x1b") {
		t.Error("the overview has what the cluster says as it is")
	}
	if !strings.Contains(text, "2 topics are not shown") || !strings.Contains(text, "/broker/topics/good") {
		t.Errorf("the overview does not say what it leaves out")
	}
	if !strings.Contains(text, `\u{202E}`) {
		t.Error("the group's name is not spelled out")
	}
	for _, p := range []string{"/broker/topics/good", "/broker/topics/good/0", "/broker/topics/" + "..%2F..%2Fetc", "/broker/groups/x", "/live"} {
		status, text, took := page(t, at+p)
		if strings.Contains(text, "<script>alert") || strings.Contains(text, "\u202e") || took > 6*time.Second || status == 0 {
			t.Errorf("%s is answered with %d after %v, and has what the cluster says as it is", p, status, took)
		}
	}
}

// hostPort takes an address apart, as brokers tell it.
func hostPort(addr string) (string, int32) {
	host, text, _ := strings.Cut(addr, ":")
	port, _ := strconv.Atoi(text)
	return host, int32(port)
}

// hostile answers with names that are none, and with numbers that do not fit.
func hostile(req kmsg.Request, addr string) kmsg.Response {
	str := func(s string) *string { return &s }
	switch r := req.(type) {
	case *kmsg.ApiVersionsRequest:
		return versions(req, map[kmsg.Key]int16{kmsg.ApiVersions: 3, kmsg.Metadata: 9, kmsg.ListOffsets: 5, kmsg.Fetch: 11, kmsg.ListGroups: 3,
			kmsg.DescribeGroups: 4, kmsg.OffsetFetch: 7, kmsg.DescribeLogDirs: 1, kmsg.DescribeConfigs: 2, kmsg.FindCoordinator: 2})
	case *kmsg.MetadataRequest:
		resp := r.ResponseKind().(*kmsg.MetadataResponse)
		b := kmsg.NewMetadataResponseBroker()
		b.NodeID, b.Rack = 1, str(hostileBytes)
		b.Host, b.Port = hostPort(addr)
		resp.Brokers, resp.ClusterID, resp.ControllerID = append(resp.Brokers, b), str(hostileBytes), 1
		for _, name := range []string{"../../etc", hostileBytes, "good"} {
			topic := kmsg.NewMetadataResponseTopic()
			topic.Topic = str(name)
			p := kmsg.NewMetadataResponseTopicPartition()
			p.Leader = 1
			topic.Partitions = append(topic.Partitions, p)
			resp.Topics = append(resp.Topics, topic)
		}
		return resp
	case *kmsg.ListOffsetsRequest:
		resp := r.ResponseKind().(*kmsg.ListOffsetsResponse)
		for _, asked := range r.Topics {
			topic := kmsg.NewListOffsetsResponseTopic()
			topic.Topic = asked.Topic
			for _, part := range asked.Partitions {
				p := kmsg.NewListOffsetsResponseTopicPartition()
				p.Partition, p.Offset = part.Partition, 1<<62
				topic.Partitions = append(topic.Partitions, p)
			}
			resp.Topics = append(resp.Topics, topic)
		}
		return resp
	case *kmsg.FetchRequest:
		resp := r.ResponseKind().(*kmsg.FetchResponse)
		topic := kmsg.NewFetchResponseTopic()
		topic.Topic = r.Topics[0].Topic
		p := kmsg.NewFetchResponseTopicPartition()
		p.HighWatermark, p.RecordBatches = 1<<62, []byte(strings.Repeat("\xff", 200)) // no batch at all
		topic.Partitions = append(topic.Partitions, p)
		resp.Topics = append(resp.Topics, topic)
		return resp
	case *kmsg.ListGroupsRequest:
		resp := r.ResponseKind().(*kmsg.ListGroupsResponse)
		g := kmsg.NewListGroupsResponseGroup()
		g.Group, g.ProtocolType = hostileBytes, hostileBytes
		resp.Groups = append(resp.Groups, g)
		return resp
	case *kmsg.FindCoordinatorRequest:
		resp := r.ResponseKind().(*kmsg.FindCoordinatorResponse)
		resp.NodeID = 1
		resp.Host, resp.Port = hostPort(addr)
		return resp
	case *kmsg.DescribeGroupsRequest:
		resp := r.ResponseKind().(*kmsg.DescribeGroupsResponse)
		for _, id := range r.Groups {
			g := kmsg.NewDescribeGroupsResponseGroup()
			g.Group, g.State, g.Protocol = id, hostileBytes, hostileBytes
			resp.Groups = append(resp.Groups, g)
		}
		return resp
	case *kmsg.DescribeLogDirsRequest:
		resp := r.ResponseKind().(*kmsg.DescribeLogDirsResponse)
		dir := kmsg.NewDescribeLogDirsResponseDir()
		dir.Dir = "/etc"
		resp.Dirs = append(resp.Dirs, dir)
		return resp
	case *kmsg.DescribeConfigsRequest:
		resp := r.ResponseKind().(*kmsg.DescribeConfigsResponse)
		for _, asked := range r.Resources {
			res := kmsg.NewDescribeConfigsResponseResource()
			res.ResourceType, res.ResourceName = asked.ResourceType, asked.ResourceName
			for _, name := range []string{hostileBytes, "retention.ms"} {
				c := kmsg.NewDescribeConfigsResponseResourceConfig()
				c.Name, c.Value = name, str(hostileBytes)
				res.Configs = append(res.Configs, c)
			}
			resp.Resources = append(resp.Resources, res)
		}
		return resp
	}
	resp := req.ResponseKind()
	return resp
}
