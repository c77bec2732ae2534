package lesson_test

import (
	"slices"
	"strings"
	"testing"

	"copyscope/internal/lesson"
)

// The terms that students meet stand in the glossary under both names, with what the
// articles call them.
func TestTermsOfTheArticles(t *testing.T) {
	for name, row := range map[string]struct{ en, zh, called string }{
		"zero-copy":      {"zero copy", "零拷贝", ""},
		"dma":            {"DMA", "直接内存访问", ""},
		"scatter-gather": {"scatter-gather", "分散/聚集", "SG-DMA"},
		"page-cache":     {"page cache", "页缓存", "内核缓冲区"},
		"readahead":      {"readahead", "预读", ""},
		"write-behind":   {"write-behind", "延迟写", ""},
		"mode-switch":    {"mode switch", "模式切换", "上下文切换"},
		"context-switch": {"context switch", "上下文切换", ""},
		"descriptor":     {"descriptor", "描述符", ""},
		"page-fault":     {"page fault", "缺页", ""},
		"socket-buffer":  {"socket buffer", "套接字缓冲区", ""},
		"append-only":    {"append-only", "追加写", ""},

		"transaction":          {"transaction", "事务", ""},
		"control-batch":        {"control batch", "控制批次", "事务标记"},
		"last-stable-offset":   {"last stable offset", "最后稳定偏移量", "LSO"},
		"read-committed":       {"read_committed", "read_committed", "读已提交"},
		"aborted-transactions": {"aborted transaction list", "已中止事务列表", ""},
	} {
		word := lesson.Shipped().Word(name)
		if word == nil {
			t.Errorf("the glossary has no %s", name)
			continue
		}
		if !strings.Contains(word.Term.En, row.en) || !strings.Contains(word.Term.Zh, row.zh) || word.Text.En == "" || word.Text.Zh == "" {
			t.Errorf("%s is %v, want %s and %s, each with a text", name, word.Term, row.en, row.zh)
		}
		if !slices.ContainsFunc(word.Also.Zh, func(also string) bool { return strings.Contains(also, row.called) }) {
			t.Errorf("%s: articles call it %v, want %s among that", name, word.Also.Zh, row.called)
		}
	}
	if also := lesson.Shipped().Word("page-cache").Also.Zh; !slices.Contains(also, "Read Buffer") {
		t.Errorf("articles call the page cache %v, want Read Buffer among that", also)
	}
}

// The famous figures of Kafka are told apart, each with its benchmark.
func TestFamousFiguresHaveTheirBenchmarks(t *testing.T) {
	card := lesson.Shipped().Card("kafka-figures")
	for _, text := range []string{card.Truth.En, card.Truth.Zh} {
		li, co := strings.Index(text, "LinkedIn"), strings.Index(text, "Confluent")
		if li < 0 || co < 0 || !strings.Contains(text, "2014") || !strings.Contains(text, "2020") || !strings.Contains(text, "605") {
			t.Errorf("%q names LinkedIn at %d, Confluent at %d; want both, with 2014, 2020 and 605 MB/s", text, li, co)
		}
	}
	if len(card.Sources) != 2 {
		t.Errorf("%d sources, want both", len(card.Sources))
	}
}

// The lesson on applications says for each job which technique fits: the same jobs
// and the same calls in both languages.
func TestJobsHaveTheirTechnique(t *testing.T) {
	calls := func(text string) (out []string) {
		for line := range strings.Lines(text) {
			cells := strings.Split(line, "|")
			if len(cells) != 5 || strings.Contains(line, "---") {
				continue
			}
			parts := strings.Split(cells[2], "`")
			var named []string
			for i := 1; i < len(parts); i += 2 {
				named = append(named, parts[i])
			}
			out = append(out, strings.Join(named, " "))
		}
		return out
	}
	kernel := lesson.Shipped().Lesson("applications").Kernel
	want := []string{"", "sendfile", "", "", "read mmap", "splice", "tee", "MSG_ZEROCOPY", "write", "O_DIRECT"}
	for lang, text := range map[string]string{"en": kernel.En, "zh": kernel.Zh} {
		if got := calls(text); !slices.Equal(got, want) {
			t.Errorf("%s: techniques %q, want %q", lang, got, want)
		}
	}
}
