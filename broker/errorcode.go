package broker

import (
	"errors"
	"log/slog"

	"copyscope/broker/group"
	"copyscope/broker/log"
	"copyscope/broker/txn"
	"copyscope/broker/vfs"
)

// Kafka's error codes that this broker uses (Errors.java).
const (
	codeNone                int16 = 0
	codeUnknown             int16 = -1 // UNKNOWN_SERVER_ERROR
	codeOffsetOutOfRange    int16 = 1
	codeCorruptMessage      int16 = 2
	codeUnknownTopic        int16 = 3
	codeLeaderNotAvailable  int16 = 5
	codeMessageTooLarge     int16 = 10
	codeInvalidTopic        int16 = 17
	codeRecordListTooLarge  int16 = 18
	codeInvalidRequiredAcks int16 = 21
	codeInvalidTimestamp    int16 = 32
	codeUnsupportedVersion  int16 = 35
	codeTopicExists         int16 = 36
	codeInvalidPartitions   int16 = 37
	codeInvalidReplication  int16 = 38
	codeInvalidAssignment   int16 = 39
	codeInvalidConfig       int16 = 40
	codeInvalidRequest      int16 = 42
	codePolicyViolation     int16 = 44
	codeOutOfOrderSequence  int16 = 45
	codeProducerEpoch       int16 = 47
	codeInvalidTxnState     int16 = 48
	codeCoordinatorFenced   int16 = 52 // TRANSACTION_COORDINATOR_FENCED
	codeTransactionalID     int16 = 53 // TRANSACTIONAL_ID_AUTHORIZATION_FAILED
	codeStorage             int16 = 56
	codeSessionIDNotFound   int16 = 70
	codeDeletionDisabled    int16 = 73
	codeFencedLeaderEpoch   int16 = 74
	codeUnknownLeaderEpoch  int16 = 75
	codeUnsupportedCodec    int16 = 76
	codeInvalidRecord       int16 = 87
	codeThrottled           int16 = 89 // THROTTLING_QUOTA_EXCEEDED
	codeUnknownTopicID      int16 = 100
	codeMismatchedEndpoint  int16 = 114
	codeUnsupportedEndpoint int16 = 115
)

// Codes of authentication and its users.
const (
	codeUnsupportedMechanism   int16 = 33 // UNSUPPORTED_SASL_MECHANISM
	codeIllegalSASLState       int16 = 34
	codeSecurityDisabled       int16 = 54
	codeAuthenticationFailed   int16 = 58 // SASL_AUTHENTICATION_FAILED
	codeResourceNotFound       int16 = 91
	codeDuplicateResource      int16 = 92
	codeUnacceptableCredential int16 = 93
)

// Codes of consumer groups.
const (
	codeOffsetMetadataTooLarge  int16 = 12
	codeCoordinatorNotAvailable int16 = 15
	codeIllegalGeneration       int16 = 22
	codeInconsistentProtocol    int16 = 23
	codeInvalidGroupID          int16 = 24
	codeUnknownMember           int16 = 25
	codeInvalidSessionTimeout   int16 = 26
	codeRebalanceInProgress     int16 = 27
	codeInvalidCommitSize       int16 = 28 // INVALID_COMMIT_OFFSET_SIZE
	codeNonEmptyGroup           int16 = 68
	codeGroupIDNotFound         int16 = 69
	codeMemberIDRequired        int16 = 79
	codeGroupMaxSize            int16 = 81
	codeFencedInstance          int16 = 82
	codeGroupSubscribed         int16 = 86
	codeFencedMemberEpoch       int16 = 110
	codeUnreleasedInstance      int16 = 111 // UNRELEASED_INSTANCE_ID
	codeUnsupportedAssignor     int16 = 112
	codeStaleMemberEpoch        int16 = 113
	codeInvalidExpression       int16 = 128 // INVALID_REGULAR_EXPRESSION
)

// Codes of transactions.
const (
	codeNotCoordinator          int16 = 16
	codeNotEnoughReplicas       int16 = 19
	codeProducerIDMapping       int16 = 49 // INVALID_PRODUCER_ID_MAPPING
	codeTransactionTimeout      int16 = 50 // INVALID_TRANSACTION_TIMEOUT
	codeConcurrentTransactions  int16 = 51
	codeOperationNotAttempted   int16 = 55
	codeUnstableOffsetCommit    int16 = 88
	codeProducerFenced          int16 = 90
	codeTransactionalIDNotFound int16 = 105
	codeTransactionAbortable    int16 = 120
)

