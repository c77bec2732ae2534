package quota

import "math"

// table is the quotas at one time. It is never changed.
type table struct {
	quotas quotas
	limits map[string]map[Entity]float64 // by key; a key that nobody has is not in it
}

func newTable(all quotas) *table {
	t := &table{quotas: all, limits: map[string]map[Entity]float64{}}
	for e, values := range all {
		for key, value := range values {
			if t.limits[key] == nil {
				t.limits[key] = map[Entity]float64{}
			}
			t.limits[key][e] = value
		}
	}
	return t
}

// share is who uses up a quota together: the connections of a user, of a client
// id, or of a client id of a user; or those of an address.
type share struct{ user, clientID, ip string }

// limit is the quota that counts for a client, and who shares it. ok is false if
// there is none.
//
// Of Kafka's eight levels the first that has the quota counts
// (ClientQuotaManager). A client that has no name has none of a client id,
// not the default one either.
func (t *table) limit(key, user, clientID string) (limit float64, by share, ok bool) {
	limits := t.limits[key]
	if limits == nil {
		return math.Inf(1), by, false
	}
	for _, level := range []struct {
		entity Entity
		by     share
	}{
		{Entity{User: Named(user), ClientID: Named(clientID)}, share{user: user, clientID: clientID}},
		{Entity{User: Named(user), ClientID: Default()}, share{user: user, clientID: clientID}},
		{Entity{User: Named(user)}, share{user: user}},
		{Entity{User: Default(), ClientID: Named(clientID)}, share{user: user, clientID: clientID}},
		{Entity{User: Default(), ClientID: Default()}, share{user: user, clientID: clientID}},
		{Entity{User: Default()}, share{user: user}},
		{Entity{ClientID: Named(clientID)}, share{clientID: clientID}},
		{Entity{ClientID: Default()}, share{clientID: clientID}},
	} {
		if level.entity.ClientID.present && clientID == "" {
			continue
		}
		if limit, ok := limits[level.entity]; ok {
			return limit, level.by, true
		}
	}
	return math.Inf(1), by, false
}

// connectionLimit is the quota of an address.
func (t *table) connectionLimit(ip string) (limit float64, ok bool) {
	limits := t.limits[ConnectionCreationRate]
	for _, e := range []Entity{{IP: Named(ip)}, {IP: Default()}} {
		if limit, ok := limits[e]; ok {
			return limit, true
		}
	}
	return math.Inf(1), false
}
