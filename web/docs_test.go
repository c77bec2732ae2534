package web

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// spoken finds the message types that are sent or taken, and the codes of
// errors, in the sources.
var spoken = regexp.MustCompile(`(?:\.Handle|\.Send|\.Offer|\.publish|\.set|\.send|encode)\((?:0, )?"([\w.]+)"|Problem\{"(\w+)"|(?m:^)\t"(talk\.\w+)":|case "(talk\.\w+)":|\.fail\((?:m\.ID|id|""), "(\w+)"`)

// The document of the frames names every message type and error code, and the
// limits as they are.
func TestDocumentNamesEveryMessage(t *testing.T) {
	b, err := os.ReadFile("../docs/websocket.md")
	if err != nil {
		t.Fatal(err)
	}
	document := string(b)
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, file := range sources {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range spoken.FindAllStringSubmatch(string(source), -1) {
			found[strings.Join(m[1:], "")] = true
		}
	}
	for name := range found {
		if !strings.Contains(document, "`"+name+"`") {
			t.Errorf("docs/websocket.md does not name %s", name)
		}
	}
	if len(found) < 15 || !found["hello"] || !found["live.fetches"] || !found["behind"] || !found["garbage"] {
		t.Errorf("the sources are not understood any more: %v", found)
	}
	if protocol != 1 || maxInbound != 64<<10 || maxRequests != 8 || maxClients != 256 || feedDepth != 1024 || feedBytes != 8<<20 || answerQueue != 16 {
		t.Error("a constant has changed: say it in docs/websocket.md, then here")
	}
}