var (
	errTopicName   = errors.New("invalid topic name")
	errConfig      = errors.New("invalid config")
	errReplication = errors.New("invalid replication")
	errAssignment  = errors.New("invalid replica assignment")
	errRequest     = errors.New("invalid request")
)

// errorCodes maps our errors to Kafka's, the first match counts.
var errorCodes = []struct {
	err  error
	code int16
}{
	{txn.ErrID, codeInvalidRequest},
	{txn.ErrTimeout, codeTransactionTimeout},
	{txn.ErrMapping, codeProducerIDMapping},
	{txn.ErrFenced, codeProducerFenced},
	{txn.ErrConcurrent, codeConcurrentTransactions},
	{txn.ErrState, codeInvalidTxnState},
	{txn.ErrNotFound, codeTransactionalIDNotFound},
	{txn.ErrFull, codePolicyViolation},
	{txn.ErrStore, codeNotCoordinator},
	{txn.ErrClosed, codeCoordinatorNotAvailable},
	{errTransactionalID, codeTransactionalID},
	{errProducers, codeProducerIDMapping},
	{log.ErrCorrupt, codeCorruptMessage},
	{log.ErrInvalid, codeInvalidRecord},
	{log.ErrTooLarge, codeMessageTooLarge},
	{log.ErrTimestampType, codeInvalidTimestamp},
	{log.ErrTimestamp, codeInvalidTimestamp},
	{log.ErrSegmentTooSmall, codeRecordListTooLarge},
	{log.ErrOutOfOrderSequence, codeOutOfOrderSequence},
	{log.ErrProducerEpoch, codeProducerEpoch},
	{log.ErrCodec, codeUnsupportedCodec},
	{log.ErrTransactional, codeInvalidTxnState},
	{log.ErrCoordinatorFenced, codeCoordinatorFenced},
	{log.ErrOffset, codeOffsetOutOfRange},
	{log.ErrStorage, codeStorage},
	{group.ErrGroupID, codeInvalidGroupID},
	{group.ErrSessionTimeout, codeInvalidSessionTimeout},
	{group.ErrProtocol, codeInconsistentProtocol},
	{group.ErrUnknownMember, codeUnknownMember},
	{group.ErrGeneration, codeIllegalGeneration},
	{group.ErrRebalance, codeRebalanceInProgress},
	{group.ErrMemberRequired, codeMemberIDRequired},
	{group.ErrFenced, codeFencedInstance},
	{group.ErrFull, codeGroupMaxSize},
	{group.ErrNotEmpty, codeNonEmptyGroup},
	{group.ErrNotFound, codeGroupIDNotFound},
	{group.ErrSubscribed, codeGroupSubscribed},
	{group.ErrFencedEpoch, codeFencedMemberEpoch},
	{group.ErrUnreleased, codeUnreleasedInstance},
	{group.ErrAssignor, codeUnsupportedAssignor},
	{group.ErrStaleEpoch, codeStaleMemberEpoch},
	{group.ErrExpression, codeInvalidExpression},
	{group.ErrOldRequest, codeUnsupportedVersion},
	{group.ErrRequest, codeInvalidRequest},
	{group.ErrName, codeInvalidRequest},
	{group.ErrCommitSize, codeInvalidCommitSize},
	{group.ErrClosed, codeCoordinatorNotAvailable},
	{errTopicName, codeInvalidTopic},
	{errTopicExists, codeTopicExists},
	{errTopicInternal, codeInvalidTopic},
	{errTopicUnknown, codeUnknownTopic},
	{errPartitionNumber, codeInvalidPartitions},
	{errPartitionLimit, codePolicyViolation},
	{errReplication, codeInvalidReplication},
	{errAssignment, codeInvalidAssignment},
	{errConfig, codeInvalidConfig},
	{errRequest, codeInvalidRequest},
	{errMutations, codeThrottled},
}

// codeOf is Kafka's code for err.
func codeOf(err error) int16 {
	if err == nil {
		return codeNone
	}
	for _, e := range errorCodes {
		if errors.Is(err, e.err) {
			return e.code
		}
	}
	return codeUnknown
}

// codeLogged is codeOf, and a log line if the fault is the broker's.
func codeLogged(l *slog.Logger, err error, args ...any) int16 {
	code := codeOf(err)
	if code == codeStorage || code == codeUnknown {
		args = append(args, "error", err)
		if vfs.NoSpace(err) {
			args = append(args, "remedy", "free space where the data directory is; until then producers are told KAFKA_STORAGE_ERROR, and what was acknowledged stays")
		}
		l.Error("request failed", args...)
	}
	return code
}
