package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"copyscope/templates"
)

// How much of a record a page shows, in bytes, and how many headers. A page of one
// record shows more of it.
const (
	valueShown  = 2 << 10
	keyShown    = 512
	headerShown = 256
	headersMost = 16
	aloneShown  = 64 << 10
)

// recordCounts are how many records a page can have.
var recordCounts = []string{"1", "10", "20", "50", "100"}

// asked is which records a reader asks for.
type asked struct {
	topic     string
	partition int32
	low, high int64
	from      int64
	count     int
	as        string
}

func (b *brokerPages) records(w http.ResponseWriter, r *http.Request) {
	p := b.page(w, r)
	a, t, err := b.partition(r)
	if err != nil {
		b.failed(w, r, p, err, r.PathValue("topic")+"-"+r.PathValue("partition"))
		return
	}
	q := r.URL.Query()
	d := templates.RecordsData{Topic: a.topic, Partition: a.partition, Low: humanize.Comma(a.low), High: humanize.Comma(a.high), Counts: recordCounts, Formats: valueFormats,
		From: oneLine(q.Get("from"), nameShown), Time: oneLine(q.Get("time"), nameShown), Addr: b.kafka(), Internal: t.Internal, Cluster: b.cluster != nil}
	for _, part := range t.Partitions {
		d.Partitions = append(d.Partitions, part.Partition)
	}
	p.Title = fmt.Sprintf("%s-%d", a.topic, a.partition)
	if !b.open {
		d.Refused = p.T("broker.refused.records")
		b.render(w, r, http.StatusForbidden, templates.BrokerRecords(p, d))
		return
	}
	a.count, a.as = 20, "auto"
	if slices.Contains(recordCounts, q.Get("n")) {
		a.count, _ = strconv.Atoi(q.Get("n"))
	}
	if slices.Contains(valueFormats, q.Get("as")) {
		a.as = q.Get("as")
	}
	d.Count, d.As = strconv.Itoa(a.count), a.as
	status := http.StatusOK
	if err := b.start(r.Context(), p, &a, q, &d); errors.Is(err, ErrLost) {
		b.failed(w, r, p, err, p.Title)
		return
	} else if err != nil {
		d.Error, status = visible(err.Error(), reasonShown), http.StatusBadRequest
	} else {
		d.From = strconv.FormatInt(a.from, 10)
		if err := b.fill(r.Context(), p, a, &d); err != nil {
			b.failed(w, r, p, err, p.Title)
			return
		}
	}
	b.render(w, r, status, templates.BrokerRecords(p, d))
}

// partition is the one that an address names.
func (b *brokerPages) partition(r *http.Request) (a asked, t StoredTopic, err error) {
	t, _, err = b.store.StoredTopic(r.Context(), r.PathValue("topic"))
	if err != nil {
		return a, t, err
	}
	n, err := strconv.ParseInt(r.PathValue("partition"), 10, 32)
	at := slices.IndexFunc(t.Partitions, func(p StoredPartition) bool { return int64(p.Partition) == n })
	if err != nil || at < 0 {
		return a, t, ErrNoTopic
	}
	part := t.Partitions[at]
	return asked{topic: t.Name, partition: part.Partition, low: part.Low, high: part.High}, t, nil
}

// start finds where to begin: from a time, if one is given, else from the offset,
// else from the newest records. It says what is not there any more, or not yet.
func (b *brokerPages) start(ctx context.Context, p templates.PageData, a *asked, q url.Values, d *templates.RecordsData) error {
	newest := max(a.low, a.high-int64(a.count))
	from, at := strings.TrimSpace(q.Get("from")), strings.TrimSpace(q.Get("time"))
	switch {
	case at != "":
		ms, ok := parseMoment(at)
		if !ok {
			return errors.New(p.T("broker.bad.time", "Value", oneLine(at, nameShown)))
		}
		offset, found, err := b.store.OffsetAt(ctx, a.topic, a.partition, ms)
		if errors.Is(err, ErrLost) {
			return err
		}
		if err != nil {
			return errors.New(p.Sentence(err.Error()))
		}
		if a.from = offset; !found {
			a.from = newest
			d.Notices = append(d.Notices, p.T("broker.records.no-later", "Time", moment(ms)))
		}
		return nil
	case from == "", from == "newest":
		a.from = newest
		return nil
	case from == "oldest":
		a.from = a.low
		return nil
	}
	n, err := strconv.ParseInt(strings.NewReplacer(",", "", "_", "").Replace(from), 10, 64)
	switch {
	case err != nil || n < 0:
		return errors.New(p.T("broker.bad.offset", "Value", oneLine(from, nameShown), "Low", strconv.FormatInt(a.low, 10), "High", strconv.FormatInt(a.high, 10)))
	case n < a.low:
		d.Notices = append(d.Notices, p.T("broker.records.deleted", "From", humanize.Comma(n), "To", humanize.Comma(a.low-1), "Low", humanize.Comma(a.low)))
		n = a.low
	case n >= a.high && a.high > a.low:
		d.Notices = append(d.Notices, p.T("broker.records.beyond", "From", humanize.Comma(n), "High", humanize.Comma(a.high)))
		n = newest
	}
	a.from = min(n, a.high)
	return nil
}

