package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheShippedLogIsTheOneThatIsMadeHere(t *testing.T) {
	shipped, err := os.ReadFile("../testdata/shop.log")
	require.NoError(t, err)
	var made bytes.Buffer
	require.NoError(t, write(&made))
	require.True(t, bytes.Equal(shipped, made.Bytes()), "run go generate in the package tune")
}
