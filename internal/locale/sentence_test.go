package locale_test

import (
	"strings"
	"testing"

	"copyscope/internal/locale"
)

func TestSentence(t *testing.T) {
	en, zh := locale.New(locale.English), locale.New(locale.Chinese)
	for _, c := range []struct{ english, chinese string }{
		{"this version does not read the tracepoint that would tell, irq:irq_handler_entry", "本版本不读取可给出此数的跟踪点 irq:irq_handler_entry"},
		{"predicted 3, measured 5", "预测 3，实测 5"},
		{"predicted copy, observed lend", "预测为拷贝，观测到借出"},
		{"use one of read-write, sendfile", "请用以下之一：read-write, sendfile"},
		{"/proc/vmstat: open /proc/vmstat: no such file or directory", "读取 /proc/vmstat 时出错：打开 /proc/vmstat 时出错：没有那个文件或目录（ENOENT）"},
		{"needs a network namespace to try it in: unshare(CLONE_NEWNET) needs CAP_SYS_ADMIN: operation not permitted",
			"需要一个网络命名空间才能尝试：unshare(CLONE_NEWNET) 需要 CAP_SYS_ADMIN：不允许的操作（EPERM）"},
		{"sendfile: sendfile failed after 10 of 20 bytes: the receiver closed the connection (connection reset by peer)",
			"sendfile：传完 10/20 字节后 sendfile 失败：接收端关闭了连接（连接被对端重置（ECONNRESET））"},
		// What no text fits stays as it is: whole or as a part.
		{"something nobody has thought of", "something nobody has thought of"},
		{"unshare(CLONE_NEWNET): exotic failure", "unshare(CLONE_NEWNET)：exotic failure"},
		{"", ""},
	} {
		if got := zh.Sentence(c.english); got != c.chinese {
			t.Errorf("%q in Chinese is\n%q, want\n%q", c.english, got, c.chinese)
		}
		if got := en.Sentence(c.english); got != c.english {
			t.Errorf("in English %q became %q", c.english, got)
		}
		if s := locale.Speak(c.english); s.In(locale.English) != c.english || s.In(locale.Chinese) != c.chinese {
			t.Errorf("Speak(%q) = %+v", c.english, s)
		}
	}
}

// Each text recognises its own sentences, no other does so with as much right,
// and every text has fixed words, so that parts are shorter than the whole.
func TestSentencesAreNotAmbiguous(t *testing.T) {
	for id, text := range catalogue(t, "en") {
		if !strings.HasPrefix(id, "sentence.") {
			continue
		}
		if strings.TrimSpace(placeholder.ReplaceAllString(text, "")) == "" {
			t.Errorf("%s has no fixed words", id)
		}
		filled := placeholder.ReplaceAllString(text, sample)
		got, ambiguous := locale.Recognised(filled)
		if got != id || ambiguous {
			t.Errorf("%q is of %s, but was taken for %s (ambiguous: %v)", filled, id, got, ambiguous)
		}
	}
}
