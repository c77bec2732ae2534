package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"copyscope/internal/host"
	"copyscope/templates"
)

// What a topic's page shows at most: each segment takes a system call for each
// cell of its strip.
const (
	segmentsOfPartition = 12
	segmentsOfTopic     = 48
	stripCells          = 64
)

func (b *brokerPages) topic(w http.ResponseWriter, r *http.Request) {
	p := b.page(w, r)
	d, err := b.topicData(r.Context(), p, r.PathValue("topic"))
	if err != nil {
		b.failed(w, r, p, err, r.PathValue("topic"))
		return
	}
	switch done := r.URL.Query().Get("done"); done {
	case "created", "altered", "unchanged", "grown":
		d.Done = p.T("broker.done."+done, "Name", d.Name)
	}
	b.showTopic(w, r, p, http.StatusOK, d)
}

func (b *brokerPages) showTopic(w http.ResponseWriter, r *http.Request, p templates.PageData, status int, d templates.TopicData) {
	p.Title = d.Name
	b.render(w, r, status, templates.BrokerTopic(p, d))
}

func (b *brokerPages) topicData(ctx context.Context, p templates.PageData, name string) (d templates.TopicData, err error) {
	t, configs, err := b.store.StoredTopic(ctx, name)
	if err != nil {
		return d, err
	}
	records, bytes, _ := topicTotal(t)
	d = templates.TopicData{Name: t.Name, ID: t.ID, Internal: t.Internal, Refused: b.whyNot(p), Records: humanize.Comma(records), Bytes: sizeOrUnknown(bytes), Cluster: b.cluster != nil, Addr: b.kafka(),
		Alter: templates.TopicForm{Fields: configFields(p, configs)}, Grow: templates.TopicForm{Partitions: strconv.Itoa(len(t.Partitions) + 1)}}
	d.Full = fullDisk(p, t.Full)
	left, hidden := segmentsOfTopic, 0
	for _, part := range t.Partitions {
		row := templates.PartitionRow{Number: part.Partition, Offline: part.Offline, Low: humanize.Comma(part.Low), High: humanize.Comma(part.High),
			Records: humanize.Comma(part.High - part.Low), Bytes: sizeOrUnknown(part.Bytes), SegmentCount: "–"}
		if part.Segments >= 0 {
			row.SegmentCount = humanize.Comma(int64(part.Segments))
		}
		if part.Compacted {
			d.Compacted, row.CleanUntil, row.Dirty = true, humanize.Comma(part.CleanUntil), strconv.FormatFloat(100*part.Dirty, 'f', 1, 64)+" %"
		}
		switch {
		case part.Offline, part.High == 0 && len(t.Partitions) > segmentsOfPartition: // nothing to see
		case left == 0:
			hidden++
		default:
			segments, all, err := b.store.Segments(ctx, name, part.Partition, min(segmentsOfPartition, left), stripCells)
			if unknown := (*Unknown)(nil); errors.As(err, &unknown) {
				row.NoSegments = b.reason(p, unknown)
				left-- // it was asked, which takes time too
				d.Partitions = append(d.Partitions, row)
				continue
			}
			if err != nil {
				return d, err
			}
			row.SegmentCount = humanize.Comma(int64(all))
			left -= len(segments)
			for _, s := range segments {
				row.Segments = append(row.Segments, segmentRow(p, s))
			}
			if len(segments) < all {
				row.SegmentsShown = p.T("broker.segments.shown", "Shown", humanize.Comma(int64(len(segments))), "All", humanize.Comma(int64(all)))
			}
		}
		d.Partitions = append(d.Partitions, row)
	}
	if hidden > 0 {
		d.Omitted = p.T("broker.segments.hidden", "Count", hidden)
	}
	return d, nil
}

// fullDisk says that the disk is full and what to do; empty if it is not.
func fullDisk(p templates.PageData, full *FullDisk) string {
	if full == nil {
		return ""
	}
	return p.T("broker.full", "Dir", visible(full.Dir, reasonShown), "Since", moment(full.Since), "Free", sizeOrUnknown(full.Free))
}

