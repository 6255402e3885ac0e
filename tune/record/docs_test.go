package record_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheSnippetsOfTheDocsCompile holds docs/tuning.md to the example: the lines
// of each Go snippet are in it, one after another.
func TestTheSnippetsOfTheDocsCompile(t *testing.T) {
	page, err := os.ReadFile("../../docs/tuning.md")
	require.NoError(t, err)
	program, err := os.ReadFile("../examples/shadow/main.go")
	require.NoError(t, err)
	snippets := strings.Split(string(page), "\n```go\n")[1:]
	require.NotEmpty(t, snippets)
	for _, snippet := range snippets {
		snippet, _, _ = strings.Cut(snippet, "\n```\n")
		require.Contains(t, "\n"+strings.ReplaceAll(string(program), "\n\t", "\n"), "\n"+snippet+"\n")
	}
}
