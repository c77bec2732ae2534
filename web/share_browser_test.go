package web_test

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// downloads has the browser keep what it downloads and gives the folder.
func downloads(t *testing.T, b *tab) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := chromedp.Call(b.Ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{Behavior: "allow", DownloadPath: dir}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// kept waits for a download and gives its text.
func kept(t *testing.T, b *tab, dir, name string) []byte {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err == nil && len(text) > 0 {
			return text
		}
		if time.Now().After(end) {
			files, _ := filepath.Glob(filepath.Join(dir, "*"))
			t.Fatalf("no download %s after %v, only %v; the dialog says %q", name, patience, files, eval[string](b, `document.querySelector('[data-part="share-told"]').textContent`))
		}
	}
}

// share opens the dialog by its key and chooses.
func share(b *tab, lane, kind string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](`(() => {
		const dialog = document.querySelector('dialog.share');
		const lane = dialog.querySelector('[data-part="share-lane"]');
		lane.value = ` + quote(lane) + `;
		dialog.querySelector('[data-share="` + kind + `"]').click();
	})()`))
}

func TestShareGivesAStepAndARunAway(t *testing.T) {
	b := browse(t)
	b.open(address(serve(t, newKeptLab(t)), 9, story, gather))
	dir := downloads(t, b)
	b.press("e")
	b.await(`document.querySelector('dialog.share').open`)
	link := eval[string](b, `document.querySelector('[data-part="share-link"]').value`)
	if !strings.Contains(link, "step=9") || !strings.Contains(link, "v=1") {
		t.Errorf("the link %s has not the whole state", link)
	}
	if frame := eval[string](b, `document.querySelector('[data-part="share-embed"]').value`); !strings.HasPrefix(frame, "<iframe src=\"http://") || !strings.Contains(frame, "embed=1") {
		t.Errorf("the frame is %s", frame)
	}

	share(b, "a", "step-svg")
	drawing := kept(t, b, dir, "copyscope-read-write-step-9.svg")
	text := wellFormed(t, drawing)
	say := eval[string](b, `document.querySelector('[data-part="narration"] p').lastChild.textContent.trim()`)
	for _, want := range []string{"read-write", "simulated", say} {
		if !strings.Contains(text, want) {
			t.Errorf("the drawing does not say %q", want)
		}
	}
	if bytes.Contains(drawing, []byte("class=")) || bytes.Contains(drawing, []byte("var(--")) {
		t.Error("the drawing needs a style sheet")
	}

	share(b, "b", "step-png")
	picture, err := png.Decode(bytes.NewReader(kept(t, b, dir, "copyscope-sendfile-step-9.png")))
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds(); size.Dx() < 1500 {
		t.Errorf("the picture is %v, too small for a slide", size)
	}

	share(b, "b", "csv")
	events := eval[int](b, `document.querySelector('#lane-b [data-part="where"]').textContent.split('/')[1] | 0`)
	if rows := bytes.Count(kept(t, b, dir, "copyscope-sendfile.csv"), []byte("\n")); rows != events+1 {
		t.Errorf("the table has %d rows, want one for each of %d events and the names", rows, events)
	}
	quiet(t, b)
}

// A measured run is on no server's disk: the page sends what it has.
func TestShareKeepsAMeasuredRun(t *testing.T) {
	b := browse(t)
	b.open(serve(t, newKeptLab(t)) + "/scope?a=sendfile,side=real,size=256KiB,chunk=64KiB,cache=warm,net=loopback")
	dir := downloads(t, b)
	b.press("e")
	share(b, "a", "html")
	page := kept(t, b, dir, "copyscope-sendfile.html")
	if !bytes.Contains(page, []byte(`prov-measured`)) {
		t.Error("the page of a measured run does not say so")
	}
	quiet(t, b)
}

// wellFormed is the text of an XML document.
func wellFormed(t *testing.T, document []byte) string {
	t.Helper()
	var text strings.Builder
	for d := xml.NewDecoder(bytes.NewReader(document)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return text.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		if chars, ok := token.(xml.CharData); ok {
			text.Write(chars)
		}
	}
}
