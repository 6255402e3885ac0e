package e2e_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/redistest"
)

// send is the button.
const send = chromedp.CSS("#send")

var algorithms = []string{"token_bucket", "leaky_bucket", "gcra", "fixed_window", "sliding_window"}

// open opens the page for a quota, at a size.
func open(t *testing.T, ctx context.Context, address string, width, height int64, settings url.Values) {
	t.Helper()
	do(t, ctx,
		chromedp.EmulateViewport(width, height),
		chromedp.Navigate(address+"/?"+settings.Encode()),
		chromedp.WaitVisible(send))
	await(t, ctx, find(card("gcra", ".limit"))+".textContent !== '–'")
}

// click clicks until the algorithm denies, and returns how many requests it
// allowed.
func click(t *testing.T, ctx context.Context, algorithm string) string {
	t.Helper()
	for n := range 50 {
		do(t, ctx, chromedp.Click(send))
		await(t, ctx, sum(algorithm)+" > "+strconv.Itoa(n))
		if last(t, ctx, algorithm) == "denied" {
			return text(t, ctx, card(algorithm, ".tally .allowed"))
		}
	}
	require.Fail(t, "50 clicks are all allowed")
	return ""
}

// sum is how many answers a card has counted.
func sum(algorithm string) string {
	return "+" + find(card(algorithm, ".tally .allowed")) + ".textContent + +" + find(card(algorithm, ".tally .denied")) + ".textContent"
}

func last(t *testing.T, ctx context.Context, algorithm string) string {
	t.Helper()
	return get(t, ctx, chromedp.Evaluate[string](find(card(algorithm, ""))+".dataset.last"))
}

// Click until denied, see it told with its Retry-After, wait, pass: at a desk and
// on a phone, in each example.
func TestClickUntilDenied(t *testing.T) {
	for _, c := range []struct {
		dir   string
		width int64
	}{
		{"sync/http", 1300},
		{"async/http", 400},
	} {
		t.Run(c.dir, func(t *testing.T) {
			address, ctx := start(t, c.dir, 1)[0], browser(t)
			open(t, ctx, address, c.width, 900, url.Values{"limit": {"1"}, "period": {"2s"}, "burst": {"4"}, "cost": {"2"}})

			assert.NotEqual(t, "0", click(t, ctx, "token_bucket"))
			assert.Equal(t, "429 Too Many Requests", text(t, ctx, card("token_bucket", ".status")))
			assert.Equal(t, `"1/2s burst 4";q=4;w=8`, text(t, ctx, card("token_bucket", `[data-field="RateLimit-Policy"]`)))
			assert.Regexp(t, `^"1/2s burst 4";r=[01];t=\d$`, text(t, ctx, card("token_bucket", `[data-field="RateLimit"]`)))
			assert.Regexp(t, `^[1-4]$`, text(t, ctx, card("token_bucket", `[data-field="Retry-After"]`)))
			assert.Equal(t, "429 Too Many Requests", text(t, ctx, card("fixed_window", ".status")))
			assert.Equal(t, "and never will be allowed", text(t, ctx, card("fixed_window", ".wait")), "the cost is 2 and the window has 1")
			assert.Equal(t, "–", text(t, ctx, card("fixed_window", `[data-field="Retry-After"]`)))

			await(t, ctx, find(card("token_bucket", ""))+".dataset.can === 'yes'")
			before := text(t, ctx, card("token_bucket", ".tally .allowed"))
			do(t, ctx, chromedp.Click(send))
			await(t, ctx, find(card("token_bucket", ".tally .allowed"))+".textContent > "+before)
			assert.Equal(t, "allowed", last(t, ctx, "token_bucket"))
		})
	}
}

// A press that is held asks again and again, by the pointer and by the keyboard,
// and stops when it is let go.
func TestHold(t *testing.T) {
	address, ctx := start(t, "sync/http", 1)[0], browser(t)
	for name, c := range map[string]struct{ press, release nothing }{
		"the pointer": {mouse(input.DispatchMouseEventTypeMousePressed), mouse(input.DispatchMouseEventTypeMouseReleased)},
		"the keyboard": {
			space(input.DispatchKeyEventTypeKeyDown),
			space(input.DispatchKeyEventTypeKeyUp),
		},
	} {
		t.Run(name, func(t *testing.T) {
			open(t, ctx, address, 1300, 900, url.Values{"limit": {"2"}, "period": {"s"}, "burst": {"3"}, "cost": {"1"}})
			do(t, ctx, chromedp.Focus(send), c.press)
			for _, algorithm := range algorithms {
				await(t, ctx, find(card(algorithm, ".tally .denied"))+".textContent > 0")
			}
			do(t, ctx, c.release)
			await(t, ctx, "!document.querySelector('#send').classList.contains('held')")
			for _, algorithm := range algorithms {
				await(t, ctx, find(card(algorithm, ".reset"))+".textContent === 'full'")
			}
		})
	}
}

