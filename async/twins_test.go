package async_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
)

// The differences there may be between the faces. Whatever else the one has,
// the other has too, in the same order, with the same parameters and the same
// results.
var differences = []struct{ name, sync, async, reason string }{
	{"Limiter.Limit", "(throttled.Result, error)", "<-chan throttled.Outcome", "the answer travels on a channel"},
	{"Limiter.LimitN", "(throttled.Result, error)", "<-chan throttled.Outcome", "the answer travels on a channel"},
	{"Limiter.Wait", "(throttled.Result, error)", "<-chan throttled.Outcome", "the answer travels on a channel"},
	{"Limiter.WaitN", "(throttled.Result, error)", "<-chan throttled.Outcome", "the answer travels on a channel"},
	{"Limiter.Peek", "(throttled.State, error)", "<-chan throttled.Outcome", "the answer travels on a channel, and all channels are of one type"},
	{"Limiter.Refund", "(throttled.State, error)", "<-chan throttled.Outcome", "the answer travels on a channel, and all channels are of one type"},
	{"Limiter.Reset", "error", "<-chan throttled.Outcome", "the answer travels on a channel, and all channels are of one type"},
	{"Limiter.Do", "error", "<-chan error", "the function runs on a goroutine, and what it returns travels on a channel"},
	{"Limiter.Wrap", "func(context.Context) error", "func(context.Context) <-chan error", "a function that calls Do"},
	{"Limiter.LimitTo", absent, "", "many calls may share a channel; there is none in sync"},
	{"Limiter.Permits", absent, "<-chan throttled.Outcome", "a stream is a channel; there is none in sync"},
}

const absent = "absent"

// export is an exported name of a package: a type, a function or a method.
type export struct{ name, parameters, results string }

func TestTheFacesAreTwins(t *testing.T) {
	blocking, channels := exports(t, "../sync"), exports(t, ".")
	require.Contains(t, blocking, export{"DefaultStore", "()", "throttled.Store"})
	require.Contains(t, channels, export{"Limiter.Limit", "(context.Context, string)", "<-chan throttled.Outcome"})

	for _, d := range differences {
		require.NotEmpty(t, d.reason)
		inSync, inAsync := find(blocking, d.name), find(channels, d.name)
		assert.Equal(t, d.sync, inSync.results, "%s in sync", d.name)
		assert.Equal(t, d.async, inAsync.results, "%s in async", d.name)
		if d.sync == absent {
			channels = slices.DeleteFunc(channels, func(e export) bool { return e.name == d.name })
			continue
		}
		channels[slices.Index(channels, inAsync)].results = inSync.results
	}
	assert.Equal(t, blocking, channels, "a difference that is not on the list")
}

func find(all []export, name string) export {
	if i := slices.IndexFunc(all, func(e export) bool { return e.name == name }); i >= 0 {
		return all[i]
	}
	return export{name: name, results: absent}
}

// exports returns what the package in a directory exports, file by file in the
// order in which it stands there.
func exports(t *testing.T, directory string) (all []export) {
	files, err := filepath.Glob(filepath.Join(directory, "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, declared := range parsed.Decls {
			switch d := declared.(type) {
			case *ast.FuncDecl:
				all = append(all, function(d)...)
			case *ast.GenDecl:
				all = append(all, others(d)...)
			}
		}
	}
	return all
}

// function returns a function, or a method of an exported type.
func function(d *ast.FuncDecl) []export {
	name := d.Name.Name
	if d.Recv != nil {
		receiver := strings.TrimPrefix(types.ExprString(d.Recv.List[0].Type), "*")
		if !ast.IsExported(receiver) {
			return nil
		}
		name = receiver + "." + name
	}
	if !d.Name.IsExported() {
		return nil
	}
	parameters, results := list(d.Type.Params), list(d.Type.Results)
	if len(results) == 1 {
		return []export{{name, "(" + strings.Join(parameters, ", ") + ")", results[0]}}
	}
	if len(results) > 0 {
		results = []string{"(" + strings.Join(results, ", ") + ")"}
	}
	return []export{{name, "(" + strings.Join(parameters, ", ") + ")", strings.Join(results, "")}}
}

// list returns the type of each parameter or result.
func list(fields *ast.FieldList) (all []string) {
	if fields == nil {
		return nil
	}
	for _, field := range fields.List {
		for range max(1, len(field.Names)) {
			all = append(all, types.ExprString(field.Type))
		}
	}
	return all
}

