package broker

import (
	"maps"
	"reflect"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// errorCounter counts the error codes in the answers of one API. The codes are
// the broker's own words, so they are few whatever clients send.
type errorCounter struct {
	mu     sync.Mutex
	byCode map[int16]int64
}

func (c *errorCounter) add(code int16) {
	if code == codeNone {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byCode == nil {
		c.byCode = map[int16]int64{}
	}
	c.byCode[code]++
}

func (c *errorCounter) counts() map[int16]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.byCode)
}

// answered counts the error codes of an answer: its own, and those of the
// topics, partitions, groups … in it, as Kafka does (AbstractResponse.errorCounts).
func (c *counters) answered(key int16, resp kmsg.Response) {
	counter := c.requests[key]
	if counter == nil {
		return
	}
	eachErrorCode(reflect.ValueOf(resp).Elem(), counter.errors.add)
}

// eachErrorCode visits the fields ErrorCode of a struct and of those in it.
func eachErrorCode(v reflect.Value, visit func(int16)) {
	for _, i := range errorFieldsOf(v.Type()) {
		switch f := v.Field(i); f.Kind() {
		case reflect.Int16:
			visit(int16(f.Int()))
		case reflect.Struct:
			eachErrorCode(f, visit)
		case reflect.Pointer:
			if !f.IsNil() {
				eachErrorCode(f.Elem(), visit)
			}
		case reflect.Slice:
			for n := range f.Len() {
				eachErrorCode(f.Index(n), visit)
			}
		}
	}
}

// errorFields are by reflect.Type what errorFieldsOf found.
var errorFields sync.Map

// errorFieldsOf are the fields of a struct that are error codes, or hold some.
func errorFieldsOf(t reflect.Type) (fields []int) {
	if known, ok := errorFields.Load(t); ok {
		return known.([]int)
	}
	for i := range t.NumField() {
		f := t.Field(i)
		in := f.Type
		if in.Kind() == reflect.Slice || in.Kind() == reflect.Pointer {
			in = in.Elem()
		}
		if f.Name == "ErrorCode" && f.Type.Kind() == reflect.Int16 || in.Kind() == reflect.Struct && len(errorFieldsOf(in)) > 0 {
			fields = append(fields, i)
		}
	}
	errorFields.Store(t, fields)
	return fields
}
