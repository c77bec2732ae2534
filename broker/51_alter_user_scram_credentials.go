package broker

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/users"
)

func init() {
	register(kmsg.AlterUserSCRAMCredentials, 0, 0, whole(alterUserSCRAMCredentials))
}

// AlterUserScramCredentials, API key 51, version 0: sets and deletes users'
// credentials; all that are not refused at once, on the disk before the answer.
// The password comes salted, and is not kept: only the keys made of it are.
//
// A name that comes twice gets DUPLICATE_RESOURCE, what is to be deleted and is
// not there RESOURCE_NOT_FOUND, iterations beyond 4096 to 16384, an empty name
// or salt UNACCEPTABLE_CREDENTIAL. Source:
// AlterUserScramCredentialsRequest.json, ScramControlManager.alterCredentials
// (KIP-554).
func alterUserSCRAMCredentials(_ context.Context, c *connection, req *kmsg.AlterUserSCRAMCredentialsRequest, resp *kmsg.AlterUserSCRAMCredentialsResponse) error {
	var wanted []scramChange
	for _, d := range req.Deletions {
		wanted = append(wanted, scramChange{users.Change{Name: d.Name, Mechanism: users.Mechanism(d.Mechanism)}, nil})
	}
	for i, u := range req.Upsertions {
		wanted = append(wanted, scramChange{users.Change{Name: u.Name, Mechanism: users.Mechanism(u.Mechanism)}, &req.Upsertions[i]})
	}
	var changes []users.Change
	told := func(name string, refused *refusal) {
		r := kmsg.NewAlterUserSCRAMCredentialsResponseResult()
		r.User = name
		r.ErrorCode, r.ErrorMessage = refused.told()
		resp.Results = append(resp.Results, r)
	}
	for w, twice := range eachOnce(wanted, func(w scramChange) string { return w.Name }) {
		if twice != nil {
			told(w.Name, &refusal{codeDuplicateResource, "A user credential cannot be altered twice in the same request"})
		} else if refused := w.prepare(c.b.dir.users); refused != nil {
			told(w.Name, refused)
		} else {
			changes = append(changes, w.Change)
		}
	}
	if len(changes) == 0 {
		return nil
	}
	var refused *refusal
	if err := c.b.dir.users.Alter(changes...); err != nil {
		refused = c.alterRefused(err)
	}
	for _, change := range changes {
		told(change.Name, refused)
		if refused == nil {
			c.b.log.Info("user's credential altered", "user", change.Name, "mechanism", change.Mechanism, "deleted", change.New == nil, "by", c.seen.principal(), "peer", c.peer())
		}
	}
	return nil
}

// scramChange is one that is asked for; upsert is nil for a deletion.
type scramChange struct {
	users.Change
	upsert *kmsg.AlterUserSCRAMCredentialsRequestUpsertion
}

// prepare makes the credential, or says why it cannot be.
func (w *scramChange) prepare(in *users.Store) *refusal {
	switch u := w.upsert; {
	case w.Name == "":
		return &refusal{codeUnacceptableCredential, "Username must not be empty"}
	case !w.Mechanism.Known():
		return &refusal{codeUnsupportedMechanism, "Unknown SCRAM mechanism"}
	case u == nil:
		if _, known := in.Credential(w.Mechanism, w.Name); !known {
			return &refusal{codeResourceNotFound, "Attempt to delete a user credential that does not exist"}
		}
	case u.Iterations < users.MinIterations:
		return &refusal{codeUnacceptableCredential, "Too few iterations"}
	case u.Iterations > users.MaxIterations:
		return &refusal{codeUnacceptableCredential, "Too many iterations"}
	case len(u.SaltedPassword) == 0:
		return &refusal{codeUnacceptableCredential, "the salted password is empty"}
	default:
		made := users.CredentialOf(w.Mechanism, u.Salt, int(u.Iterations), u.SaltedPassword)
		if err := errors.Join(users.CheckName(w.Name), made.Check(w.Mechanism)); err != nil {
			return &refusal{codeUnacceptableCredential, err.Error()}
		}
		w.New = &made
	}
	return nil
}

func (c *connection) alterRefused(err error) *refusal {
	switch {
	case errors.Is(err, users.ErrUnknown): // another request was quicker
		return &refusal{codeResourceNotFound, "Attempt to delete a user credential that does not exist"}
	case errors.Is(err, users.ErrFull):
		return &refusal{codeUnacceptableCredential, err.Error()}
	}
	c.b.log.Error("the users could not be stored", "error", err)
	return &refusal{codeStorage, "the users could not be stored; the broker's log says why"}
}
