module github.com/throttled-go/throttled/examples/async/http

go 1.26.0

replace (
	github.com/throttled-go/throttled => ../../..
	github.com/throttled-go/throttled/contrib/httplimit => ../../../contrib/httplimit
)

require (
	github.com/throttled-go/throttled v0.0.0
	github.com/throttled-go/throttled/contrib/httplimit v0.0.0
)

require golang.org/x/sync v0.24.0 // indirect
