package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"
)

// course is another site's page that has the scope in a frame and hears what it says.
const course = `<!doctype html><title>course</title><script>
let heard = null;
addEventListener('message', (event) => { if (event.data.copyscope === 1) heard = event.data; });
const tell = (message) => document.querySelector('iframe').contentWindow.postMessage({ copyscope: 1, ...message }, '*');
// Another frame of the page speaks to the scope, too.
const whisper = (message) => document.querySelector('iframe + iframe').contentWindow.eval('parent.frames[0].postMessage(' + JSON.stringify({ copyscope: 1, ...message }) + ', "*")');
</script><iframe width="900" height="600" src="%s"></iframe><iframe srcdoc="another frame"></iframe>`

// framing serves the course page from a server of its own.
func framing(t *testing.T, address string) string {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, course, address) }))
	t.Cleanup(site.Close)
	return site.URL
}

func TestAnotherSiteStepsTheEmbeddedScope(t *testing.T) {
	b := browse(t)
	base := serve(t, newKeptLab(t))
	b.do(chromedp.Navigate(framing(t, address(base, 3, story, gather)+"&embed=1")))
	b.await(`heard?.ready && heard.step === 3`)
	last := eval[int](b, `heard.last`)
	for _, step := range []struct {
		command string
		want    int
	}{{`{type: 'step-forward'}`, 4}, {`{type: 'step', to: 9}`, 9}, {`{type: 'step-back'}`, 8}, {`{type: 'last'}`, last}, {`{type: 'first'}`, 0},
		{`{type: 'step', to: 1e9}`, last}} {
		b.do(chromedp.Evaluate[chromedp.Void](`tell(` + step.command + `)`))
		b.await(fmt.Sprintf(`heard.step === %d`, step.want))
	}
	// What is no command, or no step, or comes from elsewhere than the page around,
	// changes nothing, and breaks nothing.
	for _, nonsense := range []string{`tell({type: 'constructor'})`, `tell({type: '__proto__'})`, `tell({type: 'step', to: '<script>'})`, `tell({type: 'step', to: 1.5})`, `tell({type: 'align', by: 'x'})`, `tell({})`,
		`tell({type: 'first', copyscope: 2})`, `tell({type: 'first', copyscope: null})`, `frames[0].postMessage(null, '*')`, `frames[0].postMessage('first', '*')`, `whisper({type: 'first'})`} {
		b.do(chromedp.Evaluate[chromedp.Void](nonsense))
	}
	b.do(chromedp.Evaluate[chromedp.Void](`heard = null, tell({type: 'state'})`))
	b.await(fmt.Sprintf(`heard?.step === %d && heard.say.length === 2`, last))
	if c := b.complaints(); len(c) > 0 {
		t.Errorf("the console: %q", c)
	}
}
