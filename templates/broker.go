package templates

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// BrokerData is the overview of the broker.
type BrokerData struct {
	// There says that there is a broker.
	There bool
	// Refused is why nothing can be changed here; empty if it can.
	Refused string
	Done    string
	// Full is of the first topic to which appends are refused because the disk is full.
	Full      string
	Listeners []BrokerListener
	// Addr is the listener that commands to copy name.
	Addr   string
	Query  string
	Topics []BrokerTopicRow
	// TopicsShown says how many of how many are shown, where not all are.
	TopicsShown string
	Groups      []BrokerGroupRow
	GroupsShown string
	// Connections says how many are open; empty where that is not known.
	Connections string
	// Cluster is how the cluster stands; nil for the broker of this process.
	Cluster *ClusterCard
	Create  TopicForm
}

// BrokerListener is an address that clients use.
type BrokerListener struct{ Protocol, Addr string }

// BrokerTopicRow is a topic in a list.
type BrokerTopicRow struct {
	Name, Partitions, Records, Bytes, Path, Engine string
	Internal                                       bool
	// Offline is how many partitions are, as text; empty for none.
	Offline string
	// Full says that the disk is full, if it is.
	Full string
}

// BrokerGroupRow is a consumer group in a list.
type BrokerGroupRow struct {
	// Name is the id as it can be shown, URL where its page is.
	Name, URL, Type, State, Members, Lag string
	Behind                               bool
}

// TopicForm is what creates or alters a topic, with what was typed before.
type TopicForm struct {
	Name, Partitions string
	// Error is what was wrong with it, Bad the field.
	Error, Bad string
	Fields     []ConfigField
}

// ConfigField is a config that can be set.
type ConfigField struct {
	// Value is in the field, Was in force when the page was made.
	Name, Value, Was string
	// Default and Hint tell the default and what the value means in larger units.
	Default, Hint string
	Set           bool
	Choices       []string
	// About is what it does.
	About  string
	Effect bool
}

// TopicData is the page of one topic.
type TopicData struct {
	Name, ID string
	Internal bool
	Refused  string
	Done     string
	// Full says that appends are refused because the disk is full; empty if they are not.
	Full    string
	Records string
	Bytes   string
	Addr    string
	// Cluster says that the topic is a cluster's.
	Cluster    bool
	Partitions []PartitionRow
	// Compacted says that the log cleaner works on it.
	Compacted bool
	// Omitted says what of it is not shown; empty for all is.
	Omitted string
	Alter   TopicForm
	Delete  TopicForm
	Grow    TopicForm
}

// columns are those of the table of partitions behind the number.
func (d TopicData) columns() int {
	const always, compacted = 5, 2
	if d.Compacted {
		return always + compacted
	}
	return always
}

// PartitionRow is a partition with its segments.
type PartitionRow struct {
	Number                    int32
	Low, High, Records, Bytes string
	// CleanUntil and Dirty are of a compacted one.
	CleanUntil, Dirty           string
	Offline                     bool
	Segments                    []SegmentRow
	SegmentCount, SegmentsShown string
	// NoSegments is why they are not known here; empty if they are.
	NoSegments string
}

// SegmentRow is a segment: its offsets, its files, and how much of its log is in
// the page cache.
type SegmentRow struct {
	// Offsets are those of its first and its last record.
	Name, Offsets, Records     string
	Log, LogOnDisk             string
	Index, IndexOnDisk         string
	TimeIndex, TimeIndexOnDisk string
	// Times are those of the first batch and of the latest record.
	Times                         string
	Active, Gone                  bool
	Cached, CachedShare, Evidence string
	// Reason is why the page cache could not be asked.
	Reason string
	Strip  []StripCell
}

// StripCell is a part of a file as a strip draws it: a run of Width cells that
// are alike. Level is how much of it is cached, 0 to 4 quarters.
type StripCell struct {
	At, Width, Level int
	Dirty            bool
}

func stripWidth(cells []StripCell) int {
	if len(cells) == 0 {
		return 0
	}
	last := cells[len(cells)-1]
	return last.At + last.Width
}

// stripLines are the borders between cells.
func stripLines(cells []StripCell) string {
	var d strings.Builder
	for i := 1; i < stripWidth(cells); i++ {
		d.WriteString("M" + strconv.Itoa(i) + " 0V16")
	}
	return d.String()
}

func (c StripCell) class() string {
	switch {
	case c.Level == 0:
		return "page-out"
	case c.Dirty:
		return "page-dirty"
	}
	return "page-in"
}

// height of a cell in 16ths: what is not there is a line.
func (c StripCell) height() int { return max(1, 4*c.Level) }

// TopicURL is the address of a topic's page.
func TopicURL(name string) string { return "/broker/topics/" + url.PathEscape(name) }

