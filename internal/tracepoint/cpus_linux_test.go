package tracepoint

import "testing"

func TestListsOfProcessors(t *testing.T) {
	for list, want := range map[string]int{"0": 1, "0-1": 2, "0-3,8,10-11": 7} {
		if got, err := parseCPUs(list); err != nil || len(got) != want {
			t.Errorf("%q: %v, %v, want %d", list, got, err, want)
		}
	}
	for _, list := range []string{"", "a", "1-", "-"} {
		if got, err := parseCPUs(list); err == nil {
			t.Errorf("%q gives %v", list, got)
		}
	}
}
