package archtest

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// module is the module's name in import paths.
const module = "copyscope"

// The chain runs trace ← transfer ← {sim, host} ← lab ← lesson ← web ← cmd.
// Each of these is all that lies below a link of it.
var (
	belowKernels = []string{"internal/trace", "internal/transfer"}
	belowLab     = append([]string{"sim", "internal/copysample", "internal/host", "internal/labnet", "internal/recordings", "internal/spread", "internal/yamlfile"}, belowKernels...)
	belowLesson  = append([]string{"internal/lab"}, belowLab...)
)

// mayImport lists, for every folder, which of our packages its files import,
// test files apart. A folder covers those below it that have no entry of their
// own; "…" after a name covers its folders.
var mayImport = map[string][]string{
	"internal/trace":                 {},
	"internal/transfer":              {"internal/trace"},
	"internal/transfer/transfertest": {"internal/transfer", "internal/trace"},
	"sim":                            append([]string{"sim/disk", "sim/pagecache"}, belowKernels...),
	"sim/disk":                       {"internal/trace"},
	"sim/pagecache":                  {},
	"packaging":                      {},
	"internal/yamlfile":              {},
	"internal/authored":              {"internal/trace"},
	"sim/scenario":                   append([]string{"sim", "sim/scenarios", "internal/yamlfile"}, belowKernels...),
	"sim/scenarios":                  {},
	"internal/host":                  append([]string{"internal/labnet", "internal/spread", "internal/tracepoint"}, belowKernels...),
	"internal/labnet":                {},
	"internal/tracepoint":            {},
	"internal/memdev":                {},
	"internal/attach":                {"internal/copysample", "internal/importer", "internal/memdev", "internal/tracepoint", "internal/trace"},
	"internal/perfevent":             {"internal/tracepoint"},
	"internal/symbol":                {},
	"internal/copysample":            {"internal/perfevent", "internal/symbol"},
	"internal/copyprofile":           {"internal/memdev", "internal/perfevent", "internal/symbol", "internal/trace", "internal/tracepoint"},
	"internal/spread":                {},
	"internal/claim":                 append([]string{"internal/chart"}, belowLesson...),
	"internal/lab":                   belowLab,
	"internal/recordings":            {"internal/host", "internal/trace"},
	"internal/lesson":                append([]string{"internal/authored", "internal/yamlfile", "sim/scenario"}, belowLesson...),
	"internal/talk":                  append([]string{"internal/authored", "internal/yamlfile"}, belowLesson...),
	"internal/anchor":                {},
	"internal/docsite":               {"internal/anchor", "internal/locale", "static", "templates"}, // knows documents, and no program
	"internal/reference":             {"broker", "docs/schema", "internal/docsite", "internal/locale", "internal/metrics", "internal/trace", "internal/transfer"},
	"internal/talkfeed":              {"internal/kafkalogin", "internal/talk"}, // a room's log; knows no pages
	"internal/kafkalogin":            {},
	"internal/export":                {"internal/trace", "internal/locale", "static", "templates"},
	"internal/importer":              {"internal/trace"},
	"internal/importer/importertest": {"internal/trace", "internal/importer"},
	"internal/importer/perfscript":   {"internal/trace", "internal/importer"},
	"internal/importer/strace":       {"internal/trace", "internal/importer"},
	"internal/chart":                 {},
	"internal/sweep":                 append([]string{"internal/chart"}, belowLesson...),
	"internal/locale":                {},
	"static":                         {},
	"templates":                      {"internal/attach", "internal/lab", "internal/lesson", "internal/locale", "internal/trace", "internal/transfer"},
	"web":                            append([]string{"internal/attach", "internal/authored", "internal/claim", "internal/docsite", "internal/export", "internal/importer", "internal/importer/…", "internal/lesson", "internal/locale", "internal/talk", "sim/scenario", "static", "templates"}, belowLesson...),
	"internal/watch":                 {"internal/locale", "internal/trace", "static", "templates", "web"}, // a run's steps on a terminal
	"broker":                         append([]string{"internal/host", "broker/…"}, belowKernels...),
	"broker/group":                   {"broker/statelog", "broker/assignor", "broker/consumerrecord"}, // knows nothing of the wire, nor of the disk
	"broker/txn":                     {"broker/statelog"},                                             // the same
	"broker/assignor":                {},                                                              // a function of members and partitions
	"broker/consumerrecord":          {"broker/assignor"},                                             // knows bytes, and no groups
	"broker/statelog":                {},
	"broker/log":                     append([]string{"broker/vfs"}, belowKernels...), // knows nothing of the wire
	"broker/clocktest":               {},                                              // for tests
	"broker/vfs":                     {},
	"broker/repeatlog":               {},
	"broker/users":                   {"broker/vfs"},   // knows no messages
	"broker/quota":                   {"broker/vfs"},   // knows neither the wire nor connections
	"broker/sasl":                    {"broker/users"}, // knows nothing of the wire
	"broker/vfs/vfstest":             {"broker/vfs"},
	"broker/wire":                    append([]string{"internal/host"}, belowKernels...),
	"internal/metrics":               {"broker"},                                                                          // as Prometheus reads it
	"internal/load":                  append([]string{"internal/host"}, belowKernels...),                                  // a client: any broker is another process
	"internal/brokerview":            {"broker", "broker/log", "internal/batchview", "internal/host", "web"},              // a broker as the pages see it
	"internal/batchview":             {"broker/log", "web"},                                                               // a stored batch as the pages see it
	"internal/clusterview":           {"broker/log", "internal/batchview", "internal/host", "internal/kafkalogin", "web"}, // a cluster of others as the pages see it
	"broker/dump":                    {"broker/dump/decoder", "broker/log"},
	"broker/dump/decoder":            {},
	"cmd":                            {"internal/…", "sim", "sim/scenario", "broker", "broker/dump", "broker/users", "broker/vfs", "web", "docs", "docs/schema"},
	"internal/audience":              {"internal/lab", "internal/talk", "web"}, // a talk as its viewers have it
	"internal/notices":               {},
	"internal/archtest":              {"internal/anchor", "internal/trace"},
	"clients":                        {},                                                                                   // a client knows the broker by its port and its files alone
	"servers":                        {"internal/kafkajars", "internal/ownnet", "internal/process", "internal/selfsigned"}, // knows copyscope by its command alone
	"internal/chromium":              {},
	"internal/served":                {},                                                                                           // knows copyscope by its command alone
	"pages":                          {"internal/chromium", "internal/served"},                                                     // knows copyscope by its command and its port alone
	"docs":                           {"internal/…", "sim", "broker", "broker/log", "broker/statelog", "web", "docs/bench/victim"}, // programs that a document speaks of
	"docs/schema":                    {},
	"docs/schema/schematest":         {"docs/schema"},
	"docs/bench/victim":              {}, // knows a broker by its process and its port alone
	"docs/bench/torture":             {"broker", "broker/log", "broker/vfs", "docs/bench/victim", "docs/bench/torture/…"},
	"docs/bench/torture/history":     {},
	"docs/bench/torture/check":       {"docs/bench/torture/history"}, // knows no broker, only what clients were told
	"internal/ownnet":                {},
	"internal/kafkajars":             {"internal/process"},
	"internal/codeblocks":            {},
	"internal/process":               {},
	"internal/selfsigned":            {},
	"docs/bench/peers":               {"internal/…", "docs/bench/peers/…"}, // knows every server by its command and its port alone
}

