package main

import (
	"fmt"
	"slices"

	"copyscope/internal/lab"
)

// withoutLab is the error of a call that asked for the lab network where there is
// none: the reason is the same whatever the path.
func withoutLab(not *lab.UnavailableError) error { return fmt.Errorf("--net veth: %s", not.Reason) }

// noLab stands in the tables in the place of that reason.
const noLab = "there is no lab network here"

// toldOnce leaves out of a report for people why there is no lab network: the call's
// error says it, once, after predictions of which there may be hundreds.
func toldOnce(report lab.Report) lab.Report {
	var reasons []string
	var others []*lab.UnavailableError
	for _, not := range report.Unavailable {
		if not.Net {
			reasons = append(reasons, not.Reason)
			continue
		}
		others = append(others, not)
	}
	report.Unavailable, report.Compare = others, slices.Clone(report.Compare)
	for i, c := range report.Compare {
		if slices.Contains(reasons, c.Reason) {
			report.Compare[i].Reason = noLab
		}
	}
	return report
}