// PartitionURL is the address of a partition's records.
func PartitionURL(topic string, partition int32) string {
	return TopicURL(topic) + "/" + strconv.Itoa(int(partition))
}

// GroupURL is the address of a group's page. Some ids are no part of a path.
func GroupURL(id string) string {
	if id == "" || id == "." || id == ".." {
		return "/broker/groups?id=" + url.QueryEscape(id)
	}
	return "/broker/groups/" + url.PathEscape(id)
}

// RecordsData is a page of a partition's records.
type RecordsData struct {
	Topic           string
	Partition       int32
	Partitions      []int32
	Low, High       string
	From, Time      string
	Count           string
	Counts, Formats []string
	As              string
	Error           string
	Notices         []string
	// Refused is why the records are not shown to this reader.
	Refused string
	Batches []BatchRow
	// Range is what is shown. The links are empty where there is nothing.
	Range                          string
	Oldest, Previous, Next, Newest string
	Internal                       bool
	Addr                           string
	// Cluster says that the records are a cluster's.
	Cluster bool
}

func rangeMessage(d RecordsData) string {
	if d.Cluster {
		return "cluster.records.range"
	}
	return "broker.records.range"
}

// offlineMessage says why a partition tells nothing of itself.
func offlineMessage(d TopicData) string {
	if d.Cluster {
		return "cluster.partition.offline"
	}
	return "broker.partition.offline"
}

// BatchRow is a batch and those of its records that are shown.
type BatchRow struct {
	Range, Records, Codec, Bytes, Where, Producer, CRC string
	Control                                            bool
	Damage                                             string
	Rows                                               []RecordRow
}

// RecordRow is a record.
type RecordRow struct {
	Offset, Time   string
	Control        string // what a control record says
	Key, Value     ShownBytes
	Headers        []HeaderRow
	HeadersOmitted string
}

// HeaderRow is a record's header.
type HeaderRow struct {
	Key   string
	Value ShownBytes
}

// ShownBytes is what a client sent, as it can be shown: nothing in it changes how
// the page reads.
type ShownBytes struct {
	Null, Empty bool
	// Kind is text, json or hex.
	Kind, Text, Size string
	// Cut says how much is shown, if not all.
	Cut string
	// Download is where all of it is.
	Download string
}

// short says that it fits one line with what is told of it.
func (s ShownBytes) short() bool {
	return s.Kind == "text" && len(s.Text) <= 100 && !strings.Contains(s.Text, "\n")
}

// scrolls lets the keyboard into lines that do not break.
func (s ShownBytes) scrolls() templ.Attributes {
	if s.Kind != "hex" {
		return nil
	}
	return templ.Attributes{"tabindex": "0"}
}

// GroupData is the page of a consumer group.
type GroupData struct {
	Name, Type, State, About, ProtocolType, Protocol, Lag string
	Members                                               []MemberRow
	Offsets                                               []OffsetRow
	OffsetsShown                                          string
}

// MemberRow is a member of a group.
type MemberRow struct {
	ID, ClientID, Host, Instance string
	Assigned                     []AssignedRow
	Known                        bool
}

// AssignedRow is what a member has of a topic.
type AssignedRow struct{ Topic, URL, Partitions string }

// OffsetRow is what a group has committed of a partition.
type OffsetRow struct {
	Topic, URL, Partition, Committed, End, Lag, At, Metadata string
	Behind                                                   bool
}

// ConnectionsData is the page of the broker's connections.
type ConnectionsData struct {
	There   bool
	Columns []string
	Rows    []ClientRow
	Shown   string
	Addr    string
	// Unknown is why nothing is known of them; empty if it is.
	Unknown string
}

// ClientRow is a connection.
type ClientRow struct {
	ClientID, Peer, Software, Protocol, Since, API, Requests, Path, Bytes, Congestion string
	// Throttled says that the client waits for its quota, if it does.
	Throttled string
	Figures   []ClientFigure
}

// ClientFigure is what the kernel tells; without text the reason says why it
// does not.
type ClientFigure struct{ Text, Reason string }

// invalid marks a field that was wrong, and says which text tells why.
func invalid(is bool, by string) templ.Attributes {
	if !is {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true", "aria-describedby": by}
}

// here marks a choice.
func here(is bool) templ.Attributes {
	if !is {
		return nil
	}
	return templ.Attributes{"selected": true}
}

// withoutEffect says whether a field of the form does nothing on this broker.
func (f TopicForm) withoutEffect() bool {
	return slices.ContainsFunc(f.Fields, func(c ConfigField) bool { return !c.Effect })
}

// bytesRule says what stored bytes are: of a cluster, what it tells of one replica.
func bytesRule(p PageData, cluster bool) string {
	if cluster {
		return p.T("cluster.bytes.rule")
	}
	return p.T("broker.bytes.rule")
}
