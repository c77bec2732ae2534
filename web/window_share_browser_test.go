package web_test

import "testing"

// The dialog that gives a run away says which of its files have all of a long run.
func TestScopeShareSaysWhatTheFilesHave(t *testing.T) {
	base := serve(t, newKeptLab(t))
	b := browse(t)
	b.openLong(base, 0, "", longStory, story)
	b.press("e")
	told := `document.querySelector('[data-part="share-cut"]')`
	b.await(told + `.textContent.includes('The run has 65,536 events') && !` + told + `.hidden`)
	eval[bool](b, `(() => { const lane = document.querySelector('[data-part="share-lane"]'); lane.value = 'b'; return lane.dispatchEvent(new Event('change')); })()`)
	b.await(told + `.hidden`)
}
