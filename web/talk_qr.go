package web

import (
	"fmt"
	"net/http"
	"strings"

	"rsc.io/qr"
)

// qrSVG draws a link as a QR code: one path, black on white in every theme, for
// that is what cameras expect, with the four modules of white around it that they
// need to find it.
func qrSVG(link string) (string, error) {
	code, err := qr.Encode(link, qr.M)
	if err != nil {
		return "", err
	}
	const quiet = 4
	side := code.Size + 2*quiet
	path := &strings.Builder{}
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			n := 0
			for x+n < code.Size && code.Black(x+n, y) {
				n++
			}
			if n > 0 {
				fmt.Fprintf(path, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, n, n)
				x += n
			}
		}
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" shape-rendering="crispEdges"><rect width="%d" height="%d" fill="#fff"/><path d="%s" fill="#000"/></svg>`,
		side, side, side*8, side*8, side, side, path), nil
}

// qr serves the code of a talk's link, at the address that was asked for, which is
// one that works for whoever asks.
func (t *talks) qr(w http.ResponseWriter, r *http.Request) {
	if t.find(r.PathValue("code")) == nil {
		t.refused(w, r, http.StatusNotFound, "refused.no-talk")
		return
	}
	image, err := qrSVG(t.origin(r) + "/t/" + r.PathValue("code"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "no-cache")
	w.Write([]byte(image))
}
