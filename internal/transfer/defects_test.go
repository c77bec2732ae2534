package transfer_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"copyscope/internal/transfer/transfertest"
)

// defectVar names the defect that a child process of TestTableFinds runs with.
const defectVar = "COPYSCOPE_TEST_DEFECT"

// TestTableFinds breaks the kernel in one way at a time and expects the table
// to say so. A failing table fails its whole process, so each runs in a child.
func TestTableFinds(t *testing.T) {
	if defect := os.Getenv(defectVar); defect != "" {
		transfertest.Conformance(t, openMemory(false, defect))
		return
	}
	for defect, clause := range map[string]string{
		"offset moves position": "read/at_an_offset",
		"sends a byte twice":    "programs/read-write",
		"counts too many":       "write/a_buffer",
		"no SIGBUS":             "write/a_mapping_of_a_truncated_file",
		"unaligned mmap":        "mmap/an_unaligned_offset",
		"bottomless pipe":       "splice/no_more_than_the_pipe_holds",
		"close does nothing":    "close/the_descriptor_is_gone",

		"bottomless tee":           "tee/no_more_than_the_second_pipe_holds",
		"shared position":          "open/a_position_of_its_own",
		"completions in any order": "completion/in_the_order_of_the_sends",
		"links do not break":       "enter/a_short_read_cancels_what_is_linked",
	} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			child := exec.Command(os.Args[0], "-test.run", "^TestTableFinds$", "-test.timeout", "60s")
			child.Env = append(os.Environ(), defectVar+"="+defect)
			out, err := child.CombinedOutput()
			if err == nil {
				t.Fatal("the table passed a defective kernel")
			}
			if !strings.Contains(string(out), "--- FAIL: TestTableFinds/"+clause) {
				t.Errorf("the table failed, but not in %q:\n%s", clause, tail(out))
			}
		})
	}
}

func tail(out []byte) string {
	lines := strings.Split(string(out), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
