package web_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"copyscope/internal/chromium"
	"copyscope/internal/claim"
	"copyscope/internal/lab"
	"copyscope/web"
)

// A click measures, the page follows it to the end by itself and shows what was
// found, the curve included: on a phone, too, one sees that it measures, and is brought
// to what was found. Nothing is asked of another host, and the browser has
// nothing to complain of.
func TestBrowserMeasuresAClaim(t *testing.T) {
	b := browse(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := lab.New(t.TempDir())
	s, err := web.New(web.Config{Addr: listener.Addr().String(), Version: "test", Lab: l,
		Claims: func(ctx context.Context, name string, o claim.Options) (*claim.Report, error) {
			return claim.Run(ctx, l, name, o)
		}})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.Handler()}
	go server.Serve(listener)
	t.Cleanup(func() { s.Close(); server.Close() })
	site := "http://" + listener.Addr().String()

	b.do(chromedp.Navigate(site + "/claims/speedup?lang=en"))
	b.size(390, 844)
	b.click(`button[name="quick"]`)
	b.await(`document.querySelector("[data-claim-state]")`)
	inView := func(what string) string {
		return `(() => { const box = document.querySelector("` + what + `")?.getBoundingClientRect(); return box && box.top >= 0 && box.bottom <= innerHeight; })()`
	}
	b.await(inView("[data-claim-state] progress"))
	b.await(is(`document.querySelectorAll("table.figures tbody tr").length`, "6"))

	b.await(`document.activeElement.id === "found" && document.querySelector("#found").getBoundingClientRect().top < 200 && ` + inView("#found"))
	if cut := eval[string](b, chromium.CutCells); cut != "" {
		t.Errorf("cut at the phone's edge: %s", cut)
	}
	b.await(is(`document.querySelector("img.curve").naturalWidth > 0`, "true"))
	if found := text(b, `document.querySelector(".found").textContent`); !strings.Contains(found, "read and write take") || !strings.Contains(found, "too few rounds") {
		t.Errorf("it says %s", found)
	}
	b.do(chromedp.Navigate(site + "/claims?lang=zh"))
	if list := text(b, `document.querySelector(".claims").textContent`); !strings.Contains(list, "read 加 write 每 GB 的 CPU 用量") {
		t.Errorf("the list says %s", list)
	}
	quiet(t, b)
}

// A page that a claim's card opens says which claim it is for, what there is to see and
// the way back, on every page and after the reader has stepped; the attach page has the
// port, and the path that is expected.
func TestBrowserClaimLeadsAndBack(t *testing.T) {
	b := browse(t)
	site := serve(t, lab.New(t.TempDir()))
	led := `(document.querySelector(".led")?.innerText ?? "")`
	b.do(chromedp.Navigate(site + "/claims?lang=en"))
	b.click(`#nginx-default .experiment a.button`)
	b.await(`location.pathname === "/attach"`)
	b.await(led + `.includes("nginx turns sendfile on by default")`)
	if shown := eval[string](b, `document.querySelector("main").innerText + (document.querySelector("#attach-form [name=number]")?.value ?? "--port 80")`); !strings.Contains(shown, "80") || !strings.Contains(shown, "sendfile") {
		t.Errorf("the attach page has lost the port or the path: %s", shown)
	}
	b.click(".led a")
	b.await(`location.pathname + location.hash === "/claims#nginx-default"`)

	b.click(`.claim-card .experiment a.button[href^="/scope"]`)
	b.await(`document.querySelector('.scope')?.dataset.ready === 'true'`)
	b.press(kb.ArrowRight)
	b.await(`location.search.includes("step=1")`)
	said := eval[string](b, led)
	b.do(chromedp.Reload())
	b.await(`document.querySelector('.scope')?.dataset.ready === 'true'`)
	if after := eval[string](b, led); said == "" || after != said {
		t.Errorf("the scope page says of its claim %q, after a step and a reload %q", said, after)
	}
}
