package workload

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseNginx(t *testing.T) {
	const inside = `$remote_addr [$time_local] "$request" ${status}b "$http_user_agent"`
	for name, text := range map[string]string{
		"what is in the quotes": inside,
		"the quotes":            "'$remote_addr [$time_local] '\n  '\"$request\" ${status}b \"$http_user_agent\"'",
		"the directive":         "log_format main escape=default '$remote_addr [$time_local] ' '\"$request\" ${status}b ' '\"$http_user_agent\"';",
		"in double quotes":      `log_format main "$remote_addr [$time_local] \"$request\" ${status}b \"$http_user_agent\"";`,
	} {
		t.Run(name, func(t *testing.T) {
			n, err := parseNginx(text)
			require.NoError(t, err)
			for _, field := range []string{"time", "host", "path", "status", "$http_user_agent"} {
				require.NoError(t, n.want(field))
			}
			got, request, err := n.split(`::1 [now] "GET / \" HTTP/1.1" 200b "a \"b\" c"`, nil)
			require.NoError(t, err)
			require.True(t, request)
			require.Equal(t, []string{"now", "::1", `GET / \" HTTP/1.1`, "200", `a \"b\" c`}, got)
		})
	}
	n, err := parseNginx("<$msec|$remote_addr|$status")
	require.NoError(t, err)
	for line, want := range map[string]string{
		"1|x|200": `it does not begin with "<", as the format does`,
		"<1|x":    `after $remote_addr does not come "|", as in the format`,
	} {
		_, _, err := n.split(line, nil)
		require.EqualError(t, err, want)
	}
}

// FuzzLogFormat: a line that a format writes is taken apart into what was
// written, if that has nothing of the texts between.
func FuzzLogFormat(f *testing.F) {
	f.Add(`$remote_addr - [$msec] "$request"`, "a", "7", "x y")
	f.Add("'${a}$b'", "", "", "")
	f.Add("log_format x '$a|' \"$b\";", "1", "2", "3")
	f.Fuzz(func(t *testing.T, format, first, second, third string) {
		n, err := parseNginx(format)
		if err != nil {
			return
		}
		values := []string{first, second, third}
		line := n.begin
		var written []string
		for i, p := range n.pieces {
			value := values[i%len(values)]
			of := []byte(p.end + `\`) // a value may share a byte with half a rune
			if slices.ContainsFunc([]byte(value), func(b byte) bool { return slices.Contains(of, b) }) || p.end == "" && i < len(n.pieces)-1 {
				return
			}
			line += value + p.end
			written = append(written, value)
			n.places = append(n.places, i)
		}
		got, request, err := n.split(line, nil)
		require.NoError(t, err)
		require.True(t, request)
		require.Equal(t, written, got)
	})
}
