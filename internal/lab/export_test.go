package lab

// Of makes a calibration of these scenarios alone.
func (o CalibrateOptions) Of(scenarios ...Scenario) CalibrateOptions {
	o.scenarios = scenarios
	return o
}
