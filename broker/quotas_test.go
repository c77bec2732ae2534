package broker_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
	"copyscope/broker/quota"
)

// quotaOf is an entry of one quota for an entity of names by type; "" is the
// default. A negative value removes it.
func quotaOf(key string, value float64, entity ...string) kmsg.AlterClientQuotasRequestEntry {
	e := kmsg.NewAlterClientQuotasRequestEntry()
	for i := 0; i < len(entity); i += 2 {
		part := kmsg.AlterClientQuotasRequestEntryEntity{Type: entity[i]}
		if entity[i+1] != "" {
			part.Name = &entity[i+1]
		}
		e.Entity = append(e.Entity, part)
	}
	e.Ops = []kmsg.AlterClientQuotasRequestEntryOp{{Key: key, Value: max(value, 0), Remove: value < 0}}
	return e
}

// alterQuotas sends the entries, and tells the codes of the answer.
func (c raw) alterQuotas(validateOnly bool, entries ...kmsg.AlterClientQuotasRequestEntry) (codes []int16) {
	resp := ask[*kmsg.AlterClientQuotasResponse](c, &kmsg.AlterClientQuotasRequest{Version: 1, Entries: entries, ValidateOnly: validateOnly}, 1)
	for _, e := range resp.Entries {
		codes = append(codes, e.ErrorCode)
	}
	return codes
}

// setQuotas sets the quotas, and fails the test if one is refused.
func (c raw) setQuotas(entries ...kmsg.AlterClientQuotasRequestEntry) {
	c.t.Helper()
	for i, code := range c.alterQuotas(false, entries...) {
		if code != 0 {
			c.t.Fatalf("%+v: error %d", entries[i], code)
		}
	}
}

// quotas are all, as text.
func (c raw) quotas(version int16) string {
	resp := ask[*kmsg.DescribeClientQuotasResponse](c, &kmsg.DescribeClientQuotasRequest{Version: version}, 2)
	var b strings.Builder
	for _, e := range resp.Entries {
		for _, p := range e.Entity {
			name := "<default>"
			if p.Name != nil {
				name = *p.Name
			}
			b.WriteString(p.Type + " " + name + " ")
		}
		for _, v := range e.Values {
			b.WriteString(v.Key + "=" + strconv.FormatFloat(v.Value, 'g', -1, 64) + ";")
		}
	}
	return b.String()
}

func TestQuotasAreAltered(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	c := dial(t, b.addr)
	good := quotaOf(quota.ProducerByteRate, 1024, "user", "alice")
	for _, s := range []struct {
		name    string
		entries []kmsg.AlterClientQuotasRequestEntry
		want    []int16
	}{
		{"set", []kmsg.AlterClientQuotasRequestEntry{good, quotaOf(quota.ConnectionCreationRate, 3, "ip", "")}, []int16{0, 0}},
		{"unknown key", []kmsg.AlterClientQuotasRequestEntry{quotaOf("speed", 1, "user", "bob"), quotaOf(quota.RequestPercentage, 50, "client-id", "c")}, []int16{42, 0}},
		{"no entity", []kmsg.AlterClientQuotasRequestEntry{quotaOf(quota.ProducerByteRate, 1)}, []int16{42}},
		{"unknown type", []kmsg.AlterClientQuotasRequestEntry{quotaOf(quota.ProducerByteRate, 1, "group", "g")}, []int16{42}},
		{"no address", []kmsg.AlterClientQuotasRequestEntry{quotaOf(quota.ConnectionCreationRate, 1, "ip", "300.0.0.1")}, []int16{42}},
		{"zero", []kmsg.AlterClientQuotasRequestEntry{quotaOf(quota.ProducerByteRate, 0, "user", "bob")}, []int16{42}},
		{"twice, told once", []kmsg.AlterClientQuotasRequestEntry{quotaOf(quota.ProducerByteRate, 1, "user", "bob"), quotaOf(quota.ProducerByteRate, 2, "user", "bob")}, []int16{42}},
		{"removed, and removed that was not there", []kmsg.AlterClientQuotasRequestEntry{quotaOf(quota.ConnectionCreationRate, -1, "ip", ""), quotaOf("speed", -1, "user", "carol")}, []int16{0, 0}},
	} {
		if got := c.alterQuotas(false, s.entries...); !slices.Equal(got, s.want) {
			t.Errorf("%s: codes %v, want %v", s.name, got, s.want)
		}
	}
	if got := c.alterQuotas(true, quotaOf(quota.ProducerByteRate, 9, "user", "dave"), quotaOf("speed", 9, "user", "eve")); !slices.Equal(got, []int16{0, 42}) {
		t.Errorf("validated only: codes %v", got)
	}
	const want = "client-id c request_percentage=50;user alice producer_byte_rate=1024;"
	for version := range int16(2) {
		if got := c.quotas(version); got != want {
			t.Errorf("version %d describes %q, want %q", version, got, want)
		}
	}
	b.stop()
	again := start(t, dir)
	if got := dial(t, again.addr).quotas(1); got != want {
		t.Errorf("after a restart it describes %q, want %q", got, want)
	}
}

func TestDescribeQuotasRefuses(t *testing.T) {
	c := dial(t, start(t, t.TempDir()).addr)
	for _, s := range []struct {
		part kmsg.DescribeClientQuotasRequestComponent
		want int16
	}{
		{kmsg.DescribeClientQuotasRequestComponent{EntityType: "user", MatchType: 2}, 0},
		{kmsg.DescribeClientQuotasRequestComponent{EntityType: "group", MatchType: 2}, 35},
		{kmsg.DescribeClientQuotasRequestComponent{MatchType: 2}, 42},
		{kmsg.DescribeClientQuotasRequestComponent{EntityType: "user", MatchType: 0}, 42},
	} {
		resp := ask[*kmsg.DescribeClientQuotasResponse](c, &kmsg.DescribeClientQuotasRequest{Version: 1, Components: []kmsg.DescribeClientQuotasRequestComponent{s.part}}, 1)
		if resp.ErrorCode != s.want || (resp.Entries == nil) != (s.want != 0) || (resp.ErrorMessage == nil) != (s.want == 0) {
			t.Errorf("%+v: got %+v, want code %d", s.part, resp, s.want)
		}
	}
}

// A broker does not start with quotas that it cannot read: to go on without them
// would be to have none.
func TestTornQuotasEndTheStart(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, quota.FileName)
	if err := os.WriteFile(path, []byte(`{"schema":1,"quotas":[{"ent`), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := broker.Open(context.Background(), broker.Config{Listen: "127.0.0.1:0", Dir: dir})
	if err == nil || !strings.Contains(err.Error(), path+" is damaged") || !strings.Contains(err.Error(), "restore it from a copy") {
		t.Errorf("got %v", err)
	}
}
