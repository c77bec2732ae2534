package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// variants are the flags that take lists, of which every combination runs.
type variants struct {
	side, model, cache, net []string
	dma, sg                 []string
	// gathers: --sg was given, so that a card which cannot gather is none of those
	// that were asked for.
	gathers bool
	// notes tell what is not done of what was asked for.
	notes []string
}

func (v *variants) addTo(flags *pflag.FlagSet, side ...string) {
	flags.StringSliceVar(&v.side, "side", side, "sim, real, recorded (on another machine; see copyscope record --list)")
	flags.StringSliceVar(&v.model, "model", []string{"linux"}, "of simulated runs: textbook, linux")
	flags.StringSliceVar(&v.cache, "cache", []string{"warm"}, "page cache at the beginning: warm, cold")
	flags.StringSliceVar(&v.net, "net", []string{"loopback"}, "loopback; veth (a lab network of two namespaces, made for the run: as root); nic (modelled; the textbook always uses it)")
	flags.StringSliceVar(&v.dma, "dma", []string{"on"}, "modelled devices move bytes by DMA: on, off")
	flags.StringSliceVar(&v.sg, "sg", []string{"on"}, "the card, or the lab network's devices, gather scattered pages: on, off (with --net nic or veth)")
}

// modelledOnly are the flags that say what the modelled machine is.
// --sg speaks of the lab network too.
var modelledOnly = []string{"model", "dma", "cpus", "llc", "profile", "whatif"}

// check refuses what was asked for and cannot be, and notes what can be of some
// runs alone.
func (v *variants) check(flags *pflag.FlagSet) error {
	if err := v.checkSides(flags); err != nil {
		return err
	}
	return v.checkGather(flags)
}

// refuseEmpty refuses a flag that was given nothing: it would be as if it had
// not been given, or as if nothing were to run.
func refuseEmpty(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		if err == nil && (len(values) == 0 || slices.Contains(values, "")) {
			err = fmt.Errorf("--%s %q: a value is empty; write one (%s), or leave the flag out", f.Name, strings.Join(values, ","), f.Usage)
		}
	})
	return err
}

// checkSides looks for flags of the modelled machine where real runs are.
func (v *variants) checkSides(flags *pflag.FlagSet) error {
	if !slices.Contains(v.side, string(trace.Real)) {
		return nil
	}
	simulated := slices.Contains(v.side, string(trace.Sim))
	if !simulated && slices.Contains(v.net, string(lab.NIC)) {
		return errors.New("--net nic: the modelled network card; a real run uses loopback, so add --side sim or leave --net out")
	}
	var given []string
	for _, name := range append([]string{"sg"}, modelledOnly...) {
		if flags.Changed(name) && !(name == "sg" && slices.Contains(v.net, string(lab.Veth))) {
			given = append(given, "--"+name)
		}
	}
	switch {
	case len(given) == 0:
	case !simulated:
		return fmt.Errorf("%s: of the modelled machine; a real run is on this host as it is, so add --side sim or leave it out", strings.Join(given, ", "))
	default:
		v.notes = append(v.notes, strings.Join(given, ", ")+": for the simulated runs alone; the real ones are on this host as it is")
	}
	return nil
}

// checkGather looks for cards that cannot be: --sg speaks of the network card,
// and gathering takes DMA.
func (v *variants) checkGather(flags *pflag.FlagSet) error {
	if v.gathers = flags.Changed("sg"); !v.gathers {
		return nil
	}
	carded := slices.Contains(v.net, string(lab.NIC)) || slices.Contains(v.model, string(lab.Textbook))
	virtual := slices.Contains(v.net, string(lab.Veth))
	if slices.Contains(v.sg, "off") && !carded && !virtual {
		return errors.New("--sg off: the loopback interface has no card that could gather or not; add --net nic, or --net veth")
	}
	if !carded && virtual || !slices.Contains(v.sg, "on") || !slices.Contains(v.dma, "off") {
		return nil
	}
	if !slices.Contains(v.sg, "off") && !slices.Contains(v.dma, "on") {
		return errors.New("--sg on with --dma off: scatter-gather without DMA; gathering is something that a DMA engine does, so give --dma on or --sg off")
	}
	v.notes = append(v.notes, "--dma off with --sg on is left out: gathering is something that a DMA engine does")
	return nil
}

// scenarios are the combinations of a scenario that begins so, each once: what
// does not matter to a side or a net does not repeat it.
func (v *variants) scenarios(base string) (out []lab.Scenario, err error) {
	for _, text := range multiply(base, []option{{"side", v.side}, {"model", v.model}, {"cache", v.cache}, {"net", v.net}, {"dma", v.dma}, {"sg", v.sg}}) {
		if v.gathers && strings.HasSuffix(text, ",dma=off,sg=on") && !strings.Contains(text, ",net=veth,") {
			continue // checkGather has noted it
		}
		s, err := lab.ParseScenario(text, lab.Default())
		if err != nil {
			return nil, err
		}
		if s.Net == lab.Loopback && s.DMA {
			s.SG = true // nothing gathers
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out, nil
}

// option is one key of a scenario with the values to try.
type option struct {
	key    string
	values []string
}

// multiply appends every combination of the options' values to the text.
func multiply(text string, options []option) []string {
	if len(options) == 0 {
		return []string{text}
	}
	var out []string
	for _, v := range options[0].values {
		out = append(out, multiply(fmt.Sprintf("%s,%s=%s", text, options[0].key, v), options[1:])...)
	}
	return out
}
