package group

import "errors"

// What can be wrong with a call. The broker maps these to Kafka's codes.
var (
	ErrGroupID        = errors.New("invalid group id")
	ErrSessionTimeout = errors.New("invalid session timeout")
	ErrProtocol       = errors.New("inconsistent group protocol")
	ErrUnknownMember  = errors.New("unknown member id")
	ErrGeneration     = errors.New("illegal generation")
	ErrRebalance      = errors.New("a rebalance is in progress")
	ErrMemberRequired = errors.New("the group member needs to have a valid member id before actually entering a group")
	ErrFenced         = errors.New("another consumer has taken this group.instance.id")
	ErrFull           = errors.New("the group has reached its maximum size")
	ErrNotEmpty       = errors.New("the group is not empty")
	ErrNotFound       = errors.New("there is no such group")
	ErrSubscribed     = errors.New("the group is subscribed to the topic")
	ErrCommitSize     = errors.New("the offsets are too much for one commit")
	ErrName           = errors.New("a name is too long")
	ErrRequest        = errors.New("the request contradicts itself")
	ErrAssignor       = errors.New("the broker has no such assignor")
	ErrExpression     = errors.New("invalid regular expression")
	ErrFencedEpoch    = errors.New("the member epoch is not the one that the coordinator knows")
	ErrStaleEpoch     = errors.New("the member epoch is not that of the member")
	ErrUnreleased     = errors.New("the group.instance.id is in use")
	ErrOldRequest     = errors.New("the version of the request is too old for the group's protocol")
	ErrClosed         = errors.New("the coordinator is closed")
)
