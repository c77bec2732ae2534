package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// oddFigures are the figures that the pages' number writes in another way than
// Intl.NumberFormat does, which knows how either language writes them. Not among them
// are those such as 1.005, of which the number kept is a little less: Intl rounds what
// the number is written as, and number, like Go's %.2f, what it is.
const oddFigures = `(async () => {
  const base = document.querySelector('script[src*="/static/"]').src.match(/.*\/static\/[^/]+\//)[0];
  const { number } = await import(base + 'page.js');
  const whole = [0, 1, 9, 99, 999, 1000, 9999, 10000, 99999, 100000, 999999, 1000000, 10485760, 123456789, 1e12, 2 ** 53 - 1];
  const parts = [0.004, 0.005, 0.0051, 0.01, 0.05, 0.1, 0.125, 0.5, 0.994, 0.996, 0.999, 1.004, 1.5, 2.676, 9.996, 999.5, 999.994, 999.995, 1234.5, 99999.999];
  const odd = [];
  for (const value of [...whole, ...parts].flatMap((n) => [n, -n])) {
    for (const [digits, least] of [[0, 0], [1, 0], [2, 0], [2, 2], [3, 1]]) {
      const told = number(value, digits, least);
      const known = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: least, maximumFractionDigits: digits }).format(value);
      if (told !== known.replace(/^-(?=[0.]+$)/, '')) odd.push(told + ' for ' + known);
    }
  }
  window.odd = odd.join('; ');
})()`

// Numbers have the separators and the rounding of the reader's language.
func TestFiguresAreWrittenAsTheLanguageDoes(t *testing.T) {
	base := serve(t, newKeptLab(t))
	for _, language := range []string{"en", "zh"} {
		b := browse(t)
		b.do(chromedp.Navigate(base + "/models?lang=" + language))
		if lang := eval[string](b, `document.documentElement.lang`); !strings.HasPrefix(lang, language) {
			t.Fatalf("the page is in %s, want %s", lang, language)
		}
		eval[bool](b, `(`+oddFigures+`, true)`)
		b.await(`window.odd !== undefined`)
		if odd := eval[string](b, `window.odd`); odd != "" {
			t.Errorf("%s: %s", language, odd)
		}
	}
}
