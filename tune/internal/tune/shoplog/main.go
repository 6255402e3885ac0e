// Shoplog writes the access log of a small shop that does not exist: people
// who look around, in bursts of a page and its pictures, a well-behaved
// crawler, one who tries passwords, and one who copies all prices. Equal runs
// write equal logs. The addresses are those kept for documentation.
//
//	go generate ./internal/tune
package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"time"
)

func main() {
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "shoplog:", err)
		os.Exit(1)
	}
}

// length is how long the log lasts.
const length = 20 * time.Minute

// line is a line of the log.
type line struct {
	at    time.Duration // since the start
	who   client
	asked string
	sent  string // status and bytes
}

// client is one who asks.
type client struct{ address, user, agent string }

// write writes the log.
func write(w io.Writer) error {
	random := rand.New(rand.NewPCG(2026, 3))
	lines := slices.Concat(shoppers(random), crawler(), guesser(random), copier(random))
	slices.SortStableFunc(lines, func(x, y line) int { return cmp.Compare(x.at, y.at) })
	start := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.FixedZone("", 3600))
	out := bufio.NewWriter(w)
	write := func(format string, args ...any) {
		fmt.Fprintf(out, format, args...) //nolint:errcheck // Flush returns it
	}
	for i, l := range lines {
		at := l.at
		if i%400 == 399 {
			at -= 3 * time.Second // took long: a server writes a line when it is done
		}
		write("%s - %s [%s] \"%s\" %s \"-\" \"%s\"\n",
			l.who.address, l.who.user, start.Add(at).Format("02/Jan/2006:15:04:05 -0700"), l.asked, l.sent, l.who.agent)
		if i%900 == 450 {
			write("%s - - [02/Mar/2026:09:%02d\n", l.who.address, i%60) // cut off
		}
	}
	return out.Flush()
}

// shoppers are people: each opens a few pages, and each page some pictures.
func shoppers(random *rand.Rand) (lines []line) {
	for n := range 110 {
		who := shopper(random, n)
		at := time.Duration(random.Int64N(int64(length)))
		for range 1 + random.IntN(5) {
			page := 1 + random.IntN(60)
			lines = append(lines, line{at, who, fmt.Sprintf("GET /item/%d?from=list HTTP/1.1", page), fmt.Sprint("200 ", 4000+page*13)})
			for picture := range 1 + random.IntN(5) {
				lines = append(lines, line{at + time.Second, who, fmt.Sprintf("GET /img/%d-%d.webp HTTP/1.1", page, picture), "304 -"})
			}
			at += 5*time.Second + time.Duration(random.Int64N(int64(40*time.Second)))
		}
	}
	return slices.DeleteFunc(lines, func(l line) bool { return l.at >= length })
}

// shopper returns a client; some have IPv6, some are logged in, and one has
// quotes in the name of the browser.
func shopper(random *rand.Rand, n int) client {
	who := client{fmt.Sprintf("198.51.100.%d", 1+n), "-", "Mozilla/5.0 (X11; Linux x86_64)"}
	if n%3 == 0 {
		who.address = fmt.Sprintf("2001:db8:%x::%x", random.IntN(1<<16), 1+n)
	}
	if n%7 == 0 {
		who.user = fmt.Sprintf("customer%d", n)
	}
	if n%50 == 20 {
		who.agent = `Browser \"Fox\" 1.0`
	}
	return who
}

// crawler asks for a page every four seconds.
func crawler() (lines []line) {
	who := client{"192.0.2.7", "-", "ExampleBot/2.1"}
	for at := time.Duration(0); at < length; at += 4 * time.Second {
		lines = append(lines, line{at, who, fmt.Sprintf("GET /item/%d HTTP/1.1", 1+at/(4*time.Second)%60), "200 4123"})
	}
	return lines
}

// guesser tries passwords, in two raids.
func guesser(random *rand.Rand) (lines []line) {
	who := client{"203.0.113.66", "-", "-"}
	for _, raid := range []time.Duration{4 * time.Minute, 13 * time.Minute} {
		at := raid
		for range 150 {
			lines = append(lines, line{at, who, "POST /login HTTP/1.1", "401 153"})
			at += time.Duration(random.Int64N(int64(600 * time.Millisecond)))
		}
	}
	return lines
}

// copier takes 60 prices around the turn of a minute, a few minutes in a row.
func copier(random *rand.Rand) (lines []line) {
	who := client{"2001:db8::beef", "-", "python-requests/2.31"}
	for minute := 8; minute < 12; minute++ {
		for n := range 60 {
			at := time.Duration(minute)*time.Minute - 3*time.Second + time.Duration(random.Int64N(int64(6*time.Second)))
			lines = append(lines, line{at, who, fmt.Sprintf("GET /price/%d HTTP/1.1", n), "200 38"})
		}
	}
	return lines
}
