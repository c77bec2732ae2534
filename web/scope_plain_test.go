package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"copyscope/internal/trace"
)

// Without scripts the scoreboard has what it has with them: what gives each
// number its right to be believed, and the difference between the lanes.
func TestScopeWithoutScripts(t *testing.T) {
	base := serve(t, newKeptLab(t))
	part := func(query, from, to string) string {
		t.Helper()
		r, err := http.Get(base + "/scope?lang=en" + query)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		html, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		_, text, found := strings.Cut(string(html), from)
		if text, _, _ = strings.Cut(text, to); !found {
			t.Fatalf("the page has no %s", from)
		}
		return text
	}
	board := part("&step=9", `data-part="scoreboard"`, "</table>")
	if rows, dots := strings.Count(board, "data-row="), strings.Count(board, `class="dot prov-`); rows != len(trace.CountNames()) || dots != 2*rows {
		t.Errorf("%d counts with %d marks of provenance, want %d with two each", rows, dots, len(trace.CountNames()))
	}
	_, copies, _ := strings.Cut(board, `data-row="cpu_copies"`)
	copies, _, _ = strings.Cut(copies, "</tr>")
	if !strings.Contains(board, "B − A") || !strings.Contains(copies, `<td class="num diff">−1</td>`) {
		t.Errorf("the difference between the lanes is missing: %s", copies)
	}
	if said := part("", `data-part="narration"`, "</section>"); strings.Contains(said, "→") || !strings.Contains(said, "nothing has happened yet") {
		t.Errorf("the start names a key that only scripts hear, or nothing: %s", said)
	}
}
