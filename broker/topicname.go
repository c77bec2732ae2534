package broker

import "fmt"

// maxTopicName leaves room for "-", a partition number and a suffix in a file
// name of 255 bytes (Kafka: Topic.MAX_NAME_LENGTH).
const maxTopicName = 249

// checkTopicName holds a name to Kafka's rules (Topic.validate). A name that
// passes is safe as part of a directory's name: no separator, not "." or "..".
func checkTopicName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("the topic name is empty")
	case name == "." || name == "..":
		return fmt.Errorf("topic name %q: it cannot be \".\" or \"..\"", name)
	case len(name) > maxTopicName:
		return fmt.Errorf("topic name %.20q… has %d characters; at most %d are allowed", name, len(name), maxTopicName)
	}
	for _, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
		default:
			return fmt.Errorf("topic name %q: only letters, digits, '.', '_' and '-' are allowed", name)
		}
	}
	return nil
}
