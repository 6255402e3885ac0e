package workload

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// preset is the names that a server gives to the fields of its JSON log, the
// most exact first. A dot goes into an object or a list.
type preset struct {
	server string
	fields map[string][]string
}

// presets are told apart by their times and hosts.
var presets = []preset{
	{"caddy", map[string][]string{
		fieldTime:      {"ts"},
		FieldHost:      {"request.client_ip", "request.remote_ip"},
		FieldForwarded: {"request.headers.X-Forwarded-For.0"},
		FieldUser:      {"user_id"},
		FieldPath:      {"request.uri"},
		FieldAgent:     {"request.headers.User-Agent.0"},
		FieldSite:      {"request.host"},
		FieldBytes:     {"size"},
		FieldStatus:    {"status"},
	}},
	{"traefik", map[string][]string{
		fieldTime:      {"StartUTC", "StartLocal"},
		FieldHost:      {"ClientHost"},
		FieldForwarded: {"request_X-Forwarded-For"},
		FieldUser:      {"ClientUsername"},
		FieldPath:      {"RequestPath"},
		FieldAgent:     {"request_User-Agent"},
		FieldSite:      {"RequestHost"},
		FieldBytes:     {"DownstreamContentSize"},
		FieldStatus:    {"DownstreamStatus"},
	}},
	{"cloudflare", map[string][]string{
		fieldTime:      {"EdgeStartTimestamp"},
		FieldHost:      {"ClientIP"},
		FieldForwarded: {"RequestHeaders.x-forwarded-for"},
		FieldUser:      {"RequestHeaders.x-user"},
		FieldPath:      {"ClientRequestPath", "ClientRequestURI"},
		FieldAgent:     {"ClientRequestUserAgent"},
		FieldSite:      {"ClientRequestHost"},
		FieldBytes:     {"EdgeResponseBytes"},
		FieldStatus:    {"EdgeResponseStatus"},
	}},
	{"envoy", map[string][]string{
		fieldTime:      {"start_time"},
		FieldHost:      {"downstream_remote_address", "downstream_remote_address_without_port", "downstream_direct_remote_address"},
		FieldForwarded: {"x_forwarded_for"},
		FieldUser:      {"user"},
		FieldPath:      {"path"},
		FieldAgent:     {"user_agent"},
		FieldSite:      {"authority"},
		FieldBytes:     {"bytes_sent"},
		FieldStatus:    {"response_code"},
	}},
	{"nginx", map[string][]string{
		fieldTime:      {"msec", "time_iso8601", "time_local", "time", "timestamp", "@timestamp"},
		FieldHost:      {"remote_addr", "remote_ip", "client_ip", "clientip", "client"},
		FieldForwarded: {"http_x_forwarded_for", "x_forwarded_for"},
		FieldUser:      {"remote_user", "user"},
		FieldPath:      {"request_uri", "uri", "path", "request"},
		FieldAgent:     {"http_user_agent", "user_agent", "agent"},
		FieldSite:      {"host", "http_host", "server_name"},
		FieldBytes:     {"body_bytes_sent", "bytes_sent", "bytes"},
		FieldStatus:    {"status"},
	}},
}

// jsonLines is a log of one JSON object in each line.
type jsonLines struct {
	preset  preset   // without fields: those that are wanted are the paths themselves
	samples []string // lines of the log, to know what it has
	paths   []string
}

// newJSON returns the layout of a log that has such lines. Server is a preset,
// or "" to find the one that fits.
func newJSON(server string, samples []string) (*jsonLines, error) {
	if server == "" {
		return &jsonLines{preset: fittingPreset(samples), samples: samples}, nil
	}
	var known []string
	for _, p := range presets {
		if p.server == server {
			return &jsonLines{preset: p, samples: samples}, nil
		}
		known = append(known, p.server)
	}
	return nil, fmt.Errorf("there is no preset %q for JSON; there are %s", server, strings.Join(known, ", "))
}

// fittingPreset returns the first preset whose time and host the lines have.
func fittingPreset(samples []string) preset {
	for _, p := range presets {
		if present(samples, p.fields[fieldTime]) != "" && present(samples, p.fields[FieldHost]) != "" {
			return p
		}
	}
	return preset{}
}

// present returns the path of the first of the fields that a line has, or "".
func present(samples, fields []string) string {
	for _, field := range fields {
		path := jsonPath(field)
		if slices.ContainsFunc(samples, func(line string) bool { return gjson.Get(line, path).Exists() }) {
			return path
		}
	}
	return ""
}

// jsonPath keeps what means something to gjson, but the dot, from doing so.
func jsonPath(field string) string {
	var b strings.Builder
	for _, r := range field {
		if strings.ContainsRune(`\*?|#@!{}[]()=<>%"'~^:`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (j *jsonLines) name() string {
	if j.preset.server == "" {
		return "JSON"
	}
	return "JSON as of " + j.preset.server
}

func (j *jsonLines) want(field string) error {
	field = strings.TrimPrefix(field, "$")
	candidates := j.preset.fields[field]
	path := present(j.samples, append(slices.Clone(candidates), field))
	switch {
	case path != "":
	case len(candidates) > 0:
		path = jsonPath(candidates[0]) // it may be left out where it is empty
	default:
		return missing(j.name(), field, j.have())
	}
	j.paths = append(j.paths, path)
	return nil
}

// have lists the fields of the samples, those of its objects with a dot.
func (j *jsonLines) have() (all []string) {
	var list func(prefix string, object gjson.Result)
	list = func(prefix string, object gjson.Result) {
		object.ForEach(func(key, value gjson.Result) bool {
			if value.IsObject() {
				list(prefix+key.String()+".", value)
			} else {
				all = append(all, prefix+key.String())
			}
			return true
		})
	}
	for _, line := range j.samples {
		list("", gjson.Parse(line))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (j *jsonLines) split(line string, into []string) ([]string, bool, error) {
	if !isObject(line) || !gjson.Valid(line) {
		return into, false, errors.New("it is no JSON object")
	}
	for _, path := range j.paths {
		into = append(into, gjson.Get(line, path).String())
	}
	return into, true, nil
}
