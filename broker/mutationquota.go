package broker

import (
	"errors"
	"fmt"

	"copyscope/broker/quota"
)

// errMutations refuses what is more than a client may create and delete.
var errMutations = errors.New("the quota controller_mutation_rate is exceeded; try again after the throttle time")

// mutates counts partitions that the client creates or deletes. If it is in debt, a
// strict one is refused; any other makes it wait (KIP-599).
func (c *connection) mutates(partitions int, strict bool) error {
	if !c.use.counted {
		return nil
	}
	wait, refused := c.b.limits.Mutate(c.use.client, partitions, strict)
	c.use.mustWait(quota.ControllerMutationRate, wait)
	if refused {
		return fmt.Errorf("%w of %d ms", errMutations, wait.Milliseconds())
	}
	return nil
}

// affordable are those of the changes that the client's quota lets through. What
// fails anyway, by failing, is let through and not counted; at are the places of
// their answers, and refuse is told of those that are left out.
func affordable[T any](c *connection, strict bool, changes []T, at []int, failing []error, partitions func(T) int, refuse func(at int, err error)) ([]T, []int) {
	if !c.use.counted {
		return changes, at
	}
	var through []T
	var places []int
	for i, change := range changes {
		if failing == nil || failing[i] == nil {
			if err := c.mutates(partitions(change), strict); err != nil {
				refuse(at[i], err)
				continue
			}
		}
		through, places = append(through, change), append(places, at[i])
	}
	return through, places
}
