package web_test

import (
	"net"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"copyscope/internal/host"
	"copyscope/internal/lab"
	"copyscope/web"
)

// shownTexts are what a reader sees, hovers over or hears: texts, titles and
// labels. Code, keys and programs are the same in every language.
const shownTexts = `(() => {
  const same = 'code, kbd, pre, script, style, template, noscript';
  const texts = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if ((node.nodeType === 1 ? node : node.parentElement).closest(same)) continue;
    if (node.nodeType === 3) texts.push(node.data);
    else for (const name of ['title', 'aria-label', 'placeholder', 'alt']) texts.push(node.getAttribute(name) ?? '');
  }
  return texts.filter((text) => text.trim());
})()`

// leftover is four English words in a row.
var leftover = regexp.MustCompile(`(?:[A-Za-z][A-Za-z'-]+\s+){3}[A-Za-z]+`)

func leftovers(b *tab) []string {
	b.t.Helper()
	texts := eval[[]string](b, shownTexts)
	if len(texts) < 30 {
		b.t.Errorf("only %d texts were found on the page", len(texts))
	}
	var out []string
	for _, text := range texts {
		if leftover.MatchString(text) {
			out = append(out, text)
		}
	}
	return out
}

// No English sentence is left on a Chinese page, whoever has made it.
func TestChinesePagesAreChinese(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := web.Config{Addr: listener.Addr().String(), Version: "test", Lab: lab.New(t.TempDir()), Doctor: host.Doctor, Broker: quietBroker{},
		SampleEvery: time.Hour} // the first sample has no rates, and stays
	if sampler, err := host.NewSampler("", nil); err == nil {
		config.Sample = sampler.Sample
	}
	s, err := web.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.Handler()}
	go server.Serve(listener)
	t.Cleanup(func() { s.Close(); server.Close() })
	base := "http://" + listener.Addr().String()
	b := browse(t)
	clean := func(what string) {
		t.Helper()
		for _, text := range leftovers(b) {
			t.Errorf("%s says %q", what, text)
		}
	}

	const cold = "sendfile,side=real,size=128KiB,chunk=64KiB,cache=cold,net=loopback"
	b.open(base + "/scope?lang=zh&a=" + url.QueryEscape(asOnHost) + "&b=" + url.QueryEscape(onHost) + "&step=5")
	b.await(`document.querySelector('[data-part="predictions"] tbody tr')`)
	b.await(`document.querySelector('[data-dark]')`)
	b.await(`document.querySelector('[data-part="scoreboard"] [data-reason]')`)
	clean("the scope with a real lane")
	b.open(base + "/scope?lang=zh&a=" + url.QueryEscape(cold) + "&step=5")
	b.await(`document.querySelector('[data-part="predictions"] tbody tr')`)
	clean("the scope with a cold real lane")
	for _, query := range []string{"a=fly", "a=sendfile,touch%3Don", "a=sendfile,size%3D9TiB", "step=x", "v=9"} {
		b.open(base + "/scope?lang=zh&" + query)
		b.await(`document.querySelector('.problem')`)
		clean("the scope at " + query)
	}
	for _, page := range []string{"/doctor", "/live", "/models"} {
		b.do(chromedp.Navigate(base + page + "?lang=zh"))
		b.await(`document.readyState === 'complete'`)
		clean(page)
	}

	// The sieve holds what it is to find.
	eval[bool](b, `document.querySelector('main').append('this sentence is English') ?? true`)
	eval[bool](b, `document.querySelector('main').setAttribute('title', 'so is this one') ?? true`)
	if found := leftovers(b); len(found) != 2 {
		t.Errorf("two English sentences were put into the page; found: %q", found)
	}
}
