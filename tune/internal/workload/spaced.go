package workload

import (
	"fmt"
	"slices"
	"strings"
)

// spaced is a log of fields separated by blanks or tabs that may be quoted:
// the one of an AWS Application Load Balancer, or W3C extended, which names
// its fields in a directive.
type spaced struct {
	format string
	fields []string            // as in the lines
	common map[string][]string // what stands for a field of every format
	w3c    bool                // there are directives

	wanted []string
	places []wantedPlace
	values []string
}

// wantedPlace is where a wanted field is: the time of W3C is in two.
type wantedPlace struct{ at, and int }

// albFields are those of an AWS Application Load Balancer, as its documentation
// lists them.
var albFields = strings.Fields(`type time elb client:port target:port request_processing_time target_processing_time
	response_processing_time elb_status_code target_status_code received_bytes sent_bytes request user_agent ssl_cipher ssl_protocol
	target_group_arn trace_id domain_name chosen_cert_arn matched_rule_priority request_creation_time actions_executed redirect_url
	error_reason target:port_list target_status_code_list classification classification_reason conn_trace_id`)

func newALB() *spaced {
	return &spaced{format: "AWS ALB", fields: albFields, common: map[string][]string{
		fieldTime:   {"request_creation_time"},
		FieldHost:   {"client:port"},
		FieldPath:   {"request"},
		FieldAgent:  {"user_agent"},
		FieldSite:   {"domain_name"},
		FieldBytes:  {"sent_bytes"},
		FieldStatus: {"elb_status_code"},
	}}
}

func newW3C() *spaced {
	return &spaced{format: "W3C extended", w3c: true, common: map[string][]string{
		FieldHost:      {"c-ip"},
		FieldForwarded: {"x-forwarded-for", "cs(x-forwarded-for)"},
		FieldUser:      {"cs-username"},
		FieldPath:      {"cs-uri-stem", "cs-uri"},
		FieldAgent:     {"cs(user-agent)"},
		FieldSite:      {"cs-host", "cs(host)", "x-host-header"},
		FieldBytes:     {"sc-bytes"},
		FieldStatus:    {"sc-status"},
	}}
}

func (s *spaced) name() string { return s.format }

func (s *spaced) want(field string) error {
	s.wanted = append(s.wanted, field)
	if s.w3c {
		return nil // the fields are not known yet
	}
	return s.find(field)
}

// find adds the place of a field.
func (s *spaced) find(field string) error {
	if s.w3c && field == fieldTime && slices.Contains(s.fields, "date") && slices.Contains(s.fields, "time") {
		s.places = append(s.places, wantedPlace{slices.Index(s.fields, "date"), slices.Index(s.fields, "time")})
		return nil
	}
	candidates := append(slices.Clone(s.common[field]), strings.TrimPrefix(field, "$"))
	for _, candidate := range candidates {
		if at := slices.IndexFunc(s.fields, func(have string) bool { return strings.EqualFold(have, candidate) }); at >= 0 {
			s.places = append(s.places, wantedPlace{at, -1})
			return nil
		}
	}
	return missing(s.format, field, s.fields)
}

// directive reads a line that begins with #.
func (s *spaced) directive(line string) error {
	names, isFields := strings.CutPrefix(line, "#Fields:")
	if !isFields {
		return nil
	}
	s.fields, s.places = strings.Fields(names), nil
	for _, field := range s.wanted {
		if err := s.find(field); err != nil {
			return fatal{err}
		}
	}
	return nil
}

func (s *spaced) split(line string, into []string) ([]string, bool, error) {
	if s.w3c && strings.HasPrefix(line, "#") {
		return into, false, s.directive(line)
	}
	if s.fields == nil {
		return into, false, fmt.Errorf("no #Fields: stands before it")
	}
	if err := s.cut(line); err != nil {
		return into, false, err
	}
	for _, place := range s.places {
		if max(place.at, place.and) >= len(s.values) {
			return into, false, fmt.Errorf("it has only %d fields", len(s.values))
		}
		value := s.values[place.at]
		if place.and >= 0 {
			value += " " + s.values[place.and]
		}
		into = append(into, value)
	}
	return into, true, nil
}

// cut sets the values of a line.
func (s *spaced) cut(line string) error {
	s.values = s.values[:0]
	for rest := strings.TrimLeft(line, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		var value string
		if rest[0] == '"' {
			var err error
			if value, rest, err = cutQuoted(rest); err != nil {
				return fmt.Errorf("field %d: %w", len(s.values)+1, err)
			}
		} else if end := strings.IndexAny(rest, " \t"); end < 0 {
			value, rest = rest, ""
		} else {
			value, rest = rest[:end], rest[end:]
		}
		s.values = append(s.values, value)
	}
	return nil
}
