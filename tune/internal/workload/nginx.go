package workload

import (
	"fmt"
	"slices"
	"strings"
)

// nginx is a format as the directive log_format of nginx has it: texts and
// $variables in turn.
type nginx struct {
	begin  string // before the first variable
	pieces []piece
	places []int
}

// piece is a variable and the text behind it.
type piece struct {
	variable string // without the $
	end      string
}

// nginxFields are the variables that stand for a field of every format, the
// most exact first.
var nginxFields = map[string][]string{
	fieldTime:      {"msec", "time_iso8601", "time_local"},
	FieldHost:      {"remote_addr", "binary_remote_addr"},
	FieldForwarded: {"http_x_forwarded_for", "proxy_add_x_forwarded_for"},
	FieldUser:      {"remote_user"},
	FieldPath:      {"request_uri", "uri", "document_uri", "request"},
	FieldAgent:     {"http_user_agent"},
	FieldSite:      {"host", "http_host", "server_name"},
	FieldBytes:     {"body_bytes_sent", "bytes_sent"},
	FieldStatus:    {"status"},
}

// parseNginx reads a format as it stands in a configuration: the whole
// directive, its quoted texts, or what is in them.
func parseNginx(text string) (*nginx, error) {
	format, err := unquoteNginx(strings.TrimSpace(text))
	if err != nil {
		return nil, err
	}
	n := &nginx{}
	parts := strings.Split(format, "$")
	n.begin = parts[0]
	for i, part := range parts[1:] {
		name, end := cutVariable(part)
		switch {
		case name == "":
			return nil, fmt.Errorf("the format %q has a $ without a name", text)
		case end == "" && i < len(parts)-2:
			return nil, fmt.Errorf("in the format %q nothing separates $%s from the next variable, so nobody can tell them apart", text, name)
		}
		n.pieces = append(n.pieces, piece{name, end})
	}
	if len(n.pieces) == 0 {
		return nil, fmt.Errorf("the format %q has no $variable", text)
	}
	return n, nil
}

// cutVariable cuts the name of a variable, which may be in braces.
func cutVariable(text string) (name, rest string) {
	if inner, after, found := strings.Cut(strings.TrimPrefix(text, "{"), "}"); found && strings.HasPrefix(text, "{") {
		return inner, after
	}
	end := strings.IndexFunc(text, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end:]
}

// unquoteNginx joins the quoted texts of a directive log_format.
func unquoteNginx(text string) (string, error) {
	if rest, isDirective := strings.CutPrefix(text, "log_format"); isDirective {
		quote := strings.IndexAny(rest, `'"`)
		if quote < 0 {
			return "", fmt.Errorf("the directive %q has no quoted text", text)
		}
		text = rest[quote:]
	} else if !strings.HasPrefix(text, "'") {
		return text, nil // a format may begin with a quote that is its own
	}
	var format strings.Builder
	for text = strings.TrimSpace(text); text != "" && text[0] != ';'; text = strings.TrimSpace(text) {
		inner, rest, err := cutNginxText(text)
		if err != nil {
			return "", err
		}
		format.WriteString(inner)
		text = rest
	}
	return format.String(), nil
}

// cutNginxText cuts one quoted text of a directive.
func cutNginxText(text string) (inner, rest string, err error) {
	quote := text[0]
	if quote != '\'' && quote != '"' {
		return "", "", fmt.Errorf("in the format %q is not quoted; give the texts of log_format as they stand in the configuration", text)
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == quote:
			return b.String(), text[i+1:], nil
		case text[i] == '\\' && i+1 < len(text) && (text[i+1] == quote || text[i+1] == '\\'):
			i++
		}
		b.WriteByte(text[i])
	}
	return "", "", fmt.Errorf("the text %q of the format has no end", text)
}

func (n *nginx) name() string { return "the given log_format" }

func (n *nginx) want(field string) error {
	candidates := nginxFields[field]
	if variable, is := strings.CutPrefix(field, "$"); is {
		candidates = []string{variable}
	}
	for _, candidate := range candidates {
		if place := slices.IndexFunc(n.pieces, func(p piece) bool { return p.variable == candidate }); place >= 0 {
			n.places = append(n.places, place)
			return nil
		}
	}
	have := make([]string, len(n.pieces))
	for i, p := range n.pieces {
		have[i] = "$" + p.variable
	}
	return missing(n.name(), field, have)
}

func (n *nginx) split(line string, into []string) ([]string, bool, error) {
	rest, found := strings.CutPrefix(line, n.begin)
	if !found {
		return into, false, fmt.Errorf("it does not begin with %q, as the format does", n.begin)
	}
	values := make([]string, len(n.pieces))
	for i, p := range n.pieces {
		if p.end == "" {
			values[i] = rest // the last one
			break
		}
		end := indexUnescaped(rest, p.end)
		if end < 0 {
			return into, false, fmt.Errorf("after $%s does not come %q, as in the format", p.variable, p.end)
		}
		values[i], rest = rest[:end], rest[end+len(p.end):]
	}
	for _, place := range n.places {
		into = append(into, values[place])
	}
	return into, true, nil
}

// indexUnescaped returns where text first has end, not counting one that
// begins with a quote that a backslash keeps from being one.
func indexUnescaped(text, end string) int {
	if end[0] != '"' {
		return strings.Index(text, end)
	}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case strings.HasPrefix(text[i:], end):
			return i
		}
	}
	return -1
}