// mouse does something with the left button over the middle of the button.
func mouse(what input.DispatchMouseEventType) nothing {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		type point struct{ X, Y float64 }
		middle, err := chromedp.Evaluate[point]("(({x, y, width, height}) => ({X: x + width / 2, Y: y + height / 2}))("+find(send)+".getBoundingClientRect())")(ctx, tab)
		if err != nil {
			return err
		}
		_, err = chromedp.MouseEvent(what, middle.X, middle.Y, chromedp.ButtonLeft)(ctx, tab)
		return err
	})
}

// space presses the space bar, or lets it go.
func space(what input.DispatchKeyEventType) nothing {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: what, Key: " ", Code: "Space"})
		return err
	})
}

// scheme has the page light or dark.
func scheme(name string) nothing {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
		})
		return err
	})
}

// The page can be used without a pointer: the button has the focus, and the
// settings are the next to be reached.
func TestByKeyboard(t *testing.T) {
	address, ctx := start(t, "sync/http", 1)[0], browser(t)
	open(t, ctx, address, 1300, 900, url.Values{"limit": {"1"}, "period": {"h"}, "burst": {"1"}})
	assert.Equal(t, "send", get(t, ctx, chromedp.Evaluate[string]("document.activeElement.id")))
	for n := range 2 {
		do(t, ctx, chromedp.KeyEvent(kb.Enter))
		await(t, ctx, sum("gcra")+" > "+strconv.Itoa(n))
	}
	assert.Equal(t, "denied", last(t, ctx, "gcra"))
	await(t, ctx, find("#told")+".textContent.includes('GCRA: denied, retry after 3600 s.')")
}

// What cannot be a quota is said, and what was typed is kept in the address.
func TestSettings(t *testing.T) {
	address, ctx := start(t, "sync/http", 1)[0], browser(t)
	open(t, ctx, address, 1300, 900, url.Values{"limit": {"5"}})
	do(t, ctx, typed(`[name="burst"]`, "0"))
	await(t, ctx, find("#error")+`.textContent.includes("throttled: invalid quota \"5/s burst 0\"")`)
	do(t, ctx, typed(`[name="burst"]`, "7"))
	await(t, ctx, find(card("gcra", ".limit"))+".textContent === '7'")
	assert.Empty(t, text(t, ctx, "#error"))
	assert.Contains(t, get(t, ctx, chromedp.Location()), "burst=7")
}

// typed puts text where a person would type it.
func typed(into chromedp.CSS, what string) nothing {
	return chromedp.Steps(
		chromedp.SetValue(into, what),
		chromedp.Evaluate[chromedp.Void](find(into)+".dispatchEvent(new Event('input', {bubbles: true}))"))
}

// What one server lets through, the other sees.
func TestTwoServersShareAQuota(t *testing.T) {
	addresses := start(t, "sync/http-redis", 2, "-url", redistest.Start(t).URL())
	settings := url.Values{"limit": {"1"}, "period": {"h"}, "burst": {"5"}}
	first := browser(t)
	open(t, first, addresses[0], 1300, 900, settings)
	assert.Equal(t, "5", click(t, first, "token_bucket"))

	second := browser(t)
	open(t, second, addresses[1], 1300, 900, settings)
	await(t, second, find(card("token_bucket", ".remaining"))+".textContent === '0'")
	assert.Equal(t, "0", click(t, second, "token_bucket"))
	assert.Equal(t, "429 Too Many Requests", text(t, second, card("token_bucket", ".status")))
}

// Nothing sticks out of the page, whatever its width, and what is there to press
// is large enough for a thumb.
func TestSizes(t *testing.T) {
	address, ctx := start(t, "sync/http", 1)[0], browser(t)
	for _, width := range []int64{320, 400, 768, 1300} {
		for _, colours := range []string{"light", "dark"} {
			t.Run(strconv.FormatInt(width, 10)+"/"+colours, func(t *testing.T) {
				do(t, ctx, scheme(colours))
				open(t, ctx, address, width, 900, url.Values{"limit": {"2"}, "burst": {"6"}})
				do(t, ctx, chromedp.Focus(send), space(input.DispatchKeyEventTypeKeyDown))
				await(t, ctx, find(card("token_bucket", ".tally .denied"))+".textContent > 1")
				do(t, ctx, space(input.DispatchKeyEventTypeKeyUp))
				assert.LessOrEqual(t, get(t, ctx, chromedp.Evaluate[int64]("document.documentElement.scrollWidth")), width)
				assert.GreaterOrEqual(t, get(t, ctx, chromedp.Evaluate[float64](find(send)+".getBoundingClientRect().height")), 44.0)
				picture(t, ctx, colours+"-"+strconv.FormatInt(width, 10)+".png")
			})
		}
	}
}

// picture takes one where it was asked for.
func picture(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	if *shots == "" {
		return
	}
	for range 2 { // so that there is something to see
		do(t, ctx, chromedp.Sleep(3*time.Second), space(input.DispatchKeyEventTypeKeyDown),
			chromedp.Sleep(2*time.Second), space(input.DispatchKeyEventTypeKeyUp))
	}
	png := get(t, ctx, chromedp.FullScreenshot(100))
	require.NoError(t, os.MkdirAll(*shots, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(*shots, name), png, 0o644))
}
