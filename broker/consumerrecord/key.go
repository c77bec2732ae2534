package consumerrecord

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kbin"
)

// Kind says what a record is about, as its key begins.
type Kind int16

const (
	KindGroup             Kind = 3  // [Group]
	KindTopics            Kind = 4  // [Topics]
	KindMember            Kind = 5  // [Member], by member
	KindTargetEpoch       Kind = 6  // [TargetEpoch]
	KindTarget            Kind = 7  // [Target], by member
	KindCurrent           Kind = 8  // [Current], by member
	KindRegularExpression Kind = 16 // [RegularExpression], by expression
)

// Key is a record's key.
type Key struct {
	Kind  Kind
	Group string
	// Of is the member's id or the expression, "" for the group as a whole.
	Of string
}

// Known says whether records of the kind are of this package.
func Known(kind int16) bool {
	switch Kind(kind) {
	case KindGroup, KindTopics, KindMember, KindTargetEpoch, KindTarget, KindCurrent, KindRegularExpression:
		return true
	}
	return false
}

func (k Kind) hasPart() bool {
	return k == KindMember || k == KindTarget || k == KindCurrent || k == KindRegularExpression
}

// Bytes is the key as it is stored.
func (k Key) Bytes() []byte {
	b := kbin.AppendString(kbin.AppendInt16(nil, int16(k.Kind)), k.Group)
	if k.Kind.hasPart() {
		b = kbin.AppendString(b, k.Of)
	}
	return b
}

// ReadKey reads a key of a kind that is [Known].
func ReadKey(b []byte) (k Key, err error) {
	r := kbin.Reader{Src: b}
	k.Kind, k.Group = Kind(r.Int16()), r.String()
	if !Known(int16(k.Kind)) {
		return k, fmt.Errorf("key of kind %d, which is none of a consumer group", k.Kind)
	}
	if k.Kind.hasPart() {
		k.Of = r.String()
	}
	if err := r.Complete(); err != nil {
		return k, fmt.Errorf("key of kind %d: %w", k.Kind, err)
	}
	return k, nil
}
