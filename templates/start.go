package templates

// startPlace is what the picture calls a place: of the devices, what everybody
// calls them.
func (p StartPage) startPlace(place string) string {
	if place == "nic" {
		return p.Term("net", place)
	}
	return p.Term("place", place)
}

// startBoxes are the places in the picture of the start page.
var startBoxes = []struct{ place, x, y, w, cx, ty string }{
	{"user-buffer", "212", "16", "136", "280", "36"},
	{"page-cache", "118", "86", "112", "174", "106"},
	{"socket-buffer", "340", "86", "124", "402", "106"},
	{"disk", "24", "158", "80", "64", "178"},
	{"nic", "424", "158", "130", "489", "178"},
}

// inputMode is the keyboard that a phone shows for a unit: sizes and times have
// letters.
func inputMode(unit string) string {
	if unit == "bytes" || unit == "ns" {
		return "text"
	}
	return "decimal"
}
