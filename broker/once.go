package broker

import (
	"fmt"
	"iter"
)

// eachOnce goes through what a request names, each once, where it comes first.
// The error refuses what is named more than once, as Kafka's admin requests do.
// The key is asked for once for each: what it says may change meanwhile.
func eachOnce[T any, K comparable](all []T, key func(T) K) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		keys, times := make([]K, len(all)), map[K]int{}
		for i, one := range all {
			keys[i] = key(one)
			times[keys[i]]++
		}
		for i, one := range all {
			n := times[keys[i]]
			if n == 0 {
				continue // it was there before
			}
			times[keys[i]] = 0
			var repeated error
			if n > 1 {
				repeated = fmt.Errorf("%w: it is named %d times; name it once", errRequest, n)
			}
			if !yield(one, repeated) {
				return
			}
		}
	}
}
