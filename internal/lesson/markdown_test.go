package lesson_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"copyscope/internal/lesson"
)

// Markdown that somebody else wrote becomes text, emphasis and links to read:
// nothing in it runs, and nothing is fetched from elsewhere.
func TestMarkdownRunsNothing(t *testing.T) {
	for _, source := range []string{
		"<script>pwned()</script>", "<img src=x onerror=pwned()>", "a <b onclick=pwned()>b</b>", "<iframe srcdoc='<script>pwned()</script>'></iframe>", "<style>*{background:url(//evil.example)}</style>",
		"[a](javascript:pwned())", "[a](JaVaScRiPt:pwned())", "[a](&#106;avascript:pwned())", "[a](java\tscript:pwned())", "[a]( javascript:pwned() )", "[a](vbscript:pwned())",
		"[a](data:text/html,<script>pwned()</script>)", "<javascript:pwned()>", "![a](javascript:pwned())", "![a](data:text/html,x)", "[a]: javascript:pwned()\n\n[a]",
		`[a](https://example.org "x\" onmouseover=\"pwned()")`, "![\" onerror=\"pwned()](x)", "```\" onclick=\"pwned()\nx\n```", "`</code><script>pwned()</script>`",
	} {
		page := lesson.HTML(source)
		for z := html.NewTokenizer(strings.NewReader(page)); z.Next() != html.ErrorToken; {
			tag := z.Token()
			if tag.Type == html.TextToken || tag.Type == html.EndTagToken {
				continue
			}
			switch tag.Data {
			case "script", "style", "iframe", "object", "embed", "base", "form", "meta", "link":
				t.Errorf("%q became <%s>: %s", source, tag.Data, page)
			}
			for _, a := range tag.Attr {
				to := strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" || strings.Contains(to, "script:") || strings.HasPrefix(to, "data:") {
					t.Errorf("%q became <%s %s=%q>", source, tag.Data, a.Key, a.Val)
				}
			}
		}
	}
	if page := lesson.HTML("**a** [b](https://example.org/c)"); !strings.Contains(page, "<strong>a</strong>") || !strings.Contains(page, `href="https://example.org/c"`) {
		t.Errorf("what is harmless is lost: %s", page)
	}
}
