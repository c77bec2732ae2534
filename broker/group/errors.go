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
	ErrClosed         = errors.New("the coordinator is closed")
)