func segmentRow(p templates.PageData, s StoredSegment) templates.SegmentRow {
	row := templates.SegmentRow{
		Name: s.Name, Offsets: "–", Records: humanize.Comma(s.Next - s.Base),
		Log: templates.Size(s.Log.Size), LogOnDisk: templates.Size(s.Log.Allocated), Index: templates.Size(s.Index.Size), IndexOnDisk: templates.Size(s.Index.Allocated),
		TimeIndex: templates.Size(s.TimeIndex.Size), TimeIndexOnDisk: templates.Size(s.TimeIndex.Allocated),
		Times: "–", Active: s.Active, Gone: s.Gone,
	}
	if s.Next > s.Base {
		row.Offsets = humanize.Comma(s.Base) + " – " + humanize.Comma(s.Next-1)
	}
	if s.First >= 0 {
		row.Times = moment(s.First) + " – " + moment(s.Latest)
		if s.Latest < 0 {
			row.Times = p.T("broker.times.first", "Time", moment(s.First))
		}
	}
	if s.Gone {
		row.Reason = p.T("broker.segment.gone")
		return row
	}
	if s.Log.Tool == "" {
		row.Reason = p.Sentence(s.Log.Reason)
		return row
	}
	if s.Log.Pages == 0 {
		row.Cached = p.T("broker.cached.empty")
		return row
	}
	share := 100 * float64(s.Log.Cached) / float64(s.Log.Pages)
	row.Cached = p.T("broker.cached", "Cached", humanize.Comma(s.Log.Cached), "Pages", humanize.Comma(s.Log.Pages), "Share", strconv.FormatFloat(share, 'f', 0, 64), "Page", templates.Size(s.Log.Page))
	if s.Log.Dirty >= 0 {
		row.Evidence = p.T("broker.cached.dirty", "Dirty", humanize.Comma(s.Log.Dirty), "Evicted", humanize.Comma(s.Log.Evicted)) + " "
	}
	row.Evidence += p.T("broker.cached.by", "Tool", s.Log.Tool)
	row.Strip = strip(s.Log.Cells)
	return row
}

// strip draws a file's cells: neighbours that look alike are one.
func strip(cells []host.CachedCell) (out []templates.StripCell) {
	for i, c := range cells {
		level := int(4 * c.Cached / max(1, c.Pages))
		if level == 0 && c.Cached > 0 {
			level = 1
		}
		if last := len(out) - 1; last >= 0 && out[last].Level == level && out[last].Dirty == (c.Dirty > 0) {
			out[last].Width++
			continue
		}
		out = append(out, templates.StripCell{At: i, Width: 1, Level: level, Dirty: c.Dirty > 0})
	}
	return out
}

func configFields(p templates.PageData, configs []TopicConfig) (out []templates.ConfigField) {
	for _, c := range configs {
		f := templates.ConfigField{Name: c.Name, Value: c.Value, Was: c.Value, Default: c.Default, Hint: configHint(p, c.Name, c.Value), Set: c.Set,
			Choices: c.Choices, Effect: c.Effect, About: p.T("broker.config.kept")}
		switch {
		case c.Source != "":
			// The cluster's words; what is not changed is not sent back.
			f.Value, f.Default = oneLine(c.Value, reasonShown), oneLine(c.Default, reasonShown)
			f.Was = f.Value
			f.About = p.Term("broker.config.source", c.Source)
		case c.Effect:
			f.About = p.T("broker.config." + c.Name)
		}
		out = append(out, f)
	}
	return out
}

// noLimit is Kafka's Long.MAX_VALUE, the default of what has no limit.
const noLimit = "9223372036854775807"

// configHint tells a value in larger units.
func configHint(p templates.PageData, name, value string) string {
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil:
		return ""
	case value == noLimit || n == -1 && strings.HasPrefix(name, "retention."):
		return p.T("broker.config.no-limit")
	case n < 1000:
		return ""
	case strings.HasSuffix(name, ".bytes"):
		return templates.Size(n)
	case !strings.HasSuffix(name, ".ms"):
		return ""
	case n >= 24*3600*1000:
		return p.T("broker.config.days", "Days", strconv.FormatFloat(float64(n)/(24*3600*1000), 'g', 4, 64))
	case n >= 60*1000:
		return p.T("broker.config.minutes", "Minutes", strconv.FormatFloat(float64(n)/(60*1000), 'g', 4, 64))
	}
	return templates.Duration(n * 1e6)
}
