package chart

import (
	"fmt"
	"math"
	"strings"
)

// shapes are the markers' outlines around a point: corners in units of a
// marker's radius. A circle has none.
var shapes = [...][][2]float64{
	nil,
	{{-0.9, -0.9}, {0.9, -0.9}, {0.9, 0.9}, {-0.9, 0.9}}, // square
	{{0, -1.2}, {1.1, 0.8}, {-1.1, 0.8}},                 // triangle
	{{0, -1.3}, {1.3, 0}, {0, 1.3}, {-1.3, 0}},           // diamond
	{{0, 1.2}, {1.1, -0.8}, {-1.1, -0.8}},                // triangle, upside down
	{{-0.4, -1.2}, {0.4, -1.2}, {0.4, -0.4}, {1.2, -0.4}, {1.2, 0.4}, {0.4, 0.4}, {0.4, 1.2}, {-0.4, 1.2}, {-0.4, 0.4}, {-1.2, 0.4}, {-1.2, -0.4}, {-0.4, -0.4}}, // plus
	{{-1.2, -0.6}, {-0.6, -1.2}, {0, -0.6}, {0.6, -1.2}, {1.2, -0.6}, {0.6, 0}, {1.2, 0.6}, {0.6, 1.2}, {0, 0.6}, {-0.6, 1.2}, {-1.2, 0.6}, {-0.6, 0}},           // cross
	{{-1.2, -0.5}, {1.2, -0.5}, {1.2, 0.5}, {-1.2, 0.5}}, // bar
}

// dashes are the lines' patterns, one for each of so many variants.
var dashes = [...]string{"none", "6 3", "2 3", "8 3 2 3"}

const radius = 4

// marker is the outline of a shape around a point.
func marker(shape int, x, y float64) string {
	corners := shapes[shape]
	if corners == nil {
		return fmt.Sprintf("M%s %sa%d %d 0 1 0 %d 0a%d %d 0 1 0 -%d 0z", num(x-radius), num(y), radius, radius, 2*radius, radius, radius, 2*radius)
	}
	b := &strings.Builder{}
	for k, c := range corners {
		fmt.Fprintf(b, "%c%s %s", "ML"[min(k, 1)], num(x+c[0]*radius), num(y+c[1]*radius))
	}
	return b.String() + "z"
}

// num writes a coordinate: a tenth of a pixel is as fine as anyone sees, and the
// same on every processor.
func num(v float64) string {
	s := fmt.Sprintf("%.1f", math.Round(v*10)/10)
	return strings.TrimSuffix(strings.Replace(s, "-0.0", "0", 1), ".0")
}
