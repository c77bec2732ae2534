package main

import (
	"cmp"
	"fmt"
	"strings"
)

// view is one page as a reader may have it.
type view struct {
	// Name is the picture's, Address what comes after the host.
	Name, Address string
	// Ready is true once the page shows what it is for.
	Ready string
	// Cluster says that it is a page of a server that shows a Kafka cluster in the
	// place of a broker of its own.
	Cluster bool
}

// usable is true once a reader can begin. In lessons and talks that is before Ready,
// to which the view goes on by itself, as a reader would by some keys; in lanes, some
// runs come later than others, which can be stepped through meanwhile.
func (v view) usable() string {
	switch {
	case strings.HasPrefix(v.Name, "lesson-"):
		return `document.querySelector('article.lesson')?.dataset.ready`
	case v.Name == "talk-audience", v.Name == "talk-speaker":
		return `document.querySelector('[data-talk]')?.dataset.rev`
	case v.Name == "lanes":
		return `document.querySelector('.lane[data-status="ready"]')`
	}
	return cmp.Or(v.Ready, whole)
}

// whole is true once all of a page is there.
const whole = `document.readyState === 'complete'`

// views are the pages, each in a state that shows something.
var views = []view{
	{Name: "start", Address: "/"},
	{Name: "lessons", Address: "/lessons"},
	{Name: "lesson", Address: "/lessons/sendfile", Ready: inLesson("predict", "")},
	{Name: "lesson-watch", Address: "/lessons/sendfile", Ready: inLesson("watch", atZeroCopy)},
	{Name: "lesson-real", Address: "/lessons/sendfile?at=real", Ready: inLesson("real", "")},
	{Name: "lesson-exercises", Address: "/lessons/sendfile?at=exercises", Ready: inLesson("exercises", "")},
	{Name: "lesson-done", Address: "/lessons/sendfile?at=done", Ready: inLesson("done", "")},
	{Name: "sheet", Address: "/lessons/sendfile/sheet?answers=1"},
	{Name: "glossary", Address: "/glossary"},
	{Name: "scope", Address: "/scope?a=read-write,model=textbook,cache=cold,size=64KiB,chunk=64KiB&b=sendfile,model=textbook,cache=cold,size=64KiB,chunk=64KiB&step=9&v=1", Ready: `document.querySelector('.scope')?.dataset.ready === 'true'`},
	{Name: "lanes", Address: "/scope?a=sendfile,model=textbook,cache=cold,size=64KiB,chunk=64KiB&b=sendfile,model=textbook,cache=cold,size=64KiB,chunk=64KiB,whatif=4/sg=off&ghost=a&c=scenario=warm,group=kernel&d=sendfile,side=recorded,size=4MiB,chunk=64KiB&step=9&v=1", Ready: `document.querySelector('.scope')?.dataset.ready === 'true'`},
	{Name: "embed", Address: "/scope?embed=1&show=score&step=9&v=1", Ready: `document.querySelector('[data-stage]')?.dataset.ready === 'true'`},
	{Name: "live", Address: "/live", Ready: `document.querySelector('[data-figure] [data-value]')?.textContent.trim()`},
	{Name: "broker", Address: "/broker"},
	{Name: "topic", Address: "/broker/topics/orders"},
	{Name: "records", Address: "/broker/topics/orders/0"},
	{Name: "group", Address: "/broker/groups/billing"},
	{Name: "connections", Address: "/broker/connections"},
	{Name: "cluster", Address: "/broker", Cluster: true},
	{Name: "cluster-topic", Address: "/broker/topics/orders", Cluster: true},
	{Name: "cluster-records", Address: "/broker/topics/orders/0", Cluster: true},
	{Name: "cluster-group", Address: "/broker/groups/billing", Cluster: true},
	{Name: "talk", Address: "/talk"},
	{Name: "talk-audience", Address: "/t/" + talkCode, Ready: inTalk(3)},
	{Name: "talk-speaker", Address: "/t/" + talkCode + "/present#" + talkToken, Ready: inTalk(0)},
	{Name: "talk-clicker", Address: "/t/" + talkCode + "/clicker#" + talkToken, Ready: `document.querySelector('[data-talk]')?.dataset.slide`},
	{Name: "attach", Address: "/attach"},
	{Name: "claims", Address: "/claims"},
	{Name: "claim", Address: "/claims/speedup"},
	{Name: "doctor", Address: "/doctor", Ready: `!document.querySelector('main [aria-busy="true"]')`},
	{Name: "models", Address: "/models"},
	{Name: "docs", Address: "/docs/"},
	{Name: "docs-text", Address: "/docs/architecture.html"},
	{Name: "docs-commands", Address: "/docs/reference/commands.html"},
	{Name: "docs-schema", Address: "/docs/reference/schema-scenario.html"},
	{Name: "docs-settings", Address: "/docs/reference/broker-settings.html"},
	{Name: "missing", Address: "/nowhere"},
}

// atZeroCopy goes on to the walk's fifth step, at which a descriptor takes the place
// of a copy, and is true once the stage shows it.
const atZeroCopy = `(() => {
	if (document.querySelector('[data-stage]').dataset.ready !== 'true') return false;
	if (/5/.test(document.querySelector('[data-part="count"]').textContent)) return true;
	document.querySelector('[data-part="forward"]').click();
	return false;
})()`

// inLesson is true once a lesson is at one of its parts and more is so. On the way
// there it answers the predictions, without which nothing plays.
func inLesson(part, more string) string {
	if more == "" {
		more = "true"
	}
	return `(() => {
		if (!document.querySelector('article.lesson')?.dataset.ready) return false;
		if ('` + part + `' !== 'predict') {
			for (const form of document.querySelectorAll('[data-question^="predict-"]')) {
				if (form.querySelector('.noted')) continue;
				const input = form.querySelector('input:not([type="hidden"])');
				if (input.type === 'radio') input.checked = true;
				else input.value = '1';
				form.requestSubmit();
			}
			const at = document.querySelector('[data-station="` + part + `"]');
			if (!at.hasAttribute('aria-current')) at.click();
		}
		return document.querySelector('#` + part + `').hasAttribute('data-current') && ` + more + `;
	})()`
}

// inTalk is true once a page of a talk shows a slide, to which it goes by itself.
func inTalk(slide int) string {
	return fmt.Sprintf(`(() => {
		const talk = document.querySelector('[data-talk]');
		if (!talk?.dataset.rev) return false;
		if (Number(talk.dataset.slide) < %d) {
			talk.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
			return false;
		}
		return %[1]d === 0 || document.querySelector('[data-stage]').dataset.ready === 'true';
	})()`, slide)
}

// address is a view's with a language and a theme.
func (v view) address(lang, theme string) string {
	address, fragment, marked := strings.Cut(v.Address, "#")
	join := "?"
	if strings.Contains(address, "?") {
		join = "&"
	}
	address += join + "lang=" + lang + "&theme=" + theme
	if marked {
		address += "#" + fragment
	}
	return address
}

// languages and themes are all that a reader may choose.
var (
	languages = []string{"en", "zh"}
	themes    = []string{"light", "dark", "contrast", "projector"}
)

// viewNamed finds a page by its name.
func viewNamed(name string) (view, bool) {
	for _, v := range views {
		if v.Name == name {
			return v, true
		}
	}
	return view{}, false
}