// parseMoment reads a time: as pages write it, as RFC 3339, or ms since 1970.
func parseMoment(s string) (ms int64, ok bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) > 4 {
		return n, n >= 0
	}
	s = strings.TrimSuffix(strings.TrimSuffix(s, "UTC"), " ")
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateTime, "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixMilli(), t.UnixMilli() >= 0
		}
	}
	return 0, false
}

// errEnough ends a visit of records.
var errEnough = errors.New("enough")

// fill reads the records. Few pages decompress at a time: a batch may be large.
func (b *brokerPages) fill(ctx context.Context, p templates.PageData, a asked, d *templates.RecordsData) error {
	leave, err := b.reading.enter(ctx, func(int) {})
	if err != nil {
		return err
	}
	defer leave()
	shown, next, first := 0, a.from, int64(-1)
	if a.from >= a.high {
		setPaging(d, a, first, next)
		return nil
	}
	err = b.store.Browse(ctx, a.topic, a.partition, a.from, func(batch StoredBatch) bool {
		if ctx.Err() != nil {
			return false
		}
		row := batchRow(p, batch)
		if batch.Damage == nil {
			err := batch.Each(func(r StoredRecord) error {
				switch {
				case r.Offset < a.from:
					return nil
				case shown == a.count:
					return errEnough
				}
				row.Rows = append(row.Rows, recordRow(p, a, batch, r))
				shown, next = shown+1, r.Offset+1
				return nil
			})
			switch {
			case errors.Is(err, errEnough):
			case err != nil:
				row.Damage = visible(p.Sentence(err.Error()), reasonShown)
				next = batch.Last + 1
			default:
				next = batch.Last + 1
			}
		} else {
			next = batch.Last + 1
		}
		if len(row.Rows) > 0 || row.Damage != "" || batch.Records == 0 {
			if first < 0 {
				first = max(a.from, batch.Base)
			}
			d.Batches = append(d.Batches, row)
		}
		return shown < a.count && len(d.Batches) < a.count
	})
	if err == nil {
		err = ctx.Err()
	}
	setPaging(d, a, first, next)
	return err
}

// setPaging makes the links: from is what is asked for, next the first offset that
// is not shown.
func setPaging(d *templates.RecordsData, a asked, first, next int64) {
	to := func(from string) string {
		q := url.Values{"from": {from}, "n": {strconv.Itoa(a.count)}, "as": {a.as}}
		return templates.PartitionURL(a.topic, a.partition) + "?" + q.Encode()
	}
	if a.from > a.low {
		d.Oldest, d.Previous = to("oldest"), to(strconv.FormatInt(max(a.low, a.from-int64(a.count)), 10))
	}
	if next < a.high {
		d.Next, d.Newest = to(strconv.FormatInt(next, 10)), to("newest")
	}
	if first >= 0 {
		d.Range = humanize.Comma(first) + " – " + humanize.Comma(next-1)
	}
}

func batchRow(p templates.PageData, b StoredBatch) templates.BatchRow {
	row := templates.BatchRow{Range: humanize.Comma(b.Base) + " – " + humanize.Comma(b.Last), Control: b.Control}
	if b.Damage != nil {
		row.Damage = visible(p.Sentence(b.Damage.Error()), reasonShown)
	}
	if b.Bytes == 0 { // damage without a header
		return row
	}
	row.Records = p.T("broker.batch.records", "Count", int(b.Records))
	row.Codec, row.Bytes = b.Codec, templates.Size(b.Bytes)
	row.Where = p.T("broker.batch.outside")
	if b.Segment != "" {
		row.Where = p.T("broker.batch.where", "Position", humanize.Comma(b.Position), "File", b.Segment)
	}
	row.CRC = fmt.Sprintf("%08x", b.CRC)
	if b.ProducerID >= 0 {
		row.Producer = p.T("broker.batch.producer", "ID", strconv.FormatInt(b.ProducerID, 10), "Epoch", strconv.Itoa(int(b.ProducerEpoch)), "Sequence", strconv.Itoa(int(b.FirstSequence)))
	}
	return row
}

