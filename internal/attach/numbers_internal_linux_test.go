package attach

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
)

// The filters let the calls through that they are for, and no others. They read as Go
// expressions do, with the same precedence.
func TestFilters(t *testing.T) {
	for _, returns := range []bool{false, true} {
		text := filter(returns)
		e, err := parser.ParseExpr(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		most := 0
		for id := int64(-1); id < 1000; id++ {
			name, ours := nameOf[id]
			want := ours && !(returns && syscallsByName[name].entryAlone)
			tried := 0
			if got := holds(t, e, id, &tried); got != want {
				t.Errorf("returns %v: call %d %s: let through %v, want %v", returns, id, name, got, want)
			}
			most = max(most, tried)
		}
		if most > 20 {
			t.Errorf("returns %v: up to %d comparisons for a call, want at most 20", returns, most)
		}
	}
}

// holds evaluates a filter as the kernel does, and counts the comparisons.
func holds(t *testing.T, e ast.Expr, id int64, tried *int) bool {
	t.Helper()
	if p, ok := e.(*ast.ParenExpr); ok {
		return holds(t, p.X, id, tried)
	}
	b := e.(*ast.BinaryExpr)
	switch b.Op {
	case token.LOR:
		return holds(t, b.X, id, tried) || holds(t, b.Y, id, tried)
	case token.LAND:
		return holds(t, b.X, id, tried) && holds(t, b.Y, id, tried)
	}
	*tried++
	n, err := strconv.ParseInt(b.Y.(*ast.BasicLit).Value, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	switch b.Op {
	case token.EQL:
		return id == n
	case token.LSS:
		return id < n
	case token.GEQ:
		return id >= n
	case token.LEQ:
		return id <= n
	}
	t.Fatalf("unknown comparison %v", b.Op)
	return false
}
