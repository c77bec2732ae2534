package docsite_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"copyscope/internal/docsite"
	"copyscope/internal/locale"
)

// tree is a small documentation with what ours has, and what it must not have.
func tree() fstest.MapFS {
	files := map[string]string{
		"tutorial.md":    "# First steps\n\nEnglish · [中文](tutorial.zh.md)\n\nTo begin. Then more.\n\n## Run it\n\n[there](howto/one.md#the-2nd-step-of-serve), [here](#run-it), [中文](tutorial.zh.md)\n",
		"tutorial.zh.md": "# 第一步\n\n[English](tutorial.md) · 中文\n\n开始吧。然后。\n\n## 运行它\n\n[English](tutorial.md), [那里](howto/one.md), [英文那里](tutorial.md#run-it), [标题](#运行它)\n",
		"howto/one.md":   "# One thing\n\nDo it.\n\n## The 2nd step of `serve`\n\n### Again\n\n### Again\n\n#### Messages\n\n[m](#messages) [a](../tutorial.md) [again](#again-1)\n",
		"websocket.md": "# The websocket\n\n[code](../web/hub.go), [docs/schema](schema), [the settings](server.properties), [the harness](bench/peers), [lists](bench/README.md#lists), <https://kafka.apache.org/>\n\n" +
			"| a | | n |\n| --- | --- | ---: |\n| `x\\|y` | b | 1 |\n\n| | |\n| --- | --- |\n| c | d |\n\n![a curve](bench/curve.svg)\n\n```mermaid\na --> b\n```\n\n<!-- a step -->\n\n" +
			"<script>alert(1)</script>\n\nwords <img src=x onerror=alert(1)> [bad](javascript:alert(1))\n",
		"bench/README.md": "# Benchmarks\n\nAll.\n\n## Lists\n", "bench/scale.md": "# Scale\n\nCurves.\n", "bench/curve.svg": "<svg/>", "bench/unused.svg": "<svg/>",
		"architecture.md": "# Architecture\n\nHow.\n", "decisions/0001-one.md": "# 1: one\n\nBecause.\n", "odd.md": "# Odd\n\nNobody names it.\n",
		"server.properties": "listeners=x\n",
	}
	out := fstest.MapFS{}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func generated() docsite.Document {
	return docsite.Document{Name: "reference/broker-settings", Text: []byte("# Settings\n\n*Generated from code.*\n\nAll of them.\n"), For: []string{"server.properties"}}
}

func site(t *testing.T, files fstest.MapFS) *docsite.Site {
	t.Helper()
	s, err := docsite.New(files, generated())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLinksLeadToPages(t *testing.T) {
	s := site(t, tree())
	for _, c := range []struct {
		page string
		lang locale.Lang
		want []string
	}{
		{"tutorial", locale.English, []string{`href="howto/one.html#the-2nd-step-of-serve"`, `href="#run-it"`, `<h2 id="run-it">`, `href="zh/tutorial.html"`}},
		// A Chinese page leads to Chinese pages, with English texts if need be, but for
		// its own twin, and a heading that only the English text has.
		{"tutorial", locale.Chinese, []string{`href="../tutorial.html"`, `href="howto/one.html"`, `href="../tutorial.html#run-it"`, `<h2 id="运行它">`}},
		{"howto/one", locale.Chinese, []string{`href="../tutorial.html"`, `href="#again-1"`, `<h3 id="again-1">`, `href="#section-messages"`, `<h4 id="section-messages">`, `<h2 id="the-2nd-step-of-serve">`}},
		// What is in the repository and not on the site is spelled out, and no link.
		{"websocket", locale.English, []string{`<code>web/hub.go</code>`, `<code>docs/schema</code>`, `href="reference/broker-settings.html"`, `the harness (<code>docs/bench/peers</code>)`,
			`href="bench/index.html#lists"`, `href="https://kafka.apache.org/"`, `src="bench/curve.svg" alt="a curve"`}},
		{"websocket", locale.Chinese, []string{`src="../bench/curve.svg"`, `href="bench/index.html#lists"`}},
	} {
		page, ok := s.Page(c.page, c.lang)
		if !ok {
			t.Fatalf("there is no page %s", c.page)
		}
		for _, want := range c.want {
			if !strings.Contains(page.Body, want) {
				t.Errorf("%s in %s lacks %s:\n%s", c.page, c.lang, want, page.Body)
			}
		}
	}
}

// Tables, code and diagrams are such that CSS and keyboard can do with them; HTML does
// nothing, whoever wrote it.
func TestElements(t *testing.T) {
	page, _ := site(t, tree()).Page("websocket", locale.English)
	for _, want := range []string{
		`<div class="scroll" tabindex="0" role="group" aria-labelledby="the-websocket"><table>`, `<th scope="col">a</th>`, `<th scope="col" class="right">n</th>`, `<td class="right">1</td>`, `<td><code class="short">x|y</code></td>`,
		"<table>\n<tbody>\n<tr>\n<td>c</td>", `<figure class="diagram"><figcaption>Mermaid</figcaption>`, "a --&gt; b", `<pre class="scroll" tabindex="0">`,
		`&lt;script&gt;alert(1)`, `&lt;img src=x onerror=alert(1)&gt;`, `href=""`,
	} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page lacks %s:\n%s", want, page.Body)
		}
	}
	for _, never := range []string{"<script", "<img src=x", "javascript:", "a step", "style=", "<th scope=\"col\"></th>"} {
		if strings.Contains(page.Body, never) {
			t.Errorf("the page has %s:\n%s", never, page.Body)
		}
	}
}

