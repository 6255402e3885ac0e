package main_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestUsage: what is not understood is said, and what there is instead.
func TestUsage(t *testing.T) {
	program := filepath.Join(t.TempDir(), "report")
	if text, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, test := range []struct {
		args []string
		says string
		good bool
	}{
		{[]string{"nonsense"}, `report takes no "nonsense"`, false},
		{[]string{"-nonsense"}, "not defined: -nonsense", false},
		{[]string{"-h"}, "-quick", true},
	} {
		text, err := exec.Command(program, test.args...).CombinedOutput()
		if good := err == nil; good != test.good || !strings.Contains(string(text), test.says) {
			t.Errorf("%q: %v\n%s", test.args, err, text)
		}
	}
}
