package workload

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// lines reads the lines of a text, which may be compressed by gzip. One that
// is too long to be a request does not end the reading.
type lines struct {
	in     *bufio.Reader
	number int // of the line returned last, counted from 1
	kept   []line
}

// line is a line that was looked at ahead of its turn.
type line struct {
	number int
	text   string
	err    error
}

// maxLine is the longest line that is read. Servers cut a request line at a
// small part of it.
const maxLine = 1 << 20

var errTooLong = fmt.Errorf("it is longer than %d bytes", maxLine)

// packed are the beginnings of files that are not read as they are, and what
// unpacks them.
var packed = []struct{ magic, name, unpack string }{
	{"\xfd7zXZ\x00", "xz", "xz -dc"},
	{"\x28\xb5\x2f\xfd", "zstd", "zstd -dc"},
	{"BZh", "bzip2", "bzip2 -dc"},
	{"PK\x03\x04", "zip", "unzip -p"},
}

func newLines(r io.Reader) (*lines, error) {
	in := bufio.NewReaderSize(r, maxLine)
	begin, err := in.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(begin, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("it begins like gzip, but: %w", err)
		}
		in = bufio.NewReaderSize(unpacked, maxLine)
	}
	for _, p := range packed {
		if strings.HasPrefix(string(begin), p.magic) {
			return nil, fmt.Errorf("it is compressed by %s; unpack it on the way: %s FILE | throttled-bench tune -log -", p.name, p.unpack)
		}
	}
	return &lines{in: in}, nil
}

// ahead returns the next lines, so many of them at most, which next returns
// all the same. It is to be called before next.
func (l *lines) ahead(most int) (texts []string) {
	for len(texts) < most {
		text, err := l.read()
		l.kept = append(l.kept, line{l.number, text, err})
		if err != nil && !errors.Is(err, errTooLong) {
			break
		}
		texts = append(texts, text)
	}
	return texts
}

// next returns the next line that is not blank, without its end. Of one that
// is too long it returns the beginning and errTooLong. At the end it returns
// io.EOF.
func (l *lines) next() (string, error) {
	if len(l.kept) > 0 {
		first := l.kept[0]
		l.kept, l.number = l.kept[1:], first.number
		return first.text, first.err
	}
	return l.read()
}

// read does it for lines that were not looked at.
func (l *lines) read() (string, error) {
	for {
		line, err := l.in.ReadSlice('\n')
		if len(line) == 0 && err != nil {
			return "", err
		}
		l.number++
		text := strings.TrimRight(string(line[:min(len(line), maxLine)]), "\r\n")
		if l.number == 1 {
			text = strings.TrimPrefix(text, "\ufeff") // a byte order mark
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return text, l.skip()
		case err != nil && !errors.Is(err, io.EOF):
			return "", err
		case strings.TrimSpace(text) != "":
			return text, nil
		}
	}
}

// skip reads to the end of a line that is too long.
func (l *lines) skip() error {
	for {
		switch _, err := l.in.ReadSlice('\n'); {
		case err == nil || errors.Is(err, io.EOF):
			return errTooLong
		case !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}

// each calls use for every line and counts as faults of b those it refuses.
func (l *lines) each(b *builder, use func(text string) error) error {
	for {
		text, err := l.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !errors.Is(err, errTooLong):
			return fmt.Errorf("after line %d: %w", l.number, err)
		case err == nil:
			err = use(text)
		}
		if isFatal(err) {
			return fmt.Errorf("line %d: %w", l.number, err)
		}
		if err != nil {
			b.Unreadable.add(l.number, shorten(text), err)
		}
	}
}

// shorten cuts what is too long to be shown.
func shorten(text string) string {
	const most = 100
	if len(text) <= most {
		return text
	}
	cut := most
	for cut > most-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