func TestSectionsAndLanguages(t *testing.T) {
	s := site(t, tree())
	page, _ := s.Page("websocket", locale.Chinese)
	if page.Lang != locale.English || !page.Other || !page.Sections[2].Current || page.Languages[locale.English] != "../websocket.html" || page.Home != "index.html" || page.Root != "../" {
		t.Errorf("the page is %+v", page)
	}
	if page.Before == nil || page.Before.Address != "reference/broker-settings.html" || page.After == nil {
		t.Errorf("before it is %+v, after it %+v", page.Before, page.After)
	}
	sections := func(name string) (out string) {
		page, _ := s.Page(name, locale.English)
		for _, section := range page.Sections {
			out += section.Name + ":"
			for _, p := range section.Pages {
				out += " " + p.Title
			}
			out += "; "
		}
		return strings.TrimSuffix(out, "; ")
	}
	for name, want := range map[string]string{
		"index":       "tutorial: First steps; howto: One thing; reference: Settings The websocket; work: Architecture Benchmarks Odd",
		"bench/scale": "tutorial: First steps; howto: One thing; reference: Settings The websocket; work: Architecture Benchmarks Scale Odd",
		"tutorial":    "tutorial: First steps; howto: One thing; reference: Settings The websocket; work: Architecture Benchmarks Odd",
	} {
		if got := sections(name); got != want {
			t.Errorf("beside %s are %q, want %q", name, got, want)
		}
	}
	zh, _ := s.Page("index", locale.Chinese)
	if first := zh.Sections[0].Pages[0]; first.Title != "第一步" || first.Summary != "开始吧" || zh.Sections[1].Pages[0].Lang != locale.English {
		t.Errorf("the Chinese index begins with %+v", first)
	}
	if text, _ := s.Page("tutorial", locale.English); strings.Contains(text.Body, "·") {
		t.Errorf("the line of languages is there twice: %s", text.Body)
	}
	if settings, _ := s.Page("index", locale.English); settings.Sections[2].Pages[0].Summary != "All of them" {
		t.Errorf("the note of a generated page is taken for its summary: %+v", settings.Sections[2].Pages[0])
	}
}

func TestAddresses(t *testing.T) {
	s := site(t, tree())
	for at, want := range map[string]string{
		"": "index en", "index.html": "index en", "zh/": "index zh", "zh/index.html": "index zh", "tutorial.html": "tutorial en", "zh/howto/one.html": "howto/one zh", "bench/index.html": "bench/index en",
		"tutorial": "", "tutorial.md": "", "en/tutorial.html": "", "zh/zh/tutorial.html": "", "../tutorial.html": "", "howto/../tutorial.html": "", "howto/": "", "/tutorial.html": "", ".html": "",
	} {
		got := ""
		if name, lang, ok := s.Named(at); ok {
			got = name + " " + string(lang)
		}
		if got != want {
			t.Errorf("%q is %q, want %q", at, got, want)
		}
	}
	for file, want := range map[string]string{"websocket.md": "websocket.html", "websocket": "websocket.html", "tutorial.zh.md": "zh/tutorial.html", "bench/README.md": "bench/index.html", "../websocket.md": "", "none.md": "", "README.md": ""} {
		if to, _ := s.Moved(file); to != want {
			t.Errorf("%s is now %q, want %q", file, to, want)
		}
	}
	if _, ok := s.Picture("bench/curve.svg"); !ok {
		t.Error("a picture of a page is missing")
	}
	for _, none := range []string{"bench/unused.svg", "server.properties", "tutorial.md", "../docs/bench/curve.svg"} {
		if _, ok := s.Picture(none); ok {
			t.Errorf("%s is given away", none)
		}
	}
}

// What is wrong with a text is said with its file, and all at once.
func TestWhatIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"no title":          {"a.md", "words\n", "a.md: there is no heading"},
		"no such heading":   {"a.md", "# A\n\n[b](tutorial.md#nowhere)\n", "a.md: the link to #nowhere leads nowhere: tutorial.md has no such heading"},
		"none here":         {"a.md", "# A\n\n[b](#nowhere)\n", "a.md: the link to #nowhere leads nowhere: a.md has no such heading"},
		"no such picture":   {"a.md", "# A\n\n![b](pictures/b.webp)\n", "a.md: there is no picture pictures/b.webp"},
		"the site's own":    {"README.md", "# A\n", "README.md: there is a page index.html already"},
		"two for one page":  {"reference/broker-settings.md", "# A\n", "reference/broker-settings.md: there is a page reference/broker-settings.html already"},
		"a Chinese heading": {"a.md", "# A\n\n[b](tutorial.zh.md#run-it)\n", "tutorial.zh.md has no such heading"},
	} {
		files := tree()
		files[c.file] = &fstest.MapFile{Data: []byte(c.text)}
		if _, err := docsite.New(files, generated()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
