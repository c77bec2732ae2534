package lesson_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"copyscope/internal/lesson"
)

// marked is a text as HTML with its words as [words|name].
func marked(l *lesson.Library, lang, text string) string {
	return l.Words(lang).Mark(lesson.HTML(text), func(t *lesson.Term, words string) string { return "[" + words + "|" + t.Name + "]" })
}

// The words of the glossary are found where they are meant, each once in a text, and
// not in code, headings, links or other words.
func TestWordsInTexts(t *testing.T) {
	for _, row := range []struct{ name, lang, text, want string }{
		{"once", "en", "A page fault, and a page fault.", "<p>A [page fault|page-fault], and a page fault.</p>"},
		{"the longest", "en", "A dirty page in the page cache is a page.", "<p>A [dirty page|dirty-page] in the [page cache|page-cache] is a [page|page].</p>"},
		{"in the plural", "en", "Mode\nswitches and CPU copies", "<p>[Mode\nswitches|mode-switch] and [CPU copies|cpu-copy]</p>"},
		{"short for a long one", "en", "by DMA and TSO", "<p>by [DMA|dma] and [TSO|tso]</p>"},
		{"within a word", "en", "pipeline, non-DMA, page-wise, repage, /page, page_size", "<p>pipeline, non-DMA, page-wise, repage, /page, page_size</p>"},
		{"what means something else", "en", "On the live page a page is seen.", "<p>On the live page a [page|page] is seen.</p>"},
		{"code", "en", "`mmap` is mmap", "<p><code>mmap</code> is [mmap|mmap]</p>"},
		{"link", "en", "[a page](/page) and **a page**", `<p><a href="/page">a page</a> and <strong>a [page|page]</strong></p>`},
		{"heading", "en", "## Interrupt\n\nAn interrupt.", "<h2>Interrupt</h2>\n<p>An [interrupt|interrupt].</p>"},
		{"head of a table", "en", "| pipe |\n| --- |\n| pipe |", "<th>pipe</th>"},
		{"Chinese", "zh", "缺页之后，页缓存里有 16 页。", "<p>[缺页|page-fault]之后，[页缓存|page-cache]里有 16 [页|page]。</p>"},
		{"within a Chinese word", "zh", "网页、软中断、未命中、文件描述符", "<p>网页、软中断、[未命中|cache-miss]、[文件描述符|file-descriptor]</p>"},
		{"other name with a term in it", "zh", "主缺页由 DMA 控制器处理", "<p>[主缺页|page-fault]由 [DMA 控制器|dma-engine]处理</p>"},
		{"Latin beside Chinese", "zh", "用mmap映射，TLB失效", "<p>用[mmap|mmap]映射，[TLB|tlb]失效</p>"},
		{"name for two things", "en", "page references", "<p>page references</p>"},
	} {
		if got := marked(lesson.Shipped(), row.lang, row.text); !strings.Contains(got, row.want) {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

// The words of a directory's glossary are found beside the shipped ones.
func TestWordsOfADirectory(t *testing.T) {
	own := lesson.Shipped().With(fstest.MapFS{"glossary.yaml": {Data: []byte(`
- name: bounce-buffer
  term: {en: bounce buffer}
  not: {en: [bounce buffers of Mars]}
  text: {en: Memory that a device can reach.}
`)}}, "dir")
	if len(own.Errors) > 0 {
		t.Fatal(own.Errors[0])
	}
	if got, want := marked(own, "en", "No bounce buffers of Mars, a bounce buffer by DMA"), "<p>No bounce buffers of Mars, a [bounce buffer|bounce-buffer] by [DMA|dma]</p>"; !strings.Contains(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := marked(own, "zh", "bounce buffer"); strings.Contains(got, "[") {
		t.Errorf("%q: it has no Chinese name", got)
	}
}

// The text around the marks stays what it was, whatever is in it.
func FuzzWords(f *testing.F) {
	example, err := os.ReadFile("testdata/example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example))
	f.Add("<a href='x'>page</a> & a page\ue0001\ue001 of **DMA**")
	links := regexp.MustCompile(`\[\[(.*?)\|\|[a-z0-9-]+\]\]`)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "[[") || strings.Contains(text, "]]") || strings.Contains(text, "||") {
			return
		}
		for _, lang := range []string{"en", "zh"} {
			html := lesson.HTML(text)
			got := lesson.Shipped().Words(lang).Mark(html, func(t *lesson.Term, words string) string { return "[[" + words + "||" + t.Name + "]]" })
			if back := links.ReplaceAllString(got, "$1"); back != html {
				t.Errorf("%q became %q", html, got)
			}
		}
	})
}
