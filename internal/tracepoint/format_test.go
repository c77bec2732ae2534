package tracepoint

import (
	"encoding/binary"
	"strings"
	"testing"
)

const format = `name: net_dev_start_xmit
ID: 1599
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:__data_loc char[] name;	offset:8;	size:4;	signed:0;
	field:char comm[4];	offset:12;	size:4;	signed:0;
	field:u64 address;	offset:16;	size:8;	signed:0;
	field:unsigned char order;	offset:24;	size:1;	signed:0;
	field:s16 small;	offset:26;	size:2;	signed:1;

print fmt: "dev=%s", __get_str(name)
`

func TestFieldsOfAFormat(t *testing.T) {
	e, err := parseFormat(strings.NewReader(format))
	if err != nil || e.ID != 1599 {
		t.Fatalf("%+v, %v", e, err)
	}
	raw := make([]byte, 32)
	order := binary.NativeEndian
	order.PutUint16(raw, 1599)
	order.PutUint32(raw[4:], 0xffffffff)
	order.PutUint32(raw[8:], 3<<16|28) // 3 bytes at 28
	copy(raw[12:], "abcd")
	order.PutUint64(raw[16:], 1<<63|5)
	raw[24] = 200
	order.PutUint16(raw[26:], 0xfffe)
	copy(raw[28:], "lo\x00")
	address := uint64(1<<63 | 5)
	for name, want := range map[string]int64{"common_type": 1599, "common_pid": -1, "address": int64(address), "order": 200, "small": -2} {
		f, err := e.Field(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Int(raw); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
		if got := f.Int(raw[:1]); got != 0 {
			t.Errorf("%s of too short data is %d", name, got)
		}
	}
	for name, want := range map[string]string{"name": "lo", "comm": "abcd"} {
		f, err := e.Field(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.String(raw); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	comm, err := e.Field("comm")
	if got := comm.Bytes(raw); err != nil || string(got) != "abcd" || comm.Bytes(raw[:15]) != nil {
		t.Errorf("the bytes of comm are %q, %v; of too short data %q", got, err, comm.Bytes(raw[:15]))
	}
	order.PutUint32(raw[8:], 0xffff<<16|0xffff) // outside of the data
	if f, _ := e.Field("name"); f.String(raw) != "" {
		t.Error("a text from outside of the data")
	}
}

func TestFormatsThatCannotBe(t *testing.T) {
	for _, text := range []string{"", "ID: x\n", "ID: 99999999\n", "ID: 1\n\tfield:int a;\toffset:b;\tsize:4;\tsigned:1;\n", "ID: 1\n\tfield:;\toffset:0;\tsize:4;\n"} {
		if e, err := parseFormat(strings.NewReader(text)); err == nil {
			t.Errorf("%q gives %+v", text, e)
		}
	}
}
