package throttled_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReadmeSnippetsCompile holds what there is to read to the examples: the
// lines of each Go snippet are in one of these files, one after another.
func TestReadmeSnippetsCompile(t *testing.T) {
	var examples []string
	for _, pattern := range []string{"readme_test.go", "*example_test.go", "*/*example_test.go", "*/*/*example_test.go", "contrib/*/recipes/*.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			examples = append(examples, normal(string(text)))
		}
	}

	for _, page := range []string{"README.md", "docs/async.md", "docs/http.md", "docs/migrating.md", "docs/redis.md"} {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		snippets := strings.Split(string(text), "\n```go\n")[1:]
		require.NotEmpty(t, snippets, page)
		require.Len(t, snippets, strings.Count(string(text), "```go"), "a snippet of %s does not begin at the start of a line", page)
		for _, snippet := range snippets {
			snippet, _, closed := strings.Cut(snippet, "\n```\n")
			require.True(t, closed, "a snippet of %s has no end:\n%s", page, snippet)
			found := slices.ContainsFunc(examples, func(text string) bool {
				return strings.Contains(text, normal(snippet))
			})
			assert.True(t, found, "no example has this snippet of %s:\n%s", page, snippet)
		}
	}
}

// normal returns text with a newline at both ends of each line, and in each
// one blank for every run of blanks and none at its ends.
func normal(text string) string {
	var b strings.Builder
	b.WriteString("\n")
	for line := range strings.Lines(text) {
		b.WriteString(strings.Join(strings.Fields(line), " ") + "\n")
	}
	return b.String()
}
