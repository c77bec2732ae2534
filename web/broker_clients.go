package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"copyscope/internal/host"
	"copyscope/templates"
)

// groupLag is how many records a group is behind, in all that it has committed.
func groupLag(g ConsumerGroup) (lag int64) {
	for _, o := range g.Offsets {
		lag += o.lag()
	}
	return lag
}

func (b *brokerPages) group(w http.ResponseWriter, r *http.Request, id string) {
	p := b.page(w, r)
	g, err := b.store.Group(r.Context(), id)
	if err != nil {
		b.failed(w, r, p, err, id)
		return
	}
	d := templates.GroupData{Name: oneLine(g.ID, nameShown), Type: g.Type, State: g.State, About: p.Term("broker.state.about", g.State),
		ProtocolType: oneLine(cmp.Or(g.ProtocolType, "–"), nameShown), Protocol: oneLine(cmp.Or(g.Protocol, "–"), nameShown), Lag: humanize.Comma(groupLag(g))}
	for _, m := range g.Members {
		row := templates.MemberRow{ID: oneLine(m.ID, nameShown), ClientID: oneLine(m.ClientID, nameShown), Host: oneLine(m.Host, nameShown), Instance: oneLine(m.Instance, nameShown), Known: m.Known}
		for _, a := range m.Assigned {
			row.Assigned = append(row.Assigned, templates.AssignedRow{Topic: oneLine(a.Topic, nameShown), URL: templates.TopicURL(a.Topic), Partitions: partitionList(a.Partitions)})
		}
		d.Members = append(d.Members, row)
	}
	for _, o := range g.Offsets[:min(len(g.Offsets), brokerOffsetsShown)] {
		row := templates.OffsetRow{Topic: oneLine(o.Topic, nameShown), URL: templates.PartitionURL(o.Topic, o.Partition) + "?from=" + strconv.FormatInt(o.Committed, 10),
			Partition: strconv.Itoa(int(o.Partition)), Committed: humanize.Comma(o.Committed), End: "–", Lag: "–",
			At: "–", Metadata: oneLine(o.Metadata, nameShown), Behind: o.lag() > 0}
		if !o.At.IsZero() {
			row.At = moment(o.At.UnixMilli())
		}
		if o.EndKnown {
			row.End, row.Lag = humanize.Comma(o.End), humanize.Comma(o.lag())
		}
		d.Offsets = append(d.Offsets, row)
	}
	d.OffsetsShown = shownOf(p, len(d.Offsets), len(g.Offsets))
	p.Title = p.T("broker.group.title", "Name", oneLine(g.ID, 40))
	b.render(w, r, http.StatusOK, templates.BrokerGroup(p, d))
}

// partitionList writes partitions, runs of them as 3–7.
func partitionList(all []int32) string {
	var parts []string
	for i := 0; i < len(all); {
		j := i
		for j+1 < len(all) && all[j+1] == all[j]+1 {
			j++
		}
		switch text := strconv.Itoa(int(all[i])); {
		case j > i+1:
			parts = append(parts, text+"–"+strconv.Itoa(int(all[j])))
		case j == i+1:
			parts = append(parts, text, strconv.Itoa(int(all[j])))
		default:
			parts = append(parts, text)
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}

// protocolAndPrincipal says who the client is, if it has said so.
func protocolAndPrincipal(c BrokerConnection) string {
	if c.Principal == "" || c.Principal == "User:ANONYMOUS" {
		return c.Protocol
	}
	return c.Protocol + " " + oneLine(c.Principal, nameShown)
}

func (b *brokerPages) connections(w http.ResponseWriter, r *http.Request) {
	p := b.page(w, r)
	all, err := b.store.Connections()
	if err != nil {
		p.Title = p.T("broker.connections")
		b.render(w, r, http.StatusOK, templates.BrokerConnections(p, templates.ConnectionsData{Unknown: b.reason(p, err)}))
		return
	}
	slices.SortStableFunc(all, func(a, b BrokerConnection) int { return cmp.Compare(b.Bytes, a.Bytes) })
	d := templates.ConnectionsData{Columns: host.OnceFigureNames(), Addr: b.kafka()}
	for _, c := range all[:min(len(all), brokerClientsShown)] {
		row := templates.ClientRow{
			ClientID: oneLine(cmp.Or(c.ClientID, "–"), nameShown), Peer: c.Peer, Protocol: protocolAndPrincipal(c), Software: oneLine(cmp.Or(strings.TrimSpace(c.Software+" "+c.Version), "–"), nameShown),
			Since: p.T("broker.since", "Time", c.Since.UTC().Format(time.TimeOnly)+" UTC"), API: cmp.Or(c.API, "–"), Requests: humanize.Comma(c.Requests),
			Path: cmp.Or(c.Path, "–"), Bytes: templates.Size(c.Bytes), Congestion: cmp.Or(c.Congestion, "–"),
		}
		if time.Now().Before(c.ThrottledUntil) {
			row.Throttled = p.T("broker.throttled")
		}
		told := map[string]host.Figure{}
		for _, f := range c.Figures {
			told[f.Name] = f
		}
		for _, name := range d.Columns {
			f, ok := told[name]
			switch {
			case !ok:
				row.Figures = append(row.Figures, templates.ClientFigure{Reason: p.T("broker.figure.none")})
			case f.Value == nil:
				row.Figures = append(row.Figures, templates.ClientFigure{Reason: p.Sentence(f.Reason)})
			default:
				row.Figures = append(row.Figures, templates.ClientFigure{Text: figureText(f)})
			}
		}
		d.Rows = append(d.Rows, row)
	}
	d.Shown = shownOf(p, len(d.Rows), len(all))
	p.Title = p.T("broker.connections")
	b.render(w, r, http.StatusOK, templates.BrokerConnections(p, d))
}