// others returns the types, with the exported fields they have, the constants
// and the variables.
func others(d *ast.GenDecl) (all []export) {
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if !s.Name.IsExported() {
				continue
			}
			all = append(all, export{name: s.Name.Name})
			if fields, ok := s.Type.(*ast.StructType); ok {
				for _, field := range fields.Fields.List {
					for _, name := range field.Names {
						if name.IsExported() {
							all = append(all, export{name: s.Name.Name + "." + name.Name, results: types.ExprString(field.Type)})
						}
					}
				}
			}
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.IsExported() {
					all = append(all, export{name: name.Name})
				}
			}
		}
	}
	return all
}

func TestOneStoreIsSharedByBothFaces(t *testing.T) {
	for name, open := range map[string]func(*testing.T) throttled.Store{
		"actor":  func(t *testing.T) throttled.Store { return newActor(t) },
		"memory": func(*testing.T) throttled.Store { return throttled.Must(store.NewMemory(store.Options{})) },
		"plain":  func(*testing.T) throttled.Store { return newPlain() },
	} {
		bubble(t, name, func(t *testing.T) {
			shared := open(t)
			defer shared.Close()
			blocking := throttled.Must(sync.New(throttled.Config{Quota: ten, Store: shared}))
			channels := newLimiter(t, throttled.Config{Quota: ten, Store: shared})
			for i := range int64(4) {
				res, err := blocking.Limit(t.Context(), key)
				require.NoError(t, err)
				assert.Equal(t, 9-2*i, res.Remaining())
				assert.Equal(t, 8-2*i, only(t, channels.Limit(t.Context(), key)).Result.Remaining())
			}
			require.NoError(t, blocking.Reset(t.Context(), key))
			assert.EqualValues(t, 10, remaining(t, channels, key))
		})
	}
}

// A wait through one face stands in the line of the other.
func TestTheFacesShareTheLine(t *testing.T) {
	bubble(t, "actor", func(t *testing.T) {
		a := newActor(t)
		defer a.Close()
		blocking := throttled.Must(sync.New(throttled.Config{Quota: ten, Store: a}))
		channels := newLimiter(t, throttled.Config{Quota: ten, Store: a})
		take(t, channels, 10)
		first := channels.Wait(t.Context(), key)
		res, err := blocking.Wait(t.Context(), key)
		require.NoError(t, err)
		assert.True(t, res.Allowed)
		assert.Len(t, first, 1, "it came first")
	})
}

// Not in a bubble: the clock of a default store is that of the process.
func TestTheDefaultStoresAreIndependent(t *testing.T) {
	cfg := throttled.Config{Quota: throttled.PerDay(10), Prefix: "independent"}
	blocking, channels := throttled.Must(sync.New(cfg)), throttled.Must(async.New(cfg))
	ctx := context.Background()
	require.NoError(t, blocking.Reset(ctx, key)) // the process may have run this before
	require.NoError(t, (<-channels.Reset(ctx, key)).Err)
	throttled.Must(blocking.LimitN(ctx, key, 10))
	assert.EqualValues(t, 10, (<-channels.Peek(ctx, key)).Result.Remaining())
	require.NoError(t, (<-channels.LimitN(ctx, key, 5)).Err)
	require.NoError(t, blocking.Reset(ctx, key))
	assert.EqualValues(t, 5, (<-channels.Peek(ctx, key)).Result.Remaining())

	twin := throttled.Must(async.New(throttled.Config{Quota: cfg.Quota, Prefix: cfg.Prefix, Store: async.DefaultStore()}))
	assert.EqualValues(t, 5, (<-twin.Peek(ctx, key)).Result.Remaining(), "limiters that name no store share this one")
}

// Not in a bubble either.
func TestTheDefaultStoreHas1024Places(t *testing.T) {
	l := throttled.Must(async.New(throttled.Config{Quota: throttled.PerDay(10), Prefix: "places"}))
	ctx := context.Background()
	for i := range store.DefaultMaxSize + 1 {
		require.NoError(t, (<-l.Limit(ctx, fmt.Sprint(i))).Err)
	}
	assert.EqualValues(t, 10, (<-l.Peek(ctx, "0")).Result.Remaining(), "the first was forgotten")
	assert.EqualValues(t, 9, (<-l.Peek(ctx, "1")).Result.Remaining())
}
