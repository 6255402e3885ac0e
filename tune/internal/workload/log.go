package workload

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// The formats of a log by name. FormatAuto finds the one that fits, and what
// has a $ in it is a log_format of nginx. "json:" may be followed by the
// name of a preset.
const (
	FormatAuto     = "auto"
	FormatCombined = "combined" // and common, and with more fields behind
	FormatSite     = "vhost_combined"
	FormatJSON     = "json"
	FormatALB      = "alb"
	FormatW3C      = "w3c"
)

// Formats lists the names of the formats, for people.
const Formats = "auto, combined (common too), vhost_combined, json, json:PRESET (caddy, traefik, cloudflare, envoy, nginx), alb, w3c, or a log_format of nginx"

// fatal is an error in a line after which none can be read.
type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

// ReadLog reads a log, which may be compressed by gzip. Format is one of the
// formats above; "" is FormatAuto.
func ReadLog(r io.Reader, format string, fields Fields) (*Workload, error) {
	lines, err := newLines(r)
	if err != nil {
		return nil, err
	}
	layout, err := layoutOf(format, lines)
	if err != nil {
		return nil, err
	}
	b := newBuilder()
	bound, err := bind(layout, fields)
	if err != nil {
		return nil, err
	}
	if err := lines.each(b, func(text string) error { return bound.use(b, text) }); err != nil {
		return nil, err
	}
	b.Format = layout.name()
	w, err := b.finish()
	if err != nil && (format == "" || format == FormatAuto) {
		return nil, fmt.Errorf("%w. It was read as %s; -format names another: %s", err, layout.name(), Formats)
	}
	return w, err
}

// layoutOf returns the layout of a format, which it may have to look for in
// the first lines.
func layoutOf(format string, lines *lines) (layout, error) {
	preset, isJSON := strings.CutPrefix(format, FormatJSON)
	preset, hasPreset := strings.CutPrefix(preset, ":")
	switch {
	case strings.Contains(format, "$"):
		return parseNginx(format)
	case isJSON && (hasPreset || preset == ""):
		return newJSON(preset, objects(lines.ahead(looked)))
	}
	switch format {
	case "", FormatAuto:
		return detect(lines)
	case FormatCombined, "common":
		return &combined{}, nil
	case FormatSite:
		return &combined{site: true}, nil
	case FormatALB:
		return newALB(), nil
	case FormatW3C:
		return newW3C(), nil
	default:
		return nil, fmt.Errorf("there is no format %q; there are %s", format, Formats)
	}
}

// looked is how many lines are looked at to find the format.
const looked = 20

// detect returns the layout of the first line that has one.
func detect(lines *lines) (layout, error) {
	first := lines.ahead(looked)
	for _, text := range first {
		if found := recognise(text, first); found != nil {
			return found, nil
		}
	}
	if len(first) > 0 && looksLikeCSV(first[0]) {
		return nil, fmt.Errorf("line 1, %q, is none of the formats of a log; if it is the header of a CSV file, give it with -csv", shorten(first[0]))
	}
	return &combined{}, nil // and each line says why it is not
}

var albLine = regexp.MustCompile(`^(https?|h2|grpcs|wss?) \d{4}-\d\d-\d\dT\S+ `)

// recognise returns the layout that a line has, or nil. All are the first
// lines, it among them.
func recognise(line string, all []string) layout {
	switch {
	case isObject(line):
		return &jsonLines{preset: fittingPreset(objects(all)), samples: objects(all)}
	case strings.HasPrefix(line, "#Fields:"), strings.HasPrefix(line, "#Version:"), strings.HasPrefix(line, "#Software:"):
		return newW3C()
	case albLine.MatchString(line):
		return newALB()
	}
	found := &combined{site: hasSite(line)}
	if new(access).parse(line, found.site) != nil {
		return nil
	}
	return found
}

// isObject reports whether a line begins as a JSON object does.
func isObject(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " \t"), "{") }

// objects returns the lines that are JSON objects.
func objects(lines []string) (all []string) {
	for _, line := range lines {
		if isObject(line) {
			all = append(all, line)
		}
	}
	return all
}

// looksLikeCSV reports whether a line is like the header of a CSV file.
func looksLikeCSV(line string) bool {
	return !strings.ContainsAny(line, " [") && strings.ContainsAny(line, ",;\t")
}

// isFatal reports whether no line can be read after err.
func isFatal(err error) bool {
	_, is := errors.AsType[fatal](err)
	return is
}
