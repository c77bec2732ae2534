package locale

// Recognised is the id of the English text that a sentence fits, or empty, and
// whether another text with as many fixed words fits as well.
func Recognised(english string) (id string, ambiguous bool) {
	p, _ := recognise(english)
	if p == nil {
		return "", false
	}
	for _, other := range patterns() {
		if other.id != p.id && other.fixed == p.fixed && other.match.MatchString(english) {
			return p.id, true
		}
	}
	return p.id, false
}