func recordRow(p templates.PageData, a asked, b StoredBatch, r StoredRecord) templates.RecordRow {
	most := valueShown
	if a.count == 1 {
		most = aloneShown
	}
	download := func(part string, more ...string) string {
		return templates.PartitionURL(a.topic, a.partition) + "/" + part + "?offset=" + strconv.FormatInt(r.Offset, 10) + strings.Join(more, "")
	}
	row := templates.RecordRow{Offset: humanize.Comma(r.Offset), Time: moment(r.Timestamp),
		Key: shownBytes(p, r.Key, a.as, min(most, max(keyShown, most/4)), download("key")), Value: shownBytes(p, r.Value, a.as, most, download("value"))}
	if b.LogAppendTime {
		row.Time += " " + p.T("broker.time.append")
	}
	if b.Control {
		row.Control = controlKey(r.Key)
	}
	for i, h := range r.Headers {
		if i == headersMost {
			row.HeadersOmitted = shownOf(p, i, len(r.Headers))
			break
		}
		row.Headers = append(row.Headers, templates.HeaderRow{Key: oneLine(h.Key, headerShown), Value: shownBytes(p, h.Value, a.as, headerShown, download("header", "&i="+strconv.Itoa(i)))})
	}
	return row
}

// controlKey is what a control record says: a version and a type, int16 each
// (ControlRecordType.java).
func controlKey(key []byte) string {
	if len(key) < 4 {
		return "?"
	}
	kind := int(key[2])<<8 | int(key[3])
	names := []string{"ABORT", "COMMIT", "LEADER_CHANGE", "SNAPSHOT_HEADER", "SNAPSHOT_FOOTER"}
	if kind < len(names) {
		return names[kind]
	}
	return strconv.Itoa(kind)
}

// download gives a key, value or header as it is: a file, never a page.
func (b *brokerPages) download(w http.ResponseWriter, r *http.Request) {
	p := b.page(w, r)
	a, _, missing := b.partition(r)
	part := r.PathValue("part")
	offset, err := strconv.ParseInt(r.URL.Query().Get("offset"), 10, 64)
	name := fmt.Sprintf("%s-%d-%d-%s", a.topic, a.partition, offset, part)
	switch {
	case !b.open:
		http.Error(w, p.T("broker.refused.records"), http.StatusForbidden)
		return
	case errors.Is(missing, ErrLost):
		b.failed(w, r, p, missing, name)
		return
	case missing != nil, err != nil, offset < a.low, offset >= a.high, part != "key" && part != "value" && part != "header":
		b.missingThing(w, r, p, oneLine(r.URL.Path+"?"+r.URL.RawQuery, nameShown))
		return
	}
	leave, err := b.reading.enter(r.Context(), func(int) {})
	if err != nil {
		return
	}
	defer leave()
	var found []byte
	there := false
	var failed error
	err = b.store.Browse(r.Context(), a.topic, a.partition, offset, func(batch StoredBatch) bool {
		if failed = batch.Damage; failed == nil {
			failed = batch.Each(func(record StoredRecord) error {
				if record.Offset != offset {
					return nil
				}
				found, there = partOf(record, part, r.URL.Query().Get("i"))
				return errEnough
			})
		}
		return false
	})
	if err == nil && !errors.Is(failed, errEnough) {
		err = failed
	}
	switch {
	case err != nil:
		b.failed(w, r, p, err, name)
	case !there:
		b.missingThing(w, r, p, oneLine(name, nameShown))
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.bin"`) // a topic's name has no quotes
		w.Header().Set("Cache-Control", "no-store")
		w.Write(found)
	}
}

// partOf is a part of a record; not there if it is null.
func partOf(r StoredRecord, part, index string) (b []byte, there bool) {
	switch part {
	case "key":
		return r.Key, r.Key != nil
	case "value":
		return r.Value, r.Value != nil
	}
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= len(r.Headers) {
		return nil, false
	}
	return r.Headers[i].Value, r.Headers[i].Value != nil
}