// testsMayImport lists what test files import besides: a test stands at its
// package's own height, or one step beside it.
var testsMayImport = map[string][]string{
	"internal/transfer":            {"internal/transfer/transfertest"},
	"sim":                          {"internal/transfer/transfertest"},
	"sim/scenario":                 {"broker/wire"}, // that a modelled answer is as long as the broker's
	"internal/host":                {"internal/transfer/transfertest"},
	"internal/locale":              belowLesson, // that every word of theirs is in the catalogues
	"internal/archtest":            {"internal/attach", "internal/claim", "internal/copysample", "internal/lab", "internal/load", "internal/recordings", "internal/spread", "internal/sweep", "sim"},
	"internal/export":              {"internal/lab", "sim"},
	"internal/importer":            {"internal/importer/importertest", "internal/importer/perfscript", "internal/importer/strace"},
	"internal/importer/strace":     {"internal/importer/importertest"},
	"internal/importer/perfscript": {"internal/importer/importertest"},
	"web":                          {"broker", "broker/…", "docs", "internal/brokerview", "internal/chromium", "internal/talkfeed"}, // the browser tests serve the whole
	"internal/talkfeed":            {"broker"},
	"templates":                    {"internal/host", "sim"},
	"internal/clusterview":         {"broker", "broker/users", "internal/brokerview", "internal/selfsigned"}, // the same of a broker of ours
	"broker":                       {"internal/transfer/transfertest"},
	"broker/log":                   {"broker/clocktest", "broker/vfs/vfstest"},
	"broker/group":                 {"broker/clocktest"},
	"broker/txn":                   {"broker/clocktest", "broker/log", "broker/vfs", "broker/vfs/vfstest"}, // that a cut of the power loses nothing
	"broker/users":                 {"broker/vfs/vfstest"},
	"broker/quota":                 {"broker/clocktest", "broker/vfs/vfstest"},
	"broker/sasl":                  {"broker/vfs"},
	"internal/watch":               {"internal/lab"},    // the runs that it steps through
	"internal/lesson":              {"internal/locale"}, // the same
	"cmd/copyscope":                {"docs/schema/schematest"},
	"docs/schema":                  {"docs/schema/schematest"},
	"docs/extending":               {"docs/schema/schematest"},
	"internal/claim":               {"internal/locale"},            // that every word of its is in the catalogues
	"packaging/monitoring/check":   {"broker", "internal/metrics"}, // what is exported
}

// Arrows is the rule of who imports whom. It reads the files themselves, so it
// holds on every operating system's files at once.
func Arrows(tree fs.FS) (found []string, err error) {
	err = each(tree, []string{".go"}, func(name string, text []byte) error {
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			return err
		}
		from := path.Dir(name)
		allowed, ok := lookup(mayImport, from)
		if !ok {
			found = append(found, fmt.Sprintf("%s: %s is not in the table of arrows; say in internal/archtest what it may import", name, from))
			return nil
		}
		if strings.HasSuffix(name, "_test.go") {
			more, _ := lookup(testsMayImport, from)
			allowed = append(slices.Clone(allowed), more...)
		}
		for _, spec := range file.Imports {
			target, ours := ourPackage(spec.Path.Value)
			if ours && target != from && !covers(allowed, target) {
				found = append(found, fmt.Sprintf("%s: %s must not import %s", name, from, target))
			}
		}
		return nil
	})
	return found, err
}

// lookup finds the entry for a folder or the nearest folder above it.
func lookup(table map[string][]string, folder string) ([]string, bool) {
	for ; folder != "."; folder = path.Dir(folder) {
		if entry, ok := table[folder]; ok {
			return entry, true
		}
	}
	return nil, false
}

func ourPackage(quoted string) (string, bool) {
	imported, err := strconv.Unquote(quoted)
	if err != nil {
		return "", false
	}
	return strings.CutPrefix(imported, module+"/")
}

func covers(allowed []string, target string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		if folder, all := strings.CutSuffix(a, "…"); all {
			return strings.HasPrefix(target+"/", folder)
		}
		return a == target
	})
}
