package broker

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/quota"
)

func init() { register(kmsg.AlterClientQuotas, 0, 1, whole(alterClientQuotas)) }

// AlterClientQuotas, API key 49, versions 0 and 1: sets and removes quotas of users,
// clients and addresses; all entities that are not refused at once, on the disk
// before the answer, and in force for what clients do next.
//
// An entity is altered as a whole or not at all. One that is named twice, a key
// that it cannot have or that comes twice, and a value that cannot be get
// INVALID_REQUEST. Source: AlterClientQuotasRequest.json,
// ClientQuotaControlManager.alterClientQuotas (KIP-546).
func alterClientQuotas(_ context.Context, c *connection, req *kmsg.AlterClientQuotasRequest, resp *kmsg.AlterClientQuotasResponse) error {
	var wanted []wantedQuotas
	for _, e := range req.Entries {
		wanted = append(wanted, wantedOfEntry(e))
	}
	var accepted []quota.Alteration
	var at []int // accepted[i] is answered by resp.Entries[at[i]]
	for w, repeated := range eachOnce(wanted, wantedQuotas.key) {
		err := errors.Join(w.refused, repeated)
		if err == nil {
			err = w.Check()
		}
		if err == nil {
			accepted, at = append(accepted, w.Alteration), append(at, len(resp.Entries))
		}
		resp.Entries = append(resp.Entries, w.answered(err))
	}
	if req.ValidateOnly || len(accepted) == 0 {
		return nil
	}
	if err := c.b.dir.quotas.Alter(accepted...); err != nil {
		code := codePolicyViolation
		if !errors.Is(err, quota.ErrFull) {
			code = codeStorage
			c.b.log.Error("the quotas could not be stored", "error", err)
			err = errors.New("the quotas could not be stored; the broker's log says why")
		}
		for _, i := range at {
			resp.Entries[i].ErrorCode, resp.Entries[i].ErrorMessage = code, kmsg.StringPtr(err.Error())
		}
		return nil
	}
	for _, a := range accepted {
		for _, op := range a.Ops {
			c.b.log.Info("quota altered", "entity", a.Entity, "quota", op.Key, "value", op.Value, "removed", op.Remove, "by", c.seen.principal(), "peer", c.peer())
		}
	}
	return nil
}

// wantedQuotas is what is asked for of one entity; refused is why it is none.
type wantedQuotas struct {
	quota.Alteration
	entry   kmsg.AlterClientQuotasRequestEntry
	refused error
}

func wantedOfEntry(entry kmsg.AlterClientQuotasRequestEntry) wantedQuotas {
	w := wantedQuotas{entry: entry}
	var parts []quota.Part
	for _, p := range entry.Entity {
		parts = append(parts, quota.Part{Type: p.Type, Name: p.Name})
	}
	w.Entity, w.refused = quota.EntityOf(parts)
	for _, op := range entry.Ops {
		w.Ops = append(w.Ops, quota.Op{Key: op.Key, Value: op.Value, Remove: op.Remove})
	}
	return w
}

// key tells entities apart. What is none has itself as key.
func (w wantedQuotas) key() any {
	if w.refused != nil {
		return w.refused
	}
	return w.Entity
}

func (w wantedQuotas) answered(err error) kmsg.AlterClientQuotasResponseEntry {
	out := kmsg.NewAlterClientQuotasResponseEntry()
	for _, p := range w.entry.Entity {
		part := kmsg.NewAlterClientQuotasResponseEntryEntity()
		part.Type, part.Name = p.Type, p.Name
		out.Entity = append(out.Entity, part)
	}
	if err != nil {
		out.ErrorCode, out.ErrorMessage = codeInvalidRequest, kmsg.StringPtr(err.Error())
	}
	return out
}
