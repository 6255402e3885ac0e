package redisurl

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func parsed(t *testing.T, url string) Target {
	t.Helper()
	got, err := Parse(url)
	require.NoError(t, err, url)
	return got
}

func TestOptionOfOneServer(t *testing.T) {
	o := parsed(t, "redis://Alice:a%2540@H:7000/3?clientName=Me&timeout=2s").Option()
	assert.Equal(t, rueidis.ClientOption{
		InitAddress:       []string{"H:7000"},
		Username:          "Alice",
		Password:          "a%40",
		SelectDB:          3,
		ClientName:        "Me",
		Dialer:            net.Dialer{Timeout: 2 * time.Second, KeepAlive: rueidis.DefaultTCPKeepAlive},
		ConnWriteTimeout:  2 * time.Second,
		ForceSingleClient: true,
	}, o)
}

func TestOptionOfSentinel(t *testing.T) {
	o := parsed(t, "rediss+sentinel://Alice:p@h1,[::1]:7/MyMaster/3?clientName=Me&sentinelUsername=Bob&sentinelPassword=q").Option()
	dialer := net.Dialer{Timeout: rueidis.DefaultDialTimeout, KeepAlive: rueidis.DefaultTCPKeepAlive}
	assert.Equal(t, rueidis.ClientOption{
		InitAddress: []string{"h1:26379", "[::1]:7"},
		Username:    "Alice",
		Password:    "p",
		SelectDB:    3,
		ClientName:  "Me",
		Dialer:      dialer,
		TLSConfig:   &tls.Config{MinVersion: tls.VersionTLS12},
		Sentinel: rueidis.SentinelOption{
			MasterSet:  "MyMaster",
			Username:   "Bob",
			Password:   "q",
			ClientName: "Me",
			Dialer:     dialer,
			TLSConfig:  &tls.Config{MinVersion: tls.VersionTLS12},
		},
	}, o)
	assert.Same(t, o.TLSConfig, o.Sentinel.TLSConfig, "a root added to it must be known to both")
}

func TestOptionOfCluster(t *testing.T) {
	o := parsed(t, "rediss+cluster://:p@h1,h2:7").Option()
	assert.Equal(t, []string{"h1:6379", "h2:7"}, o.InitAddress)
	assert.Equal(t, "p", o.Password)
	assert.False(t, o.ForceSingleClient)
	assert.Empty(t, o.Sentinel)
	require.NotNil(t, o.TLSConfig)
	assert.Empty(t, o.TLSConfig.ServerName)
}

func TestOptionIsNewEachTime(t *testing.T) {
	url := parsed(t, "rediss+cluster://h1,h2")
	first, second := url.Option(), url.Option()
	first.InitAddress[0] = "changed"
	assert.Equal(t, []string{"h1:6379", "h2:6379"}, second.InitAddress)
	assert.NotSame(t, first.TLSConfig, second.TLSConfig)
}

func TestOptionDialsTheSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a@b %.sock")
	listener, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		fmt.Fprintln(conn, "hello")
		conn.Close()
	}()

	o := parsed(t, "unix://"+strings.ReplaceAll(percentEncode(path), "%2F", "/")).Option()
	assert.Equal(t, []string{path}, o.InitAddress)
	assert.True(t, o.ForceSingleClient)
	conn, err := o.DialCtxFn(t.Context(), o.InitAddress[0], &o.Dialer, o.TLSConfig)
	require.NoError(t, err)
	defer conn.Close()
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "hello\n", line)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = o.DialCtxFn(ended, path, &o.Dialer, nil)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestTargetString(t *testing.T) {
	for url, want := range map[string]string{
		"redis://":                     "redis://localhost:6379",
		"redis://u:p@h/3":              "redis://h:6379?database=3",
		"rediss://p@[fe80::1%25eth0]":  "rediss://[fe80::1%25eth0]:6379",
		"redis-socket://p@/a%20b/c%40": "unix:///a%20b/c%40",
		"redis-sentinel://p@h1,h2/3?timeout=5s&clientName=a%2Bb#My%20Master%2F": "redis+sentinel://h1:26379,h2:26379/My%20Master%2F?database=3&clientName=a%2Bb&timeout=5s",
		"rediss+sentinel://h/m?sentinelPassword=p":                              "rediss+sentinel://h:26379/m",
		"rediss+cluster://u:p@h1,h2:7":                                          "rediss+cluster://h1:6379,h2:7",
	} {
		assert.Equal(t, want, parsed(t, url).String(), url)
	}
}

// TestTargetShowsNoLogin prints a target in the ways a log might, also as a
// field that fmt can read but not call methods on.
func TestTargetShowsNoLogin(t *testing.T) {
	url := parsed(t, "redis+sentinel://alice:hunter2@h/m?sentinelUsername=swordfish&sentinelPassword=s3same")
	type outer struct {
		Exported Target
		hidden   Target
		pointer  *Target
		any      any
	}
	nested := outer{url, url, &url, url}
	printed := []string{url.String(), url.GoString(), fmt.Sprint(url), fmt.Sprint(&url), fmt.Sprintln(nested)}
	for _, verb := range "vTtbcdoOqxXUeEfFgGsp" {
		for _, flags := range []string{"", "+", "#", "0", "-", "20.3"} {
			format := "%" + flags + string(verb)
			for _, value := range []any{url, &url, nested, &nested, []Target{url}, map[string]any{"url": url}} {
				printed = append(printed, fmt.Sprintf(format, value))
			}
		}
	}
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "url", url, "nested", nested)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "url", url, "nested", nested)
	asJSON, err := json.Marshal(nested)
	require.NoError(t, err)
	printed = append(printed, b.String(), string(asJSON), fmt.Errorf("open %v", url).Error())

	for _, text := range printed {
		requireNoSecret(t, text, text)
		for _, secret := range secrets {
			require.NotContains(t, strings.ToLower(text), fmt.Sprintf("%x", secret))
		}
	}
}
